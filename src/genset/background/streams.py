"""The care of streams: shards are rolled over and split, old records and empty shards removed.

Each change is one transaction that reads what is there and decides again, so that rounds may be
stopped anywhere and run in several processes at once. A round with nothing to do only reads.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from genset.background.portions import read_portion
from genset.model.limits import STREAM_KEEP_SECONDS
from genset.model.streams import Shard, Stream, decode_stream
from genset.model.tables import decode_table, encode_table
from genset.operations.operation import Services
from genset.operations.stream_changes import (
    divide_shard,
    maybe_stream,
    next_sequence,
    put_stream,
)
from genset.operations.stream_records import recorded_at
from genset.storage import keyspace
from genset.storage.engine import Engine, Snapshot, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardPolicy:
    """When shards change.

    An open shard ends after `roll_after_s`, as on the service (developer guide, "Change data
    capture for DynamoDB Streams", speaks of about four hours). One that took `hot_records` records
    within `hot_within_s` is split, by default at the thousand writes a second of a partition
    ("Constraints"), while fewer than `open_shards_max` are open.
    """

    roll_after_s: float = 4 * 3600.0
    hot_records: int = 60_000
    hot_within_s: float = 60.0
    open_shards_max: int = 8


_STREAMS_PER_READ: Final = 100
_DEFAULT: Final = ShardPolicy()


async def streams_round(engine: Engine, services: Services) -> None:
    """Do all that is to be done to streams now. Raises StorageError."""
    await tend_streams(engine, services.now(), _DEFAULT)


async def tend_streams(engine: Engine, now: float, policy: ShardPolicy) -> None:
    """Do what `policy` and the age of records ask for at that time. Raises StorageError."""
    start, stop = keyspace.streams_range()
    while True:
        page = await engine.read(_reader(start, stop))
        for _, stored in page:
            stream = decode_stream(stored)
            await _trim(engine, stream, now)
            await _reshard(engine, stream, now, policy)
            # Short reads do not suspend: without this, requests would wait for the whole round.
            await asyncio.sleep(0)
        if len(page) < _STREAMS_PER_READ:
            return
        start = page[-1][0] + b"\x00"


def _reader(
    start: bytes, stop: bytes, limit: int = _STREAMS_PER_READ
) -> Callable[[Snapshot], Awaitable[list[tuple[bytes, bytes]]]]:
    return lambda snapshot: snapshot.scan(start, stop, limit=limit)


async def _trim(engine: Engine, stream: Stream, now: float) -> None:
    """Remove the records that are too old, then the shards and the stream that are empty."""
    for shard in stream.shards:
        start, stop = keyspace.records_range(stream.number, shard.number)
        oldest = await engine.read(_reader(start, stop, 1))
        while oldest and _is_old(oldest[0][1], now):
            oldest = await engine.write(partial(_trim_portion, start=start, stop=stop, now=now))
    if any(_has_expired(shard, now) for shard in stream.shards):
        await engine.write(partial(_remove_empty, stream=stream, now=now))


def _is_old(record: bytes, now: float) -> bool:
    # A record's time is in whole seconds, and none may be removed too early.
    return recorded_at(record) + 1 + STREAM_KEEP_SECONDS <= now


def _has_expired(shard: Shard, now: float) -> bool:
    """Whether all of a shard's records are too old."""
    return not shard.is_open and shard.closed_at + 1 + STREAM_KEEP_SECONDS <= now


async def _trim_portion(
    txn: Transaction, start: bytes, stop: bytes, now: float
) -> list[tuple[bytes, bytes]]:
    """Remove old records, at most a portion; returns the next one if there may be more to do."""
    pairs, is_end = await read_portion(txn, start, stop)
    old = [key for key, record in pairs if _is_old(record, now)]
    if old:
        txn.delete_range(start, old[-1] + b"\x00")
    return [] if is_end or len(old) < len(pairs) else pairs[-1:]


async def _remove_empty(txn: Transaction, stream: Stream, now: float) -> None:
    """Remove the closed shards that are empty and old, and the stream if it has no others."""
    current = await _current(txn, stream)
    if current is None:
        return
    kept = []
    for shard in current.shards:
        start, stop = keyspace.records_range(current.number, shard.number)
        if not _has_expired(shard, now) or await txn.scan(start, stop, limit=1):
            kept.append(shard)
        else:
            txn.delete(keyspace.sequence_key(current.number, shard.number))
    if kept:
        put_stream(txn, dataclasses.replace(current, shards=tuple(kept)))
    else:
        txn.delete(_key(current))


async def _reshard(engine: Engine, stream: Stream, now: float, policy: ShardPolicy) -> None:
    """Close the open shards that are hot or old, and open their children."""
    for shard in stream.open_shards:
        due = partial(_children, stream=stream, shard=shard, now=now, policy=policy)
        if await engine.read(due):
            divide = partial(_divide, stream=stream, shard=shard, now=now, policy=policy)
            await engine.write(divide)


async def _children(
    snapshot: Snapshot, stream: Stream, shard: Shard, now: float, policy: ShardPolicy
) -> int:
    """How many shards are to take the place of an open one; 0 if it is to stay."""
    if len(stream.open_shards) < policy.open_shards_max:
        sequence = await next_sequence(snapshot, stream, shard) - policy.hot_records
        if sequence > shard.first:
            key = keyspace.record_key(stream.number, shard.number, sequence)
            record = await snapshot.get(key)
            if record is not None and recorded_at(record) >= now - policy.hot_within_s:
                return 2
    return 1 if now >= shard.created_at + policy.roll_after_s else 0


async def _divide(
    txn: Transaction, stream: Stream, shard: Shard, now: float, policy: ShardPolicy
) -> None:
    """Do it if it is still to be done: the table's record and the descriptor change together."""
    catalog_key = keyspace.catalog_key(stream.account, stream.region, stream.table)
    stored = await txn.get(catalog_key)
    current = await _current(txn, stream)
    if stored is None or current is None or shard not in current.shards:
        return
    table = decode_table(stored)
    if table.stream is None or table.stream.number != current.number:
        return
    children = await _children(txn, current, shard, now, policy)
    if children:
        table, current = await divide_shard(txn, table, current, shard, now, children)
        txn.put(catalog_key, encode_table(table))
        put_stream(txn, current)


async def _current(txn: Transaction, stream: Stream) -> Stream | None:
    """The stream as the transaction has it; None if it is gone."""
    return await maybe_stream(txn, stream.account, stream.region, stream.table, stream.label)


def _key(stream: Stream) -> bytes:
    return keyspace.stream_key(stream.account, stream.region, stream.table, stream.label)
