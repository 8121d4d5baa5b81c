"""Streams and their shards: descriptors, shard ids, sequence numbers, and how shards change.

A shard takes the changes of the items whose partition hash is in its range. Its sequences are
whole numbers without gaps. The first one of a shard opens it and the last one of a closed shard
closes it, without a record, so that both are numbers from which a reader can go on; the sequences
of a child begin after the parent's end.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import orjson

from genset.model.attached_policies import AttachedPolicy
from genset.model.tables import TableStream
from genset.storage.keyspace import HASH_BYTES

_HASHES: Final = 1 << (8 * HASH_BYTES)
_FIRST_SEQUENCE: Final = 1
# A sequence number is a decimal text of 21 to 40 digits. Of the same length for the first trillion
# records of a shard, these also order as texts; the shard's number makes them unique in a stream.
_SEQUENCE_BASE: Final = 10**12
_SHARD_NUMBERS: Final = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A shard, open while `ending` is None.

    It takes the partition hashes from `start` to `last`, both included, as 32 hexadecimal digits.
    `first` is the sequence that opened it, `ending` the one that closed it.
    """

    number: int
    id: str
    parent: str | None = None
    start: str
    last: str
    first: int
    created_at: float
    ending: int | None = None
    closed_at: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether it takes records."""
        return self.ending is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A stream of a table that is there, or was. `shards` are in the order of their ids.

    It is ENABLING or DISABLING until `settled_at`.
    """

    account: str
    region: str
    table: str
    label: str
    number: int
    view_type: str
    key_schema: list[dict[str, str]]
    created_at: float
    enabled: bool = True
    settled_at: float = 0.0
    disabled_at: float = 0.0
    shards: tuple[Shard, ...] = ()
    policy: AttachedPolicy | None = None

    @property
    def arn(self) -> str:
        """The stream's Amazon Resource Name."""
        table = f"arn:aws:dynamodb:{self.region}:{self.account}:table/{self.table}"
        return f"{table}/stream/{self.label}"

    @property
    def open_shards(self) -> list[Shard]:
        """The shards that take records, in the order of their hashes."""
        return sorted((s for s in self.shards if s.is_open), key=lambda shard: shard.start)

    def status(self, now: float) -> str:
        """The StreamStatus at that time."""
        if now < self.settled_at:
            return "ENABLING" if self.enabled else "DISABLING"
        return "ENABLED" if self.enabled else "DISABLED"

    def for_writers(self) -> TableStream:
        """What the table's record holds of the stream."""
        return TableStream(
            number=self.number,
            view_type=self.view_type,
            shards=tuple((bytes.fromhex(s.start), s.number) for s in self.open_shards),
        )


def encode_stream(stream: Stream) -> bytes:
    """The stored form of a stream's descriptor."""
    return orjson.dumps(stream)


def decode_stream(stored: bytes) -> Stream:
    """The stream of a stored form."""
    record: dict[str, Any] = orjson.loads(stored)
    record["shards"] = tuple(Shard(**shard) for shard in record["shards"])
    if record.get("policy"):
        record["policy"] = AttachedPolicy(**record["policy"])
    return Stream(**record)


def with_first_shard(stream: Stream) -> Stream:
    """A new stream with its one shard."""
    whole = (0, _HASHES - 1)
    shard = _shard(stream, 0, None, whole, _FIRST_SEQUENCE, stream.created_at)
    return dataclasses.replace(stream, shards=(shard,))


def close_shard(stream: Stream, shard: Shard, ending: int, now: float, children: int) -> Stream:
    """The stream after a shard was closed, its range divided among `children` new ones."""
    closed = dataclasses.replace(shard, ending=ending, closed_at=now)
    shards = [closed if each.number == shard.number else each for each in stream.shards]
    number = max(each.number for each in shards) + 1
    for offset, part in enumerate(_parts(shard, children)):
        shards.append(_shard(stream, number + offset, shard, part, ending + 1, now))
    return dataclasses.replace(stream, shards=tuple(sorted(shards, key=lambda each: each.id)))


def _parts(shard: Shard, count: int) -> list[tuple[int, int]]:
    start, last = int(shard.start, 16), int(shard.last, 16)
    bounds = [start + (last + 1 - start) * part // count for part in range(count)] if count else []
    return list(zip(bounds, [bound - 1 for bound in bounds[1:]] + [last], strict=False))


def _shard(
    stream: Stream,
    number: int,
    parent: Shard | None,
    hashes: tuple[int, int],
    first: int,
    now: float,
) -> Shard:
    # Ids order as the shards came: pages of DescribeStream show a parent before its children.
    milliseconds = int(now * 1000)
    if parent is not None:
        milliseconds = max(milliseconds, int(parent.id.split("-")[1]) + 1)
    return Shard(
        number=number,
        id=f"shardId-{milliseconds:020d}-{_id_tail(stream, number)}",
        parent=None if parent is None else parent.id,
        start=f"{hashes[0]:032x}",
        last=f"{hashes[1]:032x}",
        first=first,
        created_at=now,
    )


def _id_tail(stream: Stream, number: int) -> str:
    """8 hexadecimal digits that no other shard of the stream has."""
    hashed = blake2b(stream.arn.encode(), digest_size=4).digest()
    # The odd factor (the golden ratio's) makes this one to one in the shard's number.
    return f"{(int.from_bytes(hashed) + number * 0x9E3779B1) % (1 << 32):08x}"


def sequence_number(shard: int, sequence: int) -> int:
    """The SequenceNumber of a sequence of a shard."""
    return (_SEQUENCE_BASE + sequence) * _SHARD_NUMBERS + shard


def sequence_from(shard: int, number: int) -> int:
    """The least sequence of the shard whose SequenceNumber is `number` or greater."""
    return -((shard - number) // _SHARD_NUMBERS) - _SEQUENCE_BASE
