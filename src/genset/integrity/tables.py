"""One table: its items, and all that follows from them.

The items are read once, in the order of their keys. What follows from each (entries of indexes,
its place in the queue of expiring items, what it adds to its item collection) is sorted, in
bounded memory, into the order in which the store has it; then it is laid beside what is there.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from hashlib import blake2b
from itertools import groupby
from typing import Final

import orjson

from genset.integrity.catalog import Catalog, index_place, table_place
from genset.integrity.comparison import Expected, side_by_side
from genset.integrity.findings import Findings
from genset.integrity.mends import CorrectCounters, RebuildIndex, RefillQueue, RemoveRange
from genset.integrity.reading import MALFORMED, Counters, Progress, counter_pages, pages
from genset.integrity.sorting import Record, SortedRuns
from genset.model.attribute_values import Item, decode_item
from genset.model.items import decode_stored, stored_bytes
from genset.model.keys import index_entry_key, item_key
from genset.model.sizes import item_bytes
from genset.model.tables import Index, Table
from genset.model.time_to_live import expiry_second
from genset.operations.expiry_queue import EMPTYING, FILLING, READY
from genset.operations.item_store import projected_item
from genset.storage import keyspace
from genset.storage.engine import Inspection

_SIZE: Final = struct.Struct(">q")
_DIGEST_BYTES: Final = 16
# Whether what is expected must be there, or may be.
_NEEDED: Final = b"\x01"
_ALLOWED: Final = b"\x00"
_NO_PLACE: Final = b""
_EVERYTHING: Final = b"\xff"
_PAIRS_HELD: Final = 1000


class TableCheck:
    """The check of one table, which is neither deleted nor being so."""

    def __init__(
        self,
        view: Inspection,
        table: Table,
        catalog: Catalog,
        findings: Findings,
        progress: Progress,
    ) -> None:
        self._view = view
        self._table = table
        self._findings = findings
        self._progress = progress
        self._place = table_place(table)
        self._record = keyspace.catalog_key(table.account, table.region, table.name)
        self._queue = catalog.queues.get(table.number)
        self._backfills = {
            index.number: catalog.backfills.get((table.number, index.number))
            for index in table.indexes
        }
        self._swept = {i.number for i in table.indexes if (table.number, i.number) in
                       catalog.swept_indexes}  # fmt: skip
        # By the number of the index, 0 for the table itself.
        self._counts = {0: (0, 0), **{index.number: (0, 0) for index in table.indexes}}
        self._is_readable = True

    async def run(self) -> None:
        """Check all of it."""
        with SortedRuns() as derived, SortedRuns() as collections:
            await self._read_items(derived, collections)
            self._check_numbers()
            expected = Expected(derived.sorted())
            for index in sorted(self._table.indexes, key=lambda index: index.number):
                self._check_marks(index)
                await self._check_index(index, expected, collections)
            await self._check_queue(expected)
            await self._check_counts()
            await self._check_collections(collections)

    def _check_numbers(self) -> None:
        numbers = [index.number for index in self._table.indexes]
        for index in self._table.indexes:
            if numbers.count(index.number) > 1:
                mend = self._rebuild(index)
                self._findings.add(self._place, "indexes with one number", index.name, mend)

    def _rebuild(self, index: Index) -> RebuildIndex | None:
        """What makes an index anew: nothing can while an item cannot be read."""
        return RebuildIndex(self._record, index.number) if self._is_readable else None

    # The items.

    async def _read_items(self, derived: SortedRuns, collections: SortedRuns) -> None:
        prefix = self._table.items_prefix
        items = size = 0
        async for page in pages(self._view, prefix, keyspace.after_prefix(prefix), self._progress):
            for key, stored in page:
                items += 1
                size += stored_bytes(stored)
                item = self._decode(key, stored)
                if item is not None:
                    self._derive(key, item, derived)
            if self._table.has_local_indexes:
                _add_sizes(collections, self._table, page)
        self._counts[0] = (items, size)
        self._findings.totals.items += items
        self._findings.totals.item_bytes += size

    def _decode(self, key: bytes, stored: bytes) -> Item | None:
        """The item, if it can be read and its key can be told."""
        try:
            item = decode_stored(stored)
            decode_item(item)
            place = item_key(self._table, item)
            size = item_bytes(item)
            shown = key_text(self._table, item)
        except MALFORMED:
            self._is_readable = False
            self._findings.add(self._place, "items that cannot be read", repr(key))
            return None
        if key != place:
            self._findings.add(self._place, "items at the key of another", shown)
        if size != stored_bytes(stored):
            self._findings.add(self._place, "items with a wrong size", shown)
        return item

    def _derive(self, key: bytes, item: Item, derived: SortedRuns) -> None:
        """Add what follows from an item."""
        for index in self._table.indexes:
            entry = index_entry_key(self._table, index, item, key)
            if entry is not None:
                projected = projected_item(index, item)
                digest = _digest(item_bytes(projected), projected)
                is_needed = key < self._looked_at(index)
                derived.add(self._view.kept_key(entry), _expectation(is_needed, digest, key))
        second = expiry_second(item, self._table.ttl) if self._table.ttl is not None else None
        if second is not None:
            is_needed = key < self._queued_before()
            place = keyspace.expiry_key(key, second)
            derived.add(place, _expectation(is_needed, _NO_PLACE, key))

    def _looked_at(self, index: Index) -> bytes:
        """The key before which all items have their entries in an index."""
        progress = self._backfills[index.number]
        if not index.partial or progress is None or progress.is_complete:
            return _EVERYTHING
        return progress.start

    def _queued_before(self) -> bytes:
        """The key before which all items have their places in the queue."""
        if self._queue is None or self._queue.state == READY:
            return _EVERYTHING
        return bytes.fromhex(self._queue.cursor)

    # The indexes.

    def _check_marks(self, index: Index) -> None:
        place = index_place(self._table, index)
        progress = self._backfills[index.number]
        mark = keyspace.backfill_key(self._table.number, index.number)
        if index.number in self._swept:
            self._findings.add(place, "marked as deleted", mend=self._rebuild(index))
        if index.partial and (progress is None or not self._is_named(progress)):
            self._findings.add(place, "never to be filled", mend=self._rebuild(index))
        if not index.partial and progress is not None:
            mend = RemoveRange(mark, mark + b"\x00")
            self._findings.add(place, "to be filled once more", mend=mend)

    def _is_named(self, mark: object) -> bool:
        """Whether a mark leads to this table."""
        names = [getattr(mark, name) for name in ("account", "region", "name")]
        return names == [self._table.account, self._table.region, self._table.name]

    async def _check_index(self, index: Index, expected: Expected, collections: SortedRuns) -> None:
        place, mend = index_place(self._table, index), self._rebuild(index)
        prefix = keyspace.index_prefix(self._table.number, index.number)
        stop = keyspace.after_prefix(prefix)
        entries = size = 0
        found_pairs: list[tuple[bytes, bytes]] = []
        async for key, wanted, found in side_by_side(
            self._view, prefix, stop, expected, self._progress
        ):
            if found is not None:
                entries += 1
                size += stored_bytes(found)
                if not index.is_global:
                    found_pairs.append((key, found))
            what = _wrong_entry(wanted, found)
            if what and self._findings.wants_example(place, what):
                self._findings.add(place, what, await self._shown(wanted, found), mend)
            elif what:
                self._findings.add(place, what, mend=mend)
            if len(found_pairs) >= _PAIRS_HELD:
                _add_sizes(collections, self._table, found_pairs)
                found_pairs = []
        _add_sizes(collections, self._table, found_pairs)
        self._counts[index.number] = (entries, size)
        self._findings.totals.index_entries += entries

    async def _shown(self, wanted: bytes | None, found: bytes | None) -> str:
        """The primary key of the item of an entry."""
        if found is None and wanted is not None:
            key = _item_of(wanted)
            pairs = await self._view.scan(key, key + b"\x00", limit=1)
            found = pairs[0][1] if pairs else None
        try:
            return key_text(self._table, decode_stored(found or b""))
        except MALFORMED:
            return "what cannot be read"

    # The queue of expiring items.

    async def _check_queue(self, expected: Expected) -> None:
        place = f"queue of expiring items of {self._place}"
        queue, number = self._queue, self._table.number
        mend = RefillQueue(self._record) if self._is_readable else None
        if queue is None:
            if self._table.ttl is not None:
                self._findings.add(place, "no queue", mend=mend)
        elif (self._table.ttl is None) != (queue.state == EMPTYING) or not self._is_named(queue):
            self._findings.add(place, "a state that is not its table's", queue.state, mend)
        prefix = keyspace.expiry_prefix(number)
        stop = keyspace.after_prefix(prefix)
        is_exact = queue is None or queue.state in (READY, FILLING)
        async for _, wanted, found in side_by_side(
            self._view, prefix, stop, expected, self._progress
        ):
            what = _wrong_place(wanted, found) if is_exact else ""
            if what:
                self._findings.add(place, what, mend=mend)

    # The counters.

    async def _check_counts(self) -> None:
        start = keyspace.counts_key(self._table.number)
        stop = keyspace.after_prefix(start[:-2])
        found: dict[int, Counters] = {}
        async for page in counter_pages(self._view, start, stop):
            found.update({keyspace.entry_index(key): counters for key, counters in page})
        names = {index.number: index_place(self._table, index) for index in self._table.indexes}
        for number, actual in self._counts.items():
            place = names.get(number, self._place)
            key = keyspace.counts_key(self._table.number, number)
            self._compare_counters(place, "count and size", key, found.get(number, ()), actual)

    async def _check_collections(self, collections: SortedRuns) -> None:
        prefix = keyspace.collection_key(self._table.number, b"")
        stop = keyspace.after_prefix(prefix)
        expected = Expected(_summed(collections.sorted()))
        async for page in counter_pages(self._view, prefix, stop):
            for key, found in page:
                for missing, size in expected.take_before(key):
                    self._compare_collection(missing, (), size)
                is_there = expected.head is not None and expected.head[0] == key
                self._compare_collection(key, found, expected.take()[1] if is_there else b"")
        for missing, size in expected.take_before(stop):
            self._compare_collection(missing, (), size)

    def _compare_collection(self, key: bytes, found: Counters, size: bytes) -> None:
        actual = (_SIZE.unpack(size)[0] if size else 0,)
        self._compare_counters(self._place, "sizes of item collections", key, found, actual)

    def _compare_counters(
        self, place: str, what: str, key: bytes, found: Counters, actual: tuple[int, ...]
    ) -> None:
        if found is None or _padded(found, len(actual)) != actual:
            example = f"{_shown_counters(found)} instead of {_shown_counters(actual)}"
            mend = CorrectCounters(key, found, actual)
            self._findings.add(place, f"wrong {what}", example, mend)


def key_text(table: Table, item: Item) -> str:
    """An item's primary key, as people read it. Raises LookupError if it has none."""
    parts = [f"{a.name}={item[a.name][a.type]}" for a in table.keys.partition + table.keys.sort]
    return " ".join(parts)


