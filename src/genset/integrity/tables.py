"""One table: its items, and all that follows from them.

The items are read once, in the order of their keys. What follows from each (entries of indexes,
its place in the queue of expiring items, what it adds to its item collection) is sorted, in
bounded memory, into the order in which the store has it; then it is laid beside what is there.
"""

from __future__ import annotations

from typing import Final

from genset.integrity.comparison import Expected
from genset.integrity.counters import check_counts
from genset.integrity.derived import NO_DIGEST, Derived, digest
from genset.integrity.indexes import check_entries, check_marks
from genset.integrity.item_collections import add_sizes, check_collections
from genset.integrity.queues import check_queue
from genset.integrity.reading import MALFORMED, pages
from genset.integrity.scope import TableScope, key_text
from genset.integrity.sorting import SortedRuns
from genset.model.attribute_values import Item, decode_item
from genset.model.items import decode_stored, stored_bytes
from genset.model.keys import index_entry_key, item_key
from genset.model.sizes import item_bytes
from genset.model.tables import Index
from genset.model.time_to_live import expiry_second
from genset.operations.expiry_queue import READY
from genset.operations.item_store import projected_item
from genset.storage import keyspace

# Behind the keys of all items.
_EVERYTHING: Final = b"\xff"


async def check_table(scope: TableScope) -> None:
    """Check all of a table, which is neither deleted nor being so."""
    with SortedRuns() as derived, SortedRuns() as collections:
        counted = {0: await _read_items(scope, derived, collections)}
        expected = Expected(derived.sorted())
        for index in sorted(scope.table.indexes, key=lambda index: index.number):
            check_marks(scope, index)
            counts = await check_entries(scope, index, expected, collections)
            scope.findings.totals.index_entries += counts[0]
            counted[index.number] = counts
        await check_queue(scope, expected)
        await check_counts(scope, counted)
        await check_collections(scope, collections)


async def _read_items(
    scope: TableScope, derived: SortedRuns, collections: SortedRuns
) -> tuple[int, int]:
    """Check all items, and add what follows from them; how many there are, and their size."""
    prefix = scope.table.items_prefix
    items = size = 0
    async for page in pages(scope.view, prefix, keyspace.after_prefix(prefix), scope.progress):
        for key, stored in page:
            items += 1
            size += stored_bytes(stored)
            item = _checked(scope, key, stored)
            if item is not None:
                _derive(scope, key, item, derived)
        if scope.table.has_local_indexes:
            add_sizes(collections, scope.table, page)
    scope.findings.totals.items += items
    scope.findings.totals.item_bytes += size
    return items, size


def _checked(scope: TableScope, key: bytes, stored: bytes) -> Item | None:
    """The item, if it can be read and its key can be told."""
    table, findings = scope.table, scope.findings
    try:
        item = decode_stored(stored)
        decode_item(item)
        place, size, shown = item_key(table, item), item_bytes(item), key_text(table, item)
    except MALFORMED:
        scope.is_readable = False
        findings.add(scope.place, "items that cannot be read", repr(key))
        return None
    if key != place:
        findings.add(scope.place, "items at the key of another", shown)
    if size != stored_bytes(stored):
        findings.add(scope.place, "items with a wrong size", shown)
    return item


def _derive(scope: TableScope, key: bytes, item: Item, derived: SortedRuns) -> None:
    """Add what follows from an item."""
    table = scope.table
    for index in table.indexes:
        entry = index_entry_key(table, index, item, key)
        if entry is not None:
            projected = projected_item(index, item)
            contents = digest(item_bytes(projected), projected)
            expectation = Derived(key < _looked_at(scope, index), contents, key)
            derived.add(scope.view.kept_key(entry), expectation.encode())
    second = expiry_second(item, table.ttl) if table.ttl is not None else None
    if second is not None:
        expectation = Derived(key < _queued_before(scope), NO_DIGEST, key)
        derived.add(keyspace.expiry_key(key, second), expectation.encode())


def _looked_at(scope: TableScope, index: Index) -> bytes:
    """The key before which all items have their entries in an index."""
    filling = scope.filling(index)
    if not index.partial or filling is None or filling.is_complete:
        return _EVERYTHING
    return filling.start


def _queued_before(scope: TableScope) -> bytes:
    """The key before which all items have their places in the queue."""
    queue = scope.queue
    return _EVERYTHING if queue is None or queue.state == READY else bytes.fromhex(queue.cursor)
