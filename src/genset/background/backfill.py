"""Filling an index that was created on a live table, in transactions of bounded size.

From the moment the index is in the catalog, every write maintains it (`operations.item_store`).
The job walks the items from a cursor in the store and adds the entries that are missing; an entry
that is there has been counted by the write that made it. The last transaction declares the index
complete.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Final

from genset.model.items import decode_stored, encode_stored, stored_bytes
from genset.model.keys import index_entry_key
from genset.model.sizes import item_bytes
from genset.model.tables import Index, Table, decode_table
from genset.operations.catalog import put_table
from genset.operations.index_backfill import Progress, decode_progress, encode_progress
from genset.operations.item_store import projected_item
from genset.operations.operation import Services
from genset.storage import keyspace
from genset.storage.engine import Engine, Snapshot, Transaction

# Each portion is one write transaction that others wait for: so many items, or so many bytes if
# the items of the portion before are a guide.
_ITEMS_PER_WRITE: Final = 100
_ITEMS_AT_FIRST: Final = 10
_BYTES_PER_WRITE: Final = 500_000
_INDEXES_PER_ROUND: Final = 100


async def fill_indexes_round(engine: Engine, _: Services) -> None:
    """Fill all indexes that lack entries now; they take turns. Raises StorageError."""
    fillings: dict[bytes, Filling] = {}
    while True:
        marks = await engine.read(_marks)
        fillings = {mark: fillings.get(mark) or Filling(mark) for mark in marks}
        advanced = [await filling.advance(engine) for filling in fillings.values()]
        if not any(advanced):
            return


async def _marks(snapshot: Snapshot) -> list[bytes]:
    found = await snapshot.scan(*keyspace.backfill_range(), limit=_INDEXES_PER_ROUND)
    return [key for key, _ in found]


class Filling:
    """This process's part in filling the index of the record at `mark`.

    Several processes may fill one index, for each portion begins where the last one ended,
    whoever did it; but a process that sees another at work leaves it to that one, since they
    would only wait for each other.
    """

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self._limit = _ITEMS_AT_FIRST
        self._expected: bytes | None = None
        self._is_over = False

    async def advance(self, engine: Engine) -> bool:
        """Do the next portion; whether there may be more for this process. Raises StorageError."""
        if self._is_over:
            return False
        limit = self._limit
        step = partial(_fill_portion, mark=self._mark, expected=self._expected, limit=limit)
        portion = await engine.write(step)
        if portion is None:
            self._is_over = True
            return False
        self._expected, size = portion
        self._limit = max(1, min(_ITEMS_PER_WRITE, _BYTES_PER_WRITE * limit // max(size, 1)))
        return True


async def _fill_portion(
    txn: Transaction, mark: bytes, expected: bytes | None, limit: int
) -> tuple[bytes, int] | None:
    """Look at the next `limit` items; answers where the next portion starts, and their bytes.

    None if nothing is left to do, or if the portion does not start where it is expected.
    """
    stored = await txn.get(mark)
    if stored is None:
        return None
    progress = decode_progress(stored)
    if expected is not None and progress.start != expected:
        return None
    table, index = await _maybe_target(txn, mark, progress)
    if table is None or index is None:
        txn.delete(mark)
        return None
    if progress.is_complete:
        _declare_complete(txn, table, index)
        txn.delete(mark)
        return None
    stop = keyspace.after_prefix(table.items_prefix)
    pairs = await txn.scan(progress.start, stop, limit=limit)
    await _add_entries(txn, table, index, pairs)
    progress = dataclasses.replace(
        progress,
        start=pairs[-1][0] + b"\x00" if pairs else progress.start,
        is_complete=len(pairs) < limit,
    )
    txn.put(mark, encode_progress(progress))
    return progress.start, sum(len(value) for _, value in pairs)


async def _maybe_target(
    txn: Transaction, mark: bytes, progress: Progress
) -> tuple[Table | None, Index | None]:
    """The table and the index to fill, if they are still there."""
    key = keyspace.catalog_key(progress.account, progress.region, progress.name)
    stored = await txn.get(key)
    table = decode_table(stored) if stored is not None else None
    table_number, index_number = keyspace.marked_index(mark)
    if table is None or table.number != table_number:
        return None, None
    numbered = (index for index in table.indexes if index.number == index_number)
    return table, next((index for index in numbered if index.partial), None)


async def _add_entries(
    txn: Transaction, table: Table, index: Index, pairs: list[tuple[bytes, bytes]]
) -> None:
    entries = {}
    for key, stored in pairs:
        item = decode_stored(stored)
        entry = index_entry_key(table, index, item, key)
        if entry is not None:
            entries[entry] = (stored, item)
    present = await txn.get_many(list(entries))
    items = size = 0
    for (entry, (stored, item)), found in zip(entries.items(), present, strict=True):
        if found is not None:
            continue
        if index.projected is not None:
            projected = projected_item(index, item)
            stored = encode_stored(projected, item_bytes(projected))
        txn.put(entry, stored)
        items += 1
        size += stored_bytes(stored)
    if items:
        txn.add(keyspace.counts_key(table.number, index.number), items, size)


def _declare_complete(txn: Transaction, table: Table, index: Index) -> None:
    complete = dataclasses.replace(index, partial=False)
    indexes = tuple(complete if each is index else each for each in table.indexes)
    put_table(txn, dataclasses.replace(table, indexes=indexes))