def _digest(size: int, item: Item) -> bytes:
    """What two entries have alike that hold the same, in whatever order."""
    text = orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
    return blake2b(_SIZE.pack(size) + text, digest_size=_DIGEST_BYTES).digest()


def _expectation(is_needed: bool, digest: bytes, key: bytes) -> bytes:
    return (_NEEDED if is_needed else _ALLOWED) + digest.ljust(_DIGEST_BYTES, b"\x00") + key


def _item_of(expectation: bytes) -> bytes:
    return expectation[len(_NEEDED) + _DIGEST_BYTES :]


def _wrong_entry(wanted: bytes | None, found: bytes | None) -> str:
    """What is wrong with an entry of an index; "" if nothing is."""
    if wanted is None:
        return "entries that no item has"
    if found is None:
        return "missing entries" if wanted[:1] == _NEEDED else ""
    try:
        digest = _digest(stored_bytes(found), decode_stored(found))
    except MALFORMED:
        return "entries that cannot be read"
    return "" if wanted[1 : 1 + _DIGEST_BYTES] == digest else "entries that differ from their items"


def _wrong_place(wanted: bytes | None, found: bytes | None) -> str:
    """What is wrong with a place in a queue; "" if nothing is."""
    if wanted is None:
        return "places that no item has"
    return "missing places" if found is None and wanted[:1] == _NEEDED else ""


def _add_sizes(collections: SortedRuns, table: Table, pairs: list[Record]) -> None:
    """Add the sizes of items, or of entries of a local index, under one partition key."""
    of_items = pairs and pairs[0][0].startswith(table.items_prefix)
    partition = keyspace.item_partition if of_items else keyspace.entry_partition
    for hashed, group in groupby(pairs, key=lambda pair: partition(pair[0])):
        size = sum(stored_bytes(stored) for _, stored in group)
        collections.add(keyspace.collection_key(table.number, hashed), _SIZE.pack(size))


def _summed(sizes: Iterator[Record]) -> Iterator[Record]:
    """One record for each key, with the sum of its sizes."""
    for key, group in groupby(sizes, key=lambda record: record[0]):
        yield key, _SIZE.pack(sum(_SIZE.unpack(size)[0] for _, size in group))


def _padded(counters: tuple[int, ...], length: int) -> tuple[int, ...]:
    return (*counters, *[0] * (length - len(counters)))


def _shown_counters(counters: Counters) -> str:
    return "what cannot be read" if counters is None else "/".join(map(str, counters)) or "none"
