"""Which changes of a table exclude each other while they are under way.

What is refused, in which words, and which refusal comes first was observed on the service in
October 2026; where a pair of changes was not, the words of the nearest one are taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from genset.model import index_states
from genset.model.errors import (
    LimitExceededException,
    ResourceInUseException,
    ResourceNotFoundException,
    ValidationException,
)
from genset.model.tables import Index, Table
from genset.operations.operation import Request
from genset.operations.table_rules import (
    ENCRYPTION,
    STREAM,
    TABLE_CLASS,
    THROUGHPUT,
    is_under_way,
)
from genset.operations.update_rules import IndexChanges


def in_use(what: str) -> ResourceInUseException:
    """The exception for a table or index whose state does not allow a change."""
    return ResourceInUseException(f"Attempt to change a resource which is still in use: {what}")


def check_table(table: Table, status: str) -> None:
    """Check that the table is neither being created nor deleted."""
    if status in ("CREATING", "DELETING"):
        doing = "created" if status == "CREATING" else "deleted"
        raise in_use(f"Table is being {doing}: {table.name}")


def check_changes(table: Table, request: Request, changes: IndexChanges, now: float) -> None:
    """Check that nothing is under way that excludes a change that the request asks for.

    Raises ResourceInUseException, LimitExceededException, ResourceNotFoundException and
    ValidationException.
    """
    if len(changes.creates) + len(changes.deletes) > 1:
        raise _one_at_a_time()
    for name in changes.updates:
        _check_update(table, name, now)
    for name in changes.deletes:
        _check_delete(table, name, now)
    for create in changes.creates:
        _check_create(table, create["IndexName"], now)
    if changes.are_online:
        _check_online(table, changes, now)
    _check_throughput(table, request, now)
    if request.get("StreamSpecification"):
        _check_stream(table, now)
    if request.get("TableClass"):
        _check_class(table, now)
    if request.get("OnDemandThroughput"):
        _check_ceilings(table, now)
    asked = request.get("SSESpecification")
    if asked and asked != table.extras.get("SSESpecification"):
        _check_encryption(table, now)


def _one_at_a_time() -> LimitExceededException:
    return LimitExceededException(
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously "
        "per table"
    )


def _check_present(table: Table, name: str, action: str, now: float) -> Index:
    """The index of that name, if it is global and not being deleted."""
    _check_not_leaving(table, name, now)
    index = table.index(name)
    if index is None:
        raise ResourceNotFoundException(
            f"Requested resource not found: Index {name} for table {table.name}"
        )
    if not index.is_global:
        raise ValidationException(
            f"Cannot {action} an index that is not a GlobalSecondaryIndex: {name}"
        )
    return index


def _check_not_leaving(table: Table, name: str, now: float) -> None:
    if any(index.name == name for index in index_states.being_deleted(table, now)):
        raise in_use(f"Index is being deleted. Table: {table.name} Index: {name}")


def _check_update(table: Table, name: str, now: float) -> None:
    index = _check_present(table, name, "update", now)
    if index_states.is_being_allocated(index, now):
        raise _not_backfilling(table, name)
    if index_states.is_being_updated(index, now):
        raise in_use(f"Index is being updated. Table: {table.name} Index: {name}")


def _not_backfilling(table: Table, name: str) -> ResourceInUseException:
    return in_use(
        f"Index is being created but is not backfilling yet.  Table: {table.name} Index: {name}"
    )


def _check_delete(table: Table, name: str, now: float) -> None:
    index = _check_present(table, name, "delete", now)
    if index_states.is_being_allocated(index, now):
        raise in_use(
            "Index creation is in resource allocation phase. Retry deletion during backfilling "
            f"phase or when the index is active. Table: {table.name} Index: {name}"
        )
    if index_states.is_being_updated(index, now):
        raise in_use(f"Index is being updated. Table: {table.name} Index: {name}")


def _check_create(table: Table, name: str, now: float) -> None:
    _check_not_leaving(table, name, now)
    index = table.index(name)
    if index is None:
        return
    if index_states.is_being_allocated(index, now):
        raise _not_backfilling(table, name)
    raise ValidationException("Attempting to create an index which already exists")


def _check_online(table: Table, changes: IndexChanges, now: float) -> None:
    """Check that an index may be created or deleted; one that is backfilling may be deleted."""
    others = [index for index in table.indexes if index.name not in changes.deletes]
    if index_states.being_deleted(table, now) or any(
        index_states.is_being_created(index, now) for index in others
    ):
        raise _one_at_a_time()
    if is_under_way(table, THROUGHPUT, now):
        raise in_use(
            "Can't create or delete indexes while table IOPS are being updated. "
            f"Table: {table.name}"
        )
    if is_under_way(table, STREAM, now):
        raise in_use(
            "Can't create or delete an index when stream status is being updated. "
            + _stream_change(table)
        )
    if is_under_way(table, TABLE_CLASS, now):
        raise in_use(
            "Can't create or delete an index when a table class update is in progress. "
            + _class_change(table)
        )


def _check_throughput(table: Table, request: Request, now: float) -> None:
    mode = request.get("BillingMode")
    if not request.get("ProvisionedThroughput") and mode in (None, table.billing_mode):
        if mode is not None and is_under_way(table, THROUGHPUT, now):
            raise _being_updated(table)
        return
    if is_under_way(table, THROUGHPUT, now):
        raise _being_updated(table)
    for doing, indexes in _busy_indexes(table, now):
        raise in_use(
            f"Can't change table IOPS when an index is being {doing}. "
            f"Table: {table.name} Indexes: {_listed(indexes)}"
        )
    if is_under_way(table, STREAM, now):
        raise in_use(
            f"Can't change table IOPS when stream status is being updated. {_stream_change(table)}"
        )


def _being_updated(table: Table) -> ResourceInUseException:
    return in_use(f"Table IOPS are currently being updated. Table: {table.name}")


def _check_stream(table: Table, now: float) -> None:
    if is_under_way(table, THROUGHPUT, now):
        raise in_use(
            "Can't enable or disable stream while table IOPS are being updated. "
            f"Table: {table.name}"
        )
    for doing, indexes in _busy_indexes(table, now):
        raise in_use(
            f"Can't change stream status when an index is being {doing}. "
            f"Table: {table.name} Indexes: {_listed(indexes)}"
        )
    if is_under_way(table, STREAM, now):
        raise in_use(f"A stream status change is currently in progress. {_stream_change(table)}")
    if is_under_way(table, TABLE_CLASS, now):
        raise in_use(
            "Can't change stream status when a table class update is in progress. "
            + _class_change(table)
        )


def _check_class(table: Table, now: float) -> None:
    if is_under_way(table, TABLE_CLASS, now):
        raise in_use(
            "Can't update table class when a table class update is in progress. "
            + _class_change(table)
        )
    if is_under_way(table, STREAM, now):
        raise in_use(
            "Can't update table class when stream status is being updated. " + _stream_change(table)
        )


def _check_ceilings(table: Table, now: float) -> None:
    busy = [
        f"index {'creation' if doing == 'created' else 'deletion'} is in progress for indexes: "
        f"{_listed(indexes)}"
        for doing, indexes in _busy_indexes(table, now)
    ]
    if is_under_way(table, THROUGHPUT, now):
        busy.append("BillingMode update is in progress")
    if is_under_way(table, STREAM, now):
        busy.append("stream status update is in progress")
    if is_under_way(table, TABLE_CLASS, now):
        found = table.extras.get("TableClass")
        busy.append(f"TableClass update is in progress. TableClassUpdateInProgress: {found}")
    if busy:
        raise in_use(f"OnDemandThroughput cannot be updated while {busy[0]}")


def _check_encryption(table: Table, now: float) -> None:
    if is_under_way(table, ENCRYPTION, now):
        raise in_use("Server-Side Encryption is still being updated")


def _busy_indexes(table: Table, now: float) -> Iterable[tuple[str, tuple[Index, ...]]]:
    """The indexes that keep the table UPDATING, and what is done with them."""
    allocated = tuple(i for i in table.indexes if index_states.is_being_allocated(i, now))
    if allocated:
        yield "created", allocated
    leaving = index_states.being_deleted(table, now)
    if leaving:
        yield "deleted", leaving


def _listed(indexes: Iterable[Index]) -> str:
    return f"[{', '.join(index.name for index in indexes)}]"


def _stream_change(table: Table) -> str:
    operation = "ENABLE" if "StreamSpecification" in table.extras else "DISABLE"
    label: Any = table.extras.get("LatestStreamLabel")
    return f"Table: {table.name} Stream: {label} Operation: {operation}"


def _class_change(table: Table) -> str:
    found = table.extras.get("TableClass")
    return f"Table: {table.name} TableClassUpdateInProgress: {found}"


def check_deletable(table: Table, status: str, now: float) -> None:
    """Check that nothing of the table is changing that keeps it from deletion."""
    busy = index_states.being_deleted(table, now) or any(
        index_states.status(index, now) != "ACTIVE" for index in table.indexes
    )
    if busy:
        raise in_use("Cannot delete table while indexes are being created, updated, or deleted.")
    if is_under_way(table, STREAM, now):
        raise in_use("Cannot delete table while stream is being enabled/disabled.")
    if status == "UPDATING" or is_under_way(table, ENCRYPTION, now):
        raise in_use(f"Table: {table.name} is in the process of being updated.")
