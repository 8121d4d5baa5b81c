"""Finding tables: the catalog's records, and what a table parameter means.

A table's record is read in the transaction that uses it, so a schema is never stale; parsing is
saved by comparing the stored bytes with those last parsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from genset.model.errors import ResourceNotFoundException, ValidationException
from genset.model.index_states import is_being_created
from genset.model.tables import Index, Table, decode_table, encode_table
from genset.operations.operation import Scope
from genset.storage import keyspace
from genset.storage.engine import Snapshot, Transaction

_PARSED_MAX: Final = 4096
_parsed: dict[bytes, tuple[bytes, Table]] = {}


def table_name(scope: Scope, name_or_arn: str) -> str:
    """The table name in a TableName parameter, which may be an ARN.

    An ARN of another Region is refused in the service's words, as observed on DescribeTable; one
    of another account names no table that this caller can reach.
    """
    if not name_or_arn.startswith("arn:"):
        return name_or_arn
    _, _, _, region, account, resource = name_or_arn.split(":", 5)
    if region != scope.region:
        raise ValidationException(
            f"1 validation error detected: Invalid AWS region in '{name_or_arn}'"
        )
    if account != scope.account:
        raise ResourceNotFoundException("Requested resource not found")
    return resource.removeprefix("table/").split("/", 1)[0]


async def maybe_table(snapshot: Snapshot, scope: Scope, name: str) -> Table | None:
    """The table of that name as the catalog has it, whatever its status; None if gone."""
    key = keyspace.catalog_key(scope.account, scope.region, name)
    stored = await snapshot.get_stable(key)
    if stored is None:
        return None
    parsed = _parsed.get(key)
    if parsed is not None and parsed[0] == stored:
        table = parsed[1]
    else:
        table = decode_table(stored)
        if len(_parsed) >= _PARSED_MAX:
            _parsed.clear()
        _parsed[key] = (stored, table)
    if table.status == "DELETING" and has_gone(table, scope.services.now()):
        return None
    return table


def has_gone(table: Table, now: float) -> bool:
    """Whether the table was deleted and is no longer DELETING."""
    return table.status == "DELETING" and now >= table.settled_at


async def existing_table(snapshot: Snapshot, scope: Scope, name: str) -> Table:
    """The table of that name, whatever its status; raises ResourceNotFoundException."""
    table = await maybe_table(snapshot, scope, name)
    if table is None:
        raise ResourceNotFoundException(f"Requested resource not found: Table: {name} not found")
    return table


def status_of(table: Table, scope: Scope) -> str:
    """The table's status now."""
    if table.status != "ACTIVE" and scope.services.now() >= table.settled_at:
        return "ACTIVE"
    return table.status


async def usable_table(snapshot: Snapshot, scope: Scope, name: str) -> Table:
    """The table of that name for reading and writing items.

    Raises ResourceNotFoundException if there is none, or if it is still being created.
    """
    table = await maybe_table(snapshot, scope, name)
    if table is None or (
        table.status in ("CREATING", "DELETING") and status_of(table, scope) != "ACTIVE"
    ):
        raise ResourceNotFoundException("Requested resource not found")
    return table


async def usable_tables(snapshot: Snapshot, scope: Scope, names: Sequence[str]) -> list[Table]:
    """`usable_table` of each name, of which many may be the same."""
    found: dict[str, Table] = {}
    for name in names:
        if name not in found:
            found[name] = await usable_table(snapshot, scope, name)
    return [found[name] for name in names]


def usable_index(table: Table, name: str, scope: Scope) -> Index:
    """The index of that name for reading.

    Raises ValidationException if the table has none, or if it is still being created.
    """
    index = table.index(name)
    if index is None:
        raise ValidationException(f"The table does not have the specified index: {name}")
    if is_being_created(index, scope.services.now()):
        # Reported from the service in 2022, with and without the name.
        raise ValidationException(
            f"Cannot read from backfilling global secondary index: {index.name}"
        )
    return index


def put_table(txn: Transaction, table: Table) -> None:
    """Write a table's record."""
    txn.put(keyspace.catalog_key(table.account, table.region, table.name), encode_table(table))
