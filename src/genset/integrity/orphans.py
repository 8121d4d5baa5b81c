"""What belongs to nothing: to no table, index or stream that is there or queued for removal.

Data of known numbers is leapt over, so that this reads little in a store that is sound. Items of a
table that is not in the catalog are told and left: nobody knows what they were. Nothing is removed
while a record of the catalog cannot be read, which might be what it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from genset.integrity.catalog import Catalog, table_place
from genset.integrity.findings import Findings
from genset.integrity.mends import Mend, PutRecord, RemoveRange
from genset.integrity.reading import counter_pages, groups, pages
from genset.storage import keyspace
from genset.storage.engine import Inspection
from genset.storage.keyspace import Span, after_prefix

# The beginning of a key with a table's number, with an index's too, and with stream and shard.
_TABLE: Final = len(keyspace.items_prefix(0))
_INDEX: Final = len(keyspace.index_prefix(0, 0))
_SHARD: Final = len(keyspace.sequence_key(0, 0))
_REMOVE: Final = "remove them"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The greatest numbers in keys that belong to nothing."""

    table: int = 0
    stream: int = 0


async def check_orphans(view: Inspection, catalog: Catalog, findings: Findings) -> Numbers:
    """Find all that belongs to nothing."""
    table = await _check_tables(view, catalog, findings)
    await _check_indexes(view, catalog, findings)
    stream = await _check_streams(view, catalog, findings)
    _check_backfills(catalog, findings)
    for span in keyspace.unknown_spans():
        count = await _count(view, span)
        if count:
            findings.add("keys of no kind that is known", "keys", repr(span.start), count=count)
    return Numbers(table, stream)


async def _check_tables(view: Inspection, catalog: Catalog, findings: Findings) -> int:
    live = {number for number, table in catalog.tables.items() if table.status != "DELETING"}
    known = live | catalog.swept
    items = keyspace.table_spans()[0]
    unknown: dict[int, list[Span]] = {}
    with_items = set()
    for span in keyspace.table_spans():
        for found in await groups(
            view, span, _TABLE, lambda key: len(key) == _TABLE and keyspace.key_table(key) in known
        ):
            number = keyspace.key_table(found)
            if span == items:
                with_items.add(number)
            unknown.setdefault(number, []).append(
                Span(found, after_prefix(found), span.has_counters)
            )
    for number, spans in unknown.items():
        deleted = catalog.tables.get(number)
        is_nobodys = deleted is None and number in with_items
        mend: Mend | None = None
        if catalog.is_whole and not is_nobodys:
            mend = PutRecord(keyspace.sweep_key(number), b"", _REMOVE)
        place = table_place(deleted) if deleted else f"number {number}, which no table has"
        for span in spans:
            what = "items that belong to nothing" if span.start[:1] == items.start else _KEYS
            findings.add(place, what, mend=mend, count=await _count(view, span))
    return max(unknown, default=0)


_KEYS: Final = "keys that belong to nothing"


async def _check_indexes(view: Inspection, catalog: Catalog, findings: Findings) -> None:
    """Of tables that are there."""
    known = {(number, 0) for number in catalog.tables} | catalog.swept_indexes
    known |= {(n, index.number) for n, table in catalog.tables.items() for index in table.indexes}

    def is_known(key: bytes) -> bool:
        number = keyspace.key_table(key)
        return (
            number in catalog.swept
            or number not in catalog.tables
            or (number, keyspace.entry_index(key)) in known
        )

    _, entries, counts, *_ = keyspace.table_spans()
    for span in (entries, counts):
        for found in await groups(view, span, _INDEX, is_known):
            table, index = keyspace.key_table(found), keyspace.entry_index(found)
            place = f"number {index}, which no index has, of {table_place(catalog.tables[table])}"
            mend = PutRecord(keyspace.index_sweep_key(table, index), b"", _REMOVE)
            count = await _count(view, Span(found, after_prefix(found), span.has_counters))
            findings.add(place, _KEYS, mend=mend if catalog.is_whole else None, count=count)


async def _check_streams(view: Inspection, catalog: Catalog, findings: Findings) -> int:
    shards = {(s.number, shard.number) for s in catalog.streams.values() for shard in s.shards}
    written = {table.stream.number for table in catalog.tables.values() if table.stream}
    # What a table writes to stays, though the record of that stream be lost.
    lost = written - catalog.streams.keys()

    def is_known(key: bytes) -> bool:
        number, shard = keyspace.key_shard(key)
        return (number, shard) in shards or number in lost

    greatest = max(lost, default=0)
    for span in keyspace.streams_data_spans():
        for found in await groups(view, span, _SHARD, is_known):
            number, shard = keyspace.key_shard(found)
            greatest = max(greatest, number)
            whole = Span(found, after_prefix(found), span.has_counters)
            place = f"number {number}, shard {shard}, which no stream has"
            mend = RemoveRange(*whole) if catalog.is_whole else None
            findings.add(place, _KEYS, mend=mend, count=await _count(view, whole))
    return greatest


def _check_backfills(catalog: Catalog, findings: Findings) -> None:
    for table, index in catalog.backfills:
        known = catalog.tables.get(table)
        if known is None or all(each.number != index for each in known.indexes):
            key = keyspace.backfill_key(table, index)
            mend = RemoveRange(key, key + b"\x00")
            place = f"number {index}, which no index has, of the table of number {table}"
            findings.add(place, "to be filled", mend=mend)


async def _count(view: Inspection, span: Span) -> int:
    if span.has_counters:
        return sum([len(p) async for p in counter_pages(view, span.start, span.stop)])
    return sum([len(page) async for page in pages(view, span.start, span.stop)])
