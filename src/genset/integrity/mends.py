"""The ways to mend: each makes anew what follows from the items, and none touches an item.

Each is one transaction, or a row of such of bounded size, that may be stopped anywhere and done
again. An index gets its number anew, as if it had been deleted and created, and a queue is emptied
and filled as after a change of time to live: so what begins here is the background's work, which
whoever opens the store next goes on with.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import zip_longest
from typing import ClassVar

from genset.background.portions import read_portion
from genset.model.tables import Index, Table, decode_table
from genset.operations.catalog import put_table
from genset.operations.expiry_queue import EMPTYING, REFILLING, ExpiryQueue, encode_queue
from genset.operations.index_backfill import begin_backfill, begin_removal, free_number
from genset.storage import keyspace
from genset.storage.engine import Engine, Transaction


@dataclass(frozen=True, slots=True)
class RemoveRange:
    """Remove keys that belong to nothing."""

    start: bytes
    stop: bytes
    has_counters: bool = False
    order: ClassVar[int] = 0
    text: ClassVar[str] = "remove them"

    async def apply(self, engine: Engine) -> None:
        """Remove them, a portion a transaction."""
        while not await engine.write(self._remove_portion):
            pass

    async def _remove_portion(self, txn: Transaction) -> bool:
        if self.has_counters:
            txn.delete_range(self.start, self.stop)
            return True
        pairs, is_end = await read_portion(txn, self.start, self.stop)
        for key, _ in pairs:
            txn.delete(key)
        return is_end


@dataclass(frozen=True, slots=True)
class PutRecord:
    """Write a small record that says what is still to be done."""

    key: bytes
    value: bytes
    text: str
    order: ClassVar[int] = 1

    async def apply(self, engine: Engine) -> None:
        """Write it."""
        await engine.write(self._put)

    async def _put(self, txn: Transaction) -> None:
        txn.put(self.key, self.value)


@dataclass(frozen=True, slots=True)
class RebuildIndex:
    """Make an index anew, under another number."""

    table: bytes
    """The key of its table's record."""
    number: int
    order: ClassVar[int] = 2
    text: ClassVar[str] = "make the index anew from the items"

    async def apply(self, engine: Engine) -> None:
        """Begin it; it is finished by the background's jobs."""
        await engine.write(self._begin)

    async def _begin(self, txn: Transaction) -> None:
        table = await _table(txn, self.table)
        index = table and next((i for i in table.indexes if i.number == self.number), None)
        if not table or not index:
            return
        again = dataclasses.replace(index, number=await free_number(txn, table), partial=True)
        replaced = dataclasses.replace(table, indexes=_with(table.indexes, index, again))
        put_table(txn, replaced)
        begin_removal(txn, table, index)
        begin_backfill(txn, replaced, again)


def _with(indexes: tuple[Index, ...], index: Index, again: Index) -> tuple[Index, ...]:
    return tuple(again if each is index else each for each in indexes)


@dataclass(frozen=True, slots=True)
class RefillQueue:
    """Make the queue of a table's expiring items anew, or remove it if no item of it expires."""

    table: bytes
    """The key of its table's record."""
    order: ClassVar[int] = 2
    text: ClassVar[str] = "make the queue anew from the items"

    async def apply(self, engine: Engine) -> None:
        """Begin it; it is finished by the background's jobs."""
        await engine.write(self._begin)

    async def _begin(self, txn: Transaction) -> None:
        table = await _table(txn, self.table)
        if table is None:
            return
        queue = ExpiryQueue(
            account=table.account,
            region=table.region,
            name=table.name,
            state=EMPTYING if table.ttl is None else REFILLING,
        )
        txn.put(keyspace.expiry_queue_key(table.number), encode_queue(queue))


@dataclass(frozen=True, slots=True)
class CorrectCounters:
    """Make counters what was counted; what has been added to them meanwhile stays."""

    key: bytes
    found: tuple[int, ...] | None
    actual: tuple[int, ...]
    order: ClassVar[int] = 3
    text: ClassVar[str] = "correct them"

    async def apply(self, engine: Engine) -> None:
        """Do it in one transaction."""
        await engine.write(self._correct)

    async def _correct(self, txn: Transaction) -> None:
        if self.found is None or len(self.found) > len(self.actual):
            txn.delete(self.key)
            txn.add(self.key, *self.actual)
            return
        pairs = zip_longest(self.actual, self.found, fillvalue=0)
        txn.add(self.key, *(actual - found for actual, found in pairs))


Mend = RemoveRange | PutRecord | RebuildIndex | RefillQueue | CorrectCounters


async def apply_mends(engine: Engine, mends: tuple[Mend, ...]) -> None:
    """Do all, what frees places first. Raises StorageError."""
    for mend in sorted(mends, key=lambda mend: mend.order):
        await mend.apply(engine)


async def _table(txn: Transaction, key: bytes) -> Table | None:
    stored = await txn.get(key)
    return None if stored is None else decode_table(stored)
