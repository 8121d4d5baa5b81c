"""What a store says that it has: tables, streams, and what is under way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from genset.integrity.findings import Findings
from genset.integrity.mends import RemoveRange
from genset.integrity.reading import MALFORMED, pages
from genset.model.streams import Stream, decode_stream
from genset.model.tables import Index, Table, decode_table
from genset.operations.expiry_queue import ExpiryQueue, decode_queue
from genset.operations.index_backfill import Progress, decode_progress
from genset.storage import keyspace
from genset.storage.engine import Inspection

T = TypeVar("T")


@dataclass(slots=True)
class Catalog:
    """All tables by their numbers, all streams by theirs, and the marks of what is under way.

    Memory grows with their number, not with what they hold. Not `is_whole` if a record cannot be
    read, so that nobody knows what belongs to it.
    """

    tables: dict[int, Table] = field(default_factory=dict)
    streams: dict[int, Stream] = field(default_factory=dict)
    swept: set[int] = field(default_factory=set)
    swept_indexes: set[tuple[int, int]] = field(default_factory=set)
    backfills: dict[tuple[int, int], Progress] = field(default_factory=dict)
    queues: dict[int, ExpiryQueue] = field(default_factory=dict)
    is_whole: bool = True


def table_place(table: Table) -> str:
    """How reports name a table."""
    return f"table {table.name} ({table.account}, {table.region})"


def index_place(table: Table, index: Index) -> str:
    """How reports name an index."""
    return f"index {index.name} of {table_place(table)}"


def stream_place(stream: Stream) -> str:
    """How reports name a stream."""
    return f"stream {stream.label} of table {stream.table} ({stream.account}, {stream.region})"


async def read_catalog(view: Inspection, findings: Findings) -> Catalog:
    """Read the catalog's records and the marks, and tell which cannot be."""
    catalog = Catalog()
    await _read_tables(view, findings, catalog)
    await _read_streams(view, findings, catalog)
    catalog.swept = {
        keyspace.swept_table(key) for key in await _keys(view, *keyspace.sweep_range())
    }
    catalog.swept_indexes = {
        keyspace.marked_index(key) for key in await _keys(view, *keyspace.index_sweep_range())
    }
    fillings = keyspace.backfill_range()
    for key, progress in await _read_marks(
        view, fillings, decode_progress, findings, "indexes being filled"
    ):
        catalog.backfills[keyspace.marked_index(key)] = progress
    queues = keyspace.expiry_queues_range()
    for key, queue in await _read_marks(
        view, queues, decode_queue, findings, "queues of expiring items"
    ):
        catalog.queues[keyspace.queued_table(key)] = queue
    return catalog


async def _keys(view: Inspection, start: bytes, stop: bytes) -> list[bytes]:
    return [key async for page in pages(view, start, stop) for key, _ in page]


async def _read_tables(view: Inspection, findings: Findings, catalog: Catalog) -> None:
    async for page in pages(view, *keyspace.catalog_range()):
        for key, stored in page:
            findings.totals.tables += 1
            table = _decoded(decode_table, stored)
            if table is None or key != _table_key(table):
                catalog.is_whole = False
                what = "records that cannot be read" if table is None else "records at wrong keys"
                findings.add("catalog of tables", what, repr(key))
            elif table.number in catalog.tables:
                catalog.is_whole = False
                findings.add("catalog of tables", "tables with the number of another", table.name)
            else:
                catalog.tables[table.number] = table


def _table_key(table: Table) -> bytes:
    return keyspace.catalog_key(table.account, table.region, table.name)


async def _read_streams(view: Inspection, findings: Findings, catalog: Catalog) -> None:
    async for page in pages(view, *keyspace.streams_range()):
        for key, stored in page:
            findings.totals.streams += 1
            stream = _decoded(decode_stream, stored)
            if stream is None or key != keyspace.stream_key(
                stream.account, stream.region, stream.table, stream.label
            ):
                catalog.is_whole = False
                what = "records that cannot be read" if stream is None else "records at wrong keys"
                findings.add("catalog of streams", what, repr(key))
            elif stream.number in catalog.streams:
                catalog.is_whole = False
                findings.add("catalog of streams", "streams with the number of another", stream.arn)
            else:
                catalog.streams[stream.number] = stream


async def _read_marks(
    view: Inspection,
    places: tuple[bytes, bytes],
    decode: Callable[[bytes], T],
    findings: Findings,
    place: str,
) -> list[tuple[bytes, T]]:
    """Small records of one kind. One that cannot be read is made anew where it is missed."""
    found = []
    async for page in pages(view, *places):
        for key, stored in page:
            mark = _decoded(decode, stored)
            if mark is None:
                mend = RemoveRange(key, key + b"\x00")
                findings.add(place, "records that cannot be read", repr(key), mend)
            else:
                found.append((key, mark))
    return found


def _decoded(decode: Callable[[bytes], T], stored: bytes) -> T | None:
    try:
        return decode(stored)
    except MALFORMED:
        return None
