"""Item collections: the sizes of all items and entries of local indexes under one partition key."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from genset.integrity.comparison import Expected
from genset.integrity.counters import compare_counters
from genset.integrity.reading import Counters, counter_pages
from genset.integrity.scope import TableScope
from genset.integrity.sorting import Record, SortedRuns
from genset.model.items import stored_bytes
from genset.model.tables import Table
from genset.storage import keyspace

_SIZE: Final = struct.Struct(">q")


def add_sizes(collections: SortedRuns, table: Table, pairs: list[Record]) -> None:
    """Add the sizes of stored items, or of entries of a local index, to their collections."""
    if not pairs:
        return
    are_items = pairs[0][0].startswith(table.items_prefix)
    partition = keyspace.item_partition if are_items else keyspace.entry_partition
    for hashed, group in groupby(pairs, key=lambda pair: partition(pair[0])):
        size = sum(stored_bytes(stored) for _, stored in group)
        collections.add(keyspace.collection_key(table.number, hashed), _SIZE.pack(size))


async def check_collections(scope: TableScope, collections: SortedRuns) -> None:
    """Check the counters of a table's item collections, of which there are none without sizes."""
    prefix = keyspace.collection_key(scope.table.number, b"")
    stop = keyspace.after_prefix(prefix)
    expected = Expected(_summed(collections.sorted()))
    async for page in counter_pages(scope.view, prefix, stop):
        for key, found in page:
            for missing, size in expected.take_before(key):
                _compare(scope, missing, (), size)
            is_there = expected.head is not None and expected.head[0] == key
            _compare(scope, key, found, expected.take()[1] if is_there else _SIZE.pack(0))
    for missing, size in expected.take_before(stop):
        _compare(scope, missing, (), size)


def _summed(sizes: Iterator[Record]) -> Iterator[Record]:
    """One record for each key, with the sum of its sizes."""
    for key, group in groupby(sizes, key=lambda record: record[0]):
        yield key, _SIZE.pack(sum(_SIZE.unpack(size)[0] for _, size in group))


def _compare(scope: TableScope, key: bytes, found: Counters, size: bytes) -> None:
    what, actual = "wrong sizes of item collections", _SIZE.unpack(size)
    compare_counters(scope.findings, scope.place, what, key, found, actual)
