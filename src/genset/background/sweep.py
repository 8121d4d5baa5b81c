"""Removing what nobody can reach any more, in transactions of bounded size.

Every job may be stopped at any moment and run again: it goes on with what is left.
"""

from __future__ import annotations

from functools import partial

import orjson

from genset.background.portions import KEYS_PER_WRITE, read_portion
from genset.model.tables import decode_table
from genset.operations.catalog import has_gone
from genset.operations.operation import Services
from genset.storage import keyspace
from genset.storage.engine import Engine, Snapshot, Transaction


async def sweep_deleted_tables(engine: Engine, limit: int) -> int:
    """Remove the data of all deleted tables, at most `limit` keys per write transaction.

    The counter of an item collection goes with its items, the few of the table with its record.
    Returns how many tables were finished. Raises StorageError.
    """
    finished = 0

    async def step(txn: Transaction) -> bool | None:
        """Remove one portion; None if no table is left, else whether its table is finished."""
        marks = await txn.scan(*keyspace.sweep_range(), limit=1)
        if not marks:
            return None
        mark = marks[0][0]
        return await _sweep_table(txn, keyspace.swept_table(mark), mark, limit)

    while (done := await engine.write(step)) is not None:
        finished += done
    return finished


async def _sweep_table(txn: Transaction, number: int, mark: bytes, limit: int) -> bool:
    items, entries, counts, collections, expiries, queue = keyspace.table_prefixes(number)
    left = limit
    for prefix in (items, entries, expiries):
        stop = keyspace.after_prefix(prefix)
        pairs, is_end = await read_portion(txn, prefix, stop, keys_max=left)
        for key, _ in pairs:
            txn.delete(key)
        if prefix == items:
            for hashed in {keyspace.item_partition(key) for key, _ in pairs}:
                txn.delete(keyspace.collection_key(number, hashed))
        left -= len(pairs)
        if not is_end:
            return False
    for prefix in (counts, collections, queue):
        txn.delete_range(prefix, keyspace.after_prefix(prefix))
    txn.delete(mark)
    return True


async def sweep_catalog(engine: Engine, now: float, limit: int) -> None:
    """Remove the records of tables that are no longer DELETING but gone, `limit` a transaction.

    Raises StorageError.
    """

    async def step(txn: Transaction) -> bool:
        """Remove one portion; whether there may be more."""
        marks = await txn.scan(*keyspace.leaving_range(int(now * 1000)), limit=limit)
        keys = [keyspace.leaving_catalog_key(mark) for mark, _ in marks]
        for (mark, _), key, stored in zip(marks, keys, await txn.get_many(keys), strict=True):
            # Another table may have taken the name.
            if stored is not None and has_gone(decode_table(stored), now):
                txn.delete(key)
            txn.delete(mark)
        return len(marks) == limit

    while await engine.write(step):
        pass


async def sweep_deleted_indexes(engine: Engine, limit: int) -> int:
    """Remove the entries of all deleted indexes, at most `limit` keys per write transaction.

    Returns how many indexes were finished. Raises StorageError.
    """
    finished = 0

    async def step(txn: Transaction) -> bool | None:
        """Remove one portion; None if no index is left, else whether its index is finished."""
        marks = await txn.scan(*keyspace.index_sweep_range(), limit=1)
        if not marks:
            return None
        mark = marks[0][0]
        table, index = keyspace.marked_index(mark)
        prefix = keyspace.index_prefix(table, index)
        stop = keyspace.after_prefix(prefix)
        pairs, is_end = await read_portion(txn, prefix, stop, keys_max=limit)
        for key, _ in pairs:
            txn.delete(key)
        if not is_end:
            return False
        txn.delete(keyspace.counts_key(table, index))
        txn.delete(mark)
        return True

    while (done := await engine.write(step)) is not None:
        finished += done
    return finished


async def sweep_tokens(engine: Engine, now: float, limit: int) -> int:
    """Remove the client tokens that expired by `now`, looking at `limit` per write transaction.

    Returns how many were removed. Raises StorageError.
    """
    start, stop = keyspace.token_range()
    removed = 0

    async def step(txn: Transaction) -> tuple[bytes | None, int]:
        """Remove one portion; answers where the next starts (None at the end) and the count."""
        pairs = await txn.scan(start, stop, limit=limit)
        expired = [key for key, value in pairs if orjson.loads(value)["expires_at"] <= now]
        for key in expired:
            txn.delete(key)
        return (pairs[-1][0] + b"\x00" if len(pairs) == limit else None), len(expired)

    while True:
        following, count = await engine.write(step)
        removed += count
        if following is None:
            return removed
        start = following


async def sweep_tables_round(engine: Engine, _: Services) -> None:
    """Remove the data of all tables that are deleted now. Raises StorageError."""
    if await engine.read(partial(_is_any, places=keyspace.sweep_range())):
        await sweep_deleted_tables(engine, KEYS_PER_WRITE)


async def sweep_catalog_round(engine: Engine, services: Services) -> None:
    """Remove the records of all tables that are gone now. Raises StorageError."""
    now = services.now()
    if await engine.read(partial(_is_any, places=keyspace.leaving_range(int(now * 1000)))):
        await sweep_catalog(engine, now, KEYS_PER_WRITE)


async def sweep_indexes_round(engine: Engine, _: Services) -> None:
    """Remove the entries of all indexes that are deleted now. Raises StorageError."""
    if await engine.read(partial(_is_any, places=keyspace.index_sweep_range())):
        await sweep_deleted_indexes(engine, KEYS_PER_WRITE)


async def sweep_tokens_round(engine: Engine, services: Services) -> None:
    """Remove the client tokens that have expired. Raises StorageError."""
    if await engine.read(partial(_is_any, places=keyspace.token_range())):
        await sweep_tokens(engine, services.now(), KEYS_PER_WRITE)


async def _is_any(snapshot: Snapshot, places: tuple[bytes, bytes]) -> bool:
    """Whether the range holds anything."""
    return bool(await snapshot.scan(*places, limit=1))
