"""GetShardIterator."""

from __future__ import annotations

from dataclasses import dataclass

from genset.model.errors import ValidationException
from genset.model.streams import Shard, Stream, sequence_from, sequence_number
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.stream_arns import StreamName, parse_stream_arn, usable_stream
from genset.operations.stream_positions import bounds, encode_iterator, no_shard, trimmed
from genset.operations.stream_records import recorded_at
from genset.operations.table_rules import invalid
from genset.storage import keyspace
from genset.storage.engine import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where in which shard to begin: at a sequence number, at a time, or at one of its ends."""

    scope: Scope
    name: StreamName
    shard_id: str
    kind: str
    number: int
    timestamp: float


def prepare(request: Request, scope: Scope) -> Plan:
    """Check which members go together; raises ValidationException.

    What is said of sequence numbers is what DynamoDB Local says, where it says anything.
    """
    kind = request["ShardIteratorType"]
    number, timestamp = request.get("SequenceNumber"), request.get("Timestamp")
    numbered = kind.endswith("SEQUENCE_NUMBER")
    if number is not None and not numbered:
        raise invalid("SequenceNumber should not be passed for this iterator type")
    if numbered and number is None:
        raise invalid("Invalid SequenceNumber")
    if (kind == "AT_TIMESTAMP") != (timestamp is not None):
        needed = "is required" if timestamp is None else "must not be specified"
        raise invalid(f"Timestamp {needed} when ShardIteratorType is {kind}")
    if number is not None and not (number.isascii() and number.isdigit()):
        raise _bad_number()
    if timestamp is not None and timestamp > scope.services.now():
        raise invalid("Timestamp must not be in the future")
    return Plan(
        scope=scope,
        name=parse_stream_arn(scope, request["StreamArn"]),
        shard_id=request["ShardId"],
        kind=kind,
        number=int(number or 0),
        timestamp=timestamp or 0.0,
    )


def _bad_number() -> ValidationException:
    return ValidationException("Invalid SequenceNumber")


async def execute(plan: Plan, txn: Snapshot) -> Answer:
    """Make the iterator.

    Raises ResourceNotFoundException, TrimmedDataAccessException if the position's record is gone,
    and ValidationException for a sequence number that the shard has not reached.
    """
    stream = await usable_stream(txn, plan.scope, plan.name)
    shard = next((each for each in stream.shards if each.id == plan.shard_id), None)
    if shard is None:
        raise no_shard()
    oldest, end = await bounds(txn, stream, shard)
    match plan.kind:
        case "TRIM_HORIZON":
            sequence = oldest
        case "LATEST":
            sequence = end
        case "AT_TIMESTAMP":
            sequence = await _first_since(txn, stream, shard, (oldest, end), plan.timestamp)
        case _:
            sequence = _numbered(plan, shard, oldest, end)
    now = plan.scope.services.now()
    return {"ShardIterator": encode_iterator(stream.arn, shard.number, sequence, now)}


def _numbered(plan: Plan, shard: Shard, oldest: int, end: int) -> int:
    if plan.number < sequence_number(shard.number, shard.first):
        raise ValidationException("Invalid SequenceNumber for the shard")
    number = plan.number if plan.kind == "AT_SEQUENCE_NUMBER" else plan.number + 1
    sequence = sequence_from(shard.number, number)
    if shard.ending is not None and sequence == shard.ending + 1:
        # After the number that closed the shard there is as little as at it.
        sequence = end
    if sequence > end:
        raise _bad_number()
    # The number that opened the shard is no record's: the first record follows it.
    sequence = max(sequence, shard.first + 1)
    if sequence < oldest:
        raise trimmed()
    return sequence


async def _first_since(
    snapshot: Snapshot, stream: Stream, shard: Shard, within: tuple[int, int], since: float
) -> int:
    """The first sequence of a record made at that time or later; the end if there is none."""
    low, high = within
    while low < high:
        middle = (low + high) // 2
        stored = await snapshot.get(keyspace.record_key(stream.number, shard.number, middle))
        if stored is not None and recorded_at(stored) >= since:
            high = middle
        else:
            low = middle + 1
    return low


OPERATION = Operation(name="GetShardIterator", writes=False, prepare=prepare, execute=execute)
