"""Opening, closing and re-sharding streams: the table's record and the descriptor change together.

A stream that was switched off, or whose table was deleted, stays readable under its ARN until
`genset.background.streams` has removed the last of its records.
"""

from __future__ import annotations

import dataclasses

from genset.model.streams import (
    Shard,
    Stream,
    close_shard,
    decode_stream,
    encode_stream,
    with_first_shard,
)
from genset.model.tables import Table
from genset.operations.table_description import key_schema, stream_label, stream_members
from genset.storage import keyspace
from genset.storage.engine import Snapshot, Transaction


async def follow_specification(txn: Transaction, table: Table, now: float) -> Table:
    """The table with its stream opened or closed as its StreamSpecification says."""
    wanted = "StreamSpecification" in table.extras
    if wanted and table.stream is None:
        return await _open_stream(txn, table, now)
    if not wanted and table.stream is not None:
        return await close_stream(txn, table, now)
    return table


async def _open_stream(txn: Transaction, table: Table, now: float) -> Table:
    label = await _free_label(txn, table, now)
    numbers = await txn.get_counters(keyspace.stream_numbers_key())
    txn.add(keyspace.stream_numbers_key(), 1)
    stream = with_first_shard(
        Stream(
            account=table.account,
            region=table.region,
            table=table.name,
            label=label,
            number=(numbers[0] if numbers else 0) + 1,
            view_type=table.extras["StreamSpecification"]["StreamViewType"],
            key_schema=key_schema(table.keys),
            created_at=now,
            settled_at=table.settled_at,
        )
    )
    _begin_sequences(txn, stream, stream.shards[0])
    put_stream(txn, stream)
    extras = {**table.extras, **stream_members(table, label)}
    return dataclasses.replace(table, extras=extras, stream=stream.for_writers())


async def _free_label(txn: Transaction, table: Table, now: float) -> str:
    """The label of a stream enabled now: a later one if the table has had a stream of that."""
    while True:
        label = stream_label(now)
        key = keyspace.stream_key(table.account, table.region, table.name, label)
        if await txn.get(key) is None:
            return label
        now += 0.001


async def close_stream(txn: Transaction, table: Table, now: float) -> Table:
    """The table without a stream; the one it had takes no more records."""
    if table.stream is None:
        return table
    label = table.extras["LatestStreamLabel"]
    stream = await maybe_stream(txn, table.account, table.region, table.name, label)
    assert stream is not None, "a table's stream has a descriptor"
    for shard in stream.open_shards:
        stream = await _end_shard(txn, stream, shard, now, children=0)
    disabled = dataclasses.replace(
        stream, enabled=False, settled_at=table.settled_at, disabled_at=now
    )
    put_stream(txn, disabled)
    return dataclasses.replace(table, stream=None)


async def divide_shard(
    txn: Transaction, table: Table, stream: Stream, shard: Shard, now: float, children: int
) -> tuple[Table, Stream]:
    """Close an open shard and open `children` in its place; returns what is to be stored."""
    stream = await _end_shard(txn, stream, shard, now, children)
    return dataclasses.replace(table, stream=stream.for_writers()), stream


async def _end_shard(
    txn: Transaction, stream: Stream, shard: Shard, now: float, children: int
) -> Stream:
    ending = await next_sequence(txn, stream, shard)
    changed = close_shard(stream, shard, ending, now, children)
    known = {each.number for each in stream.shards}
    for child in changed.shards:
        if child.number not in known:
            _begin_sequences(txn, changed, child)
    return changed


def _begin_sequences(txn: Transaction, stream: Stream, shard: Shard) -> None:
    txn.add(keyspace.sequence_key(stream.number, shard.number), shard.first + 1)


async def next_sequence(snapshot: Snapshot, stream: Stream, shard: Shard) -> int:
    """The sequence that follows the shard's last record."""
    if shard.ending is not None:
        return shard.ending
    return (await snapshot.get_counters(keyspace.sequence_key(stream.number, shard.number)))[0]


async def maybe_stream(
    snapshot: Snapshot, account: str, region: str, table: str, label: str
) -> Stream | None:
    """The stream of that table and label; None if there is none, or no longer."""
    stored = await snapshot.get_stable(keyspace.stream_key(account, region, table, label))
    return None if stored is None else decode_stream(stored)


def put_stream(txn: Transaction, stream: Stream) -> None:
    """Write a stream's descriptor."""
    key = keyspace.stream_key(stream.account, stream.region, stream.table, stream.label)
    txn.put(key, encode_stream(stream))
