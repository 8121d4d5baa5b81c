"""Positions in a shard: where readers may go on, and the opaque iterators that carry a position.

An iterator needs no state in the server: it names its stream, shard and sequence and says when it
was made, under a checksum that makes a text that is none of ours an invalid iterator.
"""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from genset.model.errors import (
    ResourceNotFoundException,
    TrimmedDataAccessException,
    ValidationException,
)
from genset.model.streams import Shard, Stream
from genset.operations.operation import Scope
from genset.operations.stream_arns import StreamName, parse_stream_arn
from genset.operations.stream_changes import next_sequence
from genset.storage import keyspace
from genset.storage.engine import Snapshot

_PLACE: Final = struct.Struct(">IQQ")
_CHECKSUM_BYTES: Final = 8
_VERSION: Final = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardIterator:
    """The next sequence to read in a shard, and when the iterator was made."""

    stream: StreamName
    shard: int
    sequence: int
    made_at_ms: int


def encode_iterator(arn: str, shard: int, sequence: int, now: float) -> str:
    """The text of an iterator made at that time."""
    place = _PLACE.pack(shard, sequence, int(now * 1000))
    return f"{arn}|{_VERSION}|{b64encode(place + _checksum(arn, place)).decode()}"


def decode_iterator(scope: Scope, text: str) -> ShardIterator:
    """The iterator of a text; raises ValidationException if it is none of ours."""
    try:
        arn, version, payload = text.split("|")
        raw = b64decode(payload, validate=True)
        stream = parse_stream_arn(scope, arn)
        shard, sequence, made_at_ms = _PLACE.unpack(raw[: _PLACE.size])
        valid = version == _VERSION and raw[_PLACE.size :] == _checksum(arn, raw[: _PLACE.size])
    except (ValueError, struct.error, ValidationException):
        valid = False
    if not valid:
        raise ValidationException("Invalid ShardIterator")
    return ShardIterator(stream=stream, shard=shard, sequence=sequence, made_at_ms=made_at_ms)


def _checksum(arn: str, place: bytes) -> bytes:
    return blake2b(arn.encode() + place, digest_size=_CHECKSUM_BYTES).digest()


def trimmed() -> TrimmedDataAccessException:
    """The exception for records that are gone, in the words that clients have reported."""
    return TrimmedDataAccessException("The data you are trying to access has been trimmed")


def no_shard() -> ResourceNotFoundException:
    """The exception for a shard that is not there, in the words that clients have reported."""
    return ResourceNotFoundException("Requested resource not found: Shard does not exist")


async def bounds(snapshot: Snapshot, stream: Stream, shard: Shard) -> tuple[int, int]:
    """The sequence of the oldest record kept, and the one after the newest: equal if none is."""
    end = await next_sequence(snapshot, stream, shard)
    start, stop = keyspace.records_range(stream.number, shard.number)
    oldest = await snapshot.scan(start, stop, limit=1)
    return (keyspace.record_sequence(oldest[0][0]) if oldest else end), end
