"""Small records: client tokens, tables on their way out, the past, and the numbers given out."""

from __future__ import annotations

import math

import orjson

from genset.integrity.catalog import Catalog, table_place
from genset.integrity.findings import Findings
from genset.integrity.mends import CorrectCounters, PutRecord, RemoveRange
from genset.integrity.reading import MALFORMED, Counters, Progress, pages
from genset.model.tables import Table
from genset.storage import keyspace
from genset.storage.engine import Inspection


async def check_tokens(view: Inspection, findings: Findings, progress: Progress) -> None:
    """Check that each client token can be read: its requests would fail."""
    async for page in pages(view, *keyspace.token_range(), progress):
        for key, stored in page:
            if not _is_token(stored):
                mend = RemoveRange(key, key + b"\x00")
                findings.add("client tokens", "records that cannot be read", repr(key), mend)


def _is_token(stored: bytes) -> bool:
    try:
        record = orjson.loads(stored)
        return (
            isinstance(record["fingerprint"], str)
            and isinstance(record["expires_at"], float | int)
            and all(isinstance(units, float | int) for units in record["read_units"].values())
        )
    except MALFORMED:
        return False


async def check_leaving(view: Inspection, catalog: Catalog, findings: Findings) -> None:
    """Check that the record of each table that is being deleted will be removed."""
    leaving: set[bytes] = set()
    async for page in pages(view, *keyspace.all_leaving()):
        leaving.update(keyspace.leaving_catalog_key(key) for key, _ in page)
    for table in catalog.tables.values():
        record = keyspace.catalog_key(table.account, table.region, table.name)
        if table.status == "DELETING" and record not in leaving:
            mend = PutRecord(_leaving_key(table, record), b"", "have it removed")
            findings.add(table_place(table), "deleted, and never to go", mend=mend)


def _leaving_key(table: Table, record: bytes) -> bytes:
    return keyspace.leaving_key(record, math.ceil(table.settled_at * 1000))


async def check_history(view: Inspection, findings: Findings, progress: Progress) -> None:
    """Check that what items and entries held before can be read."""
    async for page in pages(view, *keyspace.all_history(), progress):
        for key, stored in page:
            try:
                is_right = keyspace.has_history(keyspace.history_parts(key)[0])
            except MALFORMED:
                is_right = False
            if not is_right or stored[:1] not in (b"\x00", b"\x01"):
                mend = RemoveRange(key, key + b"\x00")
                findings.add("the past", "records that cannot be read", repr(key), mend)


async def check_numbers(
    view: Inspection, findings: Findings, *, table_max: int, stream_max: int
) -> None:
    """Check that the next table and the next stream get numbers that nobody has."""
    for what, key, used in (
        ("tables", keyspace.table_numbers_key(), table_max),
        ("streams", keyspace.stream_numbers_key(), stream_max),
    ):
        counters = await view.scan_counters(key, key + b"\x00", limit=1)
        found: Counters = counters[0][1] if counters else ()
        if found is None or (found[0] if found else 0) < used:
            mend = CorrectCounters(key, found, (used,))
            findings.add(f"numbers of {what}", "some would be given out twice", mend=mend)
