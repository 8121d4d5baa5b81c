"""One index: the marks on it, and its entries beside those that its table's items have."""

from __future__ import annotations

from typing import Final

from genset.integrity.comparison import Expected, side_by_side
from genset.integrity.derived import Derived, digest
from genset.integrity.item_collections import add_sizes
from genset.integrity.mends import RemoveRange
from genset.integrity.reading import MALFORMED
from genset.integrity.scope import TableScope, key_text
from genset.integrity.sorting import Record, SortedRuns
from genset.model.items import decode_stored, stored_bytes
from genset.model.tables import Index
from genset.storage import keyspace

_HELD_MAX: Final = 1000


def check_marks(scope: TableScope, index: Index) -> None:
    """Check that an index is filled if it is to be, and that nobody removes it."""
    place, filling, numbers = scope.index_place(index), scope.filling(index), _numbers(scope, index)
    if sum(each.number == index.number for each in scope.table.indexes) > 1:
        scope.findings.add(place, "the number of another", mend=scope.rebuild(index))
    if numbers in scope.catalog.swept_indexes:
        scope.findings.add(place, "marked as deleted", mend=scope.rebuild(index))
    if index.partial and (filling is None or not scope.is_named(filling)):
        scope.findings.add(place, "never to be filled", mend=scope.rebuild(index))
    if not index.partial and filling is not None:
        mark = keyspace.backfill_key(*numbers)
        mend = RemoveRange(mark, mark + b"\x00")
        scope.findings.add(place, "to be filled once more", mend=mend)


def _numbers(scope: TableScope, index: Index) -> tuple[int, int]:
    return scope.table.number, index.number


async def check_entries(
    scope: TableScope, index: Index, expected: Expected, collections: SortedRuns
) -> tuple[int, int]:
    """Check all entries; how many there are, and their size. A local index adds to collections."""
    prefix = keyspace.index_prefix(*_numbers(scope, index))
    stop = keyspace.after_prefix(prefix)
    entries = size = 0
    held: list[Record] = []
    async for key, wanted, found in side_by_side(
        scope.view, prefix, stop, expected, scope.progress
    ):
        await _check_entry(scope, index, wanted, found)
        if found is None:
            continue
        entries += 1
        size += stored_bytes(found)
        if not index.is_global:
            held.append((key, found))
        if len(held) >= _HELD_MAX:
            add_sizes(collections, scope.table, held)
            held.clear()
    add_sizes(collections, scope.table, held)
    return entries, size


async def _check_entry(
    scope: TableScope, index: Index, wanted: bytes | None, found: bytes | None
) -> None:
    derived = None if wanted is None else Derived.decode(wanted)
    what = _wrong(derived, found)
    if not what:
        return
    place, example = scope.index_place(index), ""
    if scope.findings.wants_example(place, what):
        example = await _shown(scope, derived, found)
    scope.findings.add(place, what, example, scope.rebuild(index))


def _wrong(derived: Derived | None, found: bytes | None) -> str:
    """What is wrong with an entry; "" if nothing is."""
    if derived is None:
        return "entries that no item has"
    if found is None:
        return "missing entries" if derived.is_needed else ""
    try:
        is_same = derived.digest == digest(stored_bytes(found), decode_stored(found))
    except MALFORMED:
        return "entries that cannot be read"
    return "" if is_same else "entries that differ from their items"


async def _shown(scope: TableScope, derived: Derived | None, found: bytes | None) -> str:
    """The primary key of the item of an entry."""
    if derived is not None:
        pairs = await scope.view.scan(derived.item, derived.item + b"\x00", limit=1)
        found = pairs[0][1]
    try:
        return key_text(scope.table, decode_stored(found or b""))
    except MALFORMED:
        return "what cannot be read"
