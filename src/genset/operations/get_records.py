"""GetRecords: stored records are joined as they are, never parsed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from genset.model.errors import ExpiredIteratorException
from genset.model.limits import (
    SHARD_ITERATOR_SECONDS,
    STREAM_PAGE_BYTES_MAX,
    STREAM_RECORDS_MAX,
)
from genset.model.streams import Shard, Stream
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.stream_arns import usable_stream
from genset.operations.stream_changes import next_sequence
from genset.operations.stream_positions import (
    ShardIterator,
    decode_iterator,
    encode_iterator,
    no_shard,
    trimmed,
)
from genset.operations.stream_records import record_bytes, record_jsons
from genset.operations.table_rules import check_stream_limit
from genset.storage import keyspace
from genset.storage.engine import Snapshot, is_whole

# JSON is longer than SizeBytes, by as little if records are large. A page of small ones has as many
# as it may before it has so many bytes.
_EXPANSION: Final = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where to read, and at most how many records."""

    scope: Scope
    iterator: ShardIterator
    limit: int


@dataclass(slots=True)
class Page:
    """The records of an answer, and the sequence after them."""

    following: int
    stored: list[bytes] = field(default_factory=list)
    size: int = 0


def prepare(request: Request, scope: Scope) -> Plan:
    """Take the iterator apart; raises ValidationException and ExpiredIteratorException."""
    iterator = decode_iterator(scope, request["ShardIterator"])
    if abs(scope.services.now() - iterator.made_at_ms / 1000) > SHARD_ITERATOR_SECONDS:
        # The published model's words; nobody has published others.
        raise ExpiredIteratorException("The provided iterator exceeds the maximum age allowed.")
    limit = check_stream_limit(request.get("Limit"), STREAM_RECORDS_MAX)
    return Plan(scope=scope, iterator=iterator, limit=limit)


async def execute(plan: Plan, txn: Snapshot) -> Answer:
    """Read a page; only at the end of a closed shard it has no NextShardIterator.

    Raises ResourceNotFoundException, and TrimmedDataAccessException if the record that the
    iterator points at is gone.
    """
    iterator = plan.iterator
    stream = await usable_stream(txn, plan.scope, iterator.stream)
    shard = next((each for each in stream.shards if each.number == iterator.shard), None)
    if shard is None:
        raise no_shard()
    page = await _read_page(txn, stream, shard, plan)
    answer = [b'{"Records":[', b",".join(record_jsons(page.stored)), b"]}"]
    if shard.ending is None or page.following < shard.ending:
        now = plan.scope.services.now()
        following = encode_iterator(stream.arn, shard.number, page.following, now)
        answer[-1] = b'],"NextShardIterator":"' + following.encode() + b'"}'
    return b"".join(answer)


async def _read_page(snapshot: Snapshot, stream: Stream, shard: Shard, plan: Plan) -> Page:
    page = Page(plan.iterator.sequence)
    # The first scan has the record before too, since that one tells whether any is gone.
    start, more = max(page.following - 1, 0), 1
    while len(page.stored) < plan.limit:
        wanted = plan.limit - len(page.stored) + more
        bytes_max = int(_EXPANSION * (STREAM_PAGE_BYTES_MAX - page.size)) + 1
        places = keyspace.records_range(stream.number, shard.number, start)
        pairs = await snapshot.scan(*places, limit=wanted, bytes_max=bytes_max)
        is_end = is_whole(pairs, wanted, bytes_max)
        if more:
            pairs = await _kept(snapshot, stream, shard, page.following, pairs)
        if not _take(page, pairs[: plan.limit - len(page.stored)]) or is_end:
            break
        start, more = page.following, 0
    return page


async def _kept(
    snapshot: Snapshot,
    stream: Stream,
    shard: Shard,
    sequence: int,
    pairs: list[tuple[bytes, bytes]],
) -> list[tuple[bytes, bytes]]:
    """The records of `pairs` from that sequence on.

    Raises TrimmedDataAccessException if there was a record of that sequence and is none. The oldest
    are removed first, so there is none that is gone after one that is there.
    """
    first = keyspace.record_sequence(pairs[0][0]) if pairs else None
    if first is None:
        is_kept = sequence >= await next_sequence(snapshot, stream, shard)
    else:
        is_kept = first <= sequence
    if not is_kept:
        raise trimmed()
    return pairs if first == sequence else pairs[1:]


def _take(page: Page, pairs: list[tuple[bytes, bytes]]) -> bool:
    """Add the records that fit the page, and one at least; returns whether all did."""
    for _, stored in pairs:
        size = page.size + record_bytes(stored)
        if size > STREAM_PAGE_BYTES_MAX and page.stored:
            return False
        page.size = size
        page.stored.append(stored)
        page.following += 1
    return True


OPERATION = Operation(name="GetRecords", writes=False, prepare=prepare, execute=execute)
