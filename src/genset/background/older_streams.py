"""Opening the streams of tables whose records are older than streams.

A record that was written before tables had streams may say that one is enabled, for the request
was kept. Without its stream the table would name an ARN that nobody can read, and its writes would
leave no records. Who begins to do the background work does this once, a server of one process
before it serves.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from genset.operations.operation import Services
from genset.storage import keyspace
from genset.storage.engine import Engine, Snapshot, Transaction

_RECORDS_PER_READ: Final = 1000
# What is asked for, and a member of every record that knows of streams.
_SPECIFICATION: Final = b'"StreamSpecification":'
_STREAM: Final = b'"stream":'


async def open_older_streams(engine: Engine, services: Services) -> None:
    """Open the streams that are enabled and missing. Raises StorageError.

    Several processes may do so at once: each transaction looks at the record again.
    """
    start, stop = keyspace.catalog_range()
    while True:
        page = await engine.read(partial(_page, start=start, stop=stop))
        for key, stored in page:
            if _is_older(stored):
                await engine.write(partial(_open, key=key, now=services.now()))
        if len(page) < _RECORDS_PER_READ:
            return
        start = page[-1][0] + b"\x00"


def _is_older(stored: bytes) -> bool:
    return _SPECIFICATION in stored and _STREAM not in stored


async def _page(snapshot: Snapshot, start: bytes, stop: bytes) -> list[tuple[bytes, bytes]]:
    return await snapshot.scan(start, stop, limit=_RECORDS_PER_READ)


async def _open(txn: Transaction, key: bytes, now: float) -> None:
    # Imported late: hardly any store has such a record, and every server looks for one.
    from genset.model.tables import decode_table
    from genset.operations.catalog import put_table
    from genset.operations.stream_changes import follow_specification

    stored = await txn.get(key)
    if stored is None or not _is_older(stored):
        return
    table = decode_table(stored)
    if table.status != "DELETING":
        table = await follow_specification(txn, table, now)
    put_table(txn, table)
