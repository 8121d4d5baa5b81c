"""How far the items older than an index have been looked at, as the store keeps it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import orjson

from genset.model.tables import Index, Table
from genset.storage import keyspace
from genset.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The table of an index to be filled, and where its next portion starts.

    `is_complete` says that no item is left, and only the index's own record is to be changed.
    """

    account: str
    region: str
    name: str
    start: bytes
    is_complete: bool = False


def encode_progress(progress: Progress) -> bytes:
    """The stored form of a progress."""
    return orjson.dumps({**dataclasses.asdict(progress), "start": progress.start.hex()})


def decode_progress(stored: bytes) -> Progress:
    """The progress of a stored form."""
    record = orjson.loads(stored)
    return Progress(**{**record, "start": bytes.fromhex(record["start"])})


def begin_backfill(txn: Transaction, table: Table, index: Index) -> None:
    """Leave to the background that the index gets the entries of all items that are there."""
    progress = Progress(
        account=table.account, region=table.region, name=table.name, start=table.items_prefix
    )
    txn.put(keyspace.backfill_key(table.number, index.number), encode_progress(progress))


def begin_removal(txn: Transaction, table: Table, index: Index) -> None:
    """Leave to the background that the index's data goes; nothing is added to it any more."""
    txn.delete(keyspace.backfill_key(table.number, index.number))
    txn.put(keyspace.index_sweep_key(table.number, index.number), b"")


async def free_number(txn: Transaction, table: Table) -> int:
    """A number for a further index of the table: of no index, and with nothing left to remove."""
    taken = {index.number for index in table.indexes}
    number = 1
    while number in taken or await _is_swept(txn, table, number):
        number += 1
    return number


async def _is_swept(txn: Transaction, table: Table, number: int) -> bool:
    return await txn.get(keyspace.index_sweep_key(table.number, number)) is not None
