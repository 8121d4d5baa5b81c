"""UpdateTable, but for creating and deleting indexes.

What a change answers, and which changes make a table UPDATING, was observed on the service in
October 2026: a switch of the billing mode, of throughput, of the stream and of the table class
do; every other change leaves the table ACTIVE, and shows in a status of its own at most.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

from genset.model.errors import (
    ResourceInUseException,
    ResourceNotFoundException,
    UnknownOperationException,
    ValidationException,
)
from genset.model.tables import Index, Table
from genset.operations import (
    stream_changes,
    table_changes,
    table_description,
    table_rules,
    throughput_changes,
    update_rules,
)
from genset.operations.catalog import maybe_table, put_table, status_of, table_name
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.table_rules import WARM_MEMBERS
from genset.storage.engine import Transaction

_UNSUPPORTED: Final = (
    "ReplicaUpdates",
    "MultiRegionConsistency",
    "GlobalTableWitnessUpdates",
    "GlobalTableSettingsReplicationMode",
    "DisassociationProtectionEnabled",
    "VectorIndexUpdates",
)
_THROUGHPUT_CHANGES: Final = ("BillingMode", "ProvisionedThroughput")
_INDEX_CHANGES: Final = ("ProvisionedThroughput", "OnDemandThroughput")
_SLOW_CHANGES: Final = (*_THROUGHPUT_CHANGES, "StreamSpecification", "TableClass")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Changes to a table: the request's members, and those to its indexes by name."""

    scope: Scope
    name: str
    request: Request
    index_updates: dict[str, dict[str, Any]]


def prepare(request: Request, scope: Scope) -> Plan:
    """Check what needs no table; raises ValidationException and UnknownOperationException."""
    name = table_name(scope, request["TableName"])
    table_rules.refuse_unsupported(request, _UNSUPPORTED)
    updates = update_rules.check_update(request)
    return Plan(scope=scope, name=name, request=request, index_updates=updates)


def _check_indexes(table: Table, given: Any) -> None:
    """Check that the indexes named are there; genset neither creates nor deletes any."""
    for change in given:
        for action in ("Update", "Delete"):
            if change.get(action):
                _check_global(table, change[action]["IndexName"], action.lower())
    if any(change.get("Create") or change.get("Delete") for change in given):
        raise UnknownOperationException(
            "genset does not create or delete indexes on a live table yet"
        )


def _check_global(table: Table, name: str, action: str) -> None:
    index = table.index(name)
    if index is None:
        raise ResourceNotFoundException(
            f"Requested resource not found: Index {name} for table {table.name}"
        )
    if not index.is_global:
        raise ValidationException(
            f"Cannot {action} an index that is not a GlobalSecondaryIndex: {name}"
        )


async def execute(plan: Plan, txn: Transaction) -> Answer:
    """Change the table; the answer shows its throughput as it was.

    Raises ResourceNotFoundException, ResourceInUseException while the table is changing, and
    ValidationException.
    """
    table = await maybe_table(txn, plan.scope, plan.name)
    if table is None:
        raise ResourceNotFoundException(
            f"Requested resource not found: Table: {plan.name} not found"
        )
    _check_indexes(table, plan.request.get("GlobalSecondaryIndexUpdates") or ())
    status = status_of(table, plan.scope)
    _check_status(table, status, plan.request)
    services = plan.scope.services
    now = services.now()
    if status == "UPDATING":
        given = [member for member, value in plan.request.items() if value]
        await stream_changes.check_no_switch(txn, table, given, now)
    changed = table_changes.changed(
        table, plan.request, plan.index_updates, now=now, transition_s=services.transition_s
    )
    changed = await stream_changes.follow_specification(txn, changed, now)
    put_table(txn, changed)
    counts = await table_description.read_counts(txn, table)
    if any(plan.request.get(member) for member in _SLOW_CHANGES):
        status = "UPDATING"
    return {"TableDescription": _answered(table, changed, plan, status, counts, now)}


def _check_status(table: Table, status: str, request: Request) -> None:
    """Check that no change is under way that excludes this one."""
    in_use = "Attempt to change a resource which is still in use:"
    if status in ("CREATING", "DELETING"):
        doing = "created" if status == "CREATING" else "deleted"
        raise ResourceInUseException(f"{in_use} Table is being {doing}: {table.name}")
    if status == "UPDATING" and any(request.get(member) for member in _THROUGHPUT_CHANGES):
        raise ResourceInUseException(
            f"{in_use} Table IOPS are currently being updated. Table: {table.name}"
        )


def _answered(
    before: Table,
    changed: Table,
    plan: Plan,
    status: str,
    counts: table_description.Counts,
    now: float,
) -> table_description.Description:
    """The description in the answer: what takes time shows as it was, being updated."""
    request = plan.request
    shown = changed
    if changed.billing_mode == before.billing_mode:
        # A switch of the billing mode shows the throughput to come, a change of it the old one.
        shown = _with_throughput_of(before, changed)
    answered = table_description.describe(shown, status, counts, now)
    if request.get("BillingMode"):
        answered.get("BillingModeSummary", {}).pop("LastUpdateToPayPerRequestDateTime", None)
    _show_warm(answered, before, before, updating=bool(request.get("WarmThroughput")))
    for index in answered.get("GlobalSecondaryIndexes", ()):
        update = plan.index_updates.get(index["IndexName"])
        had = before.index(index["IndexName"])
        assert had is not None
        _show_warm(index, before, had, updating=bool(update and update.get("WarmThroughput")))
        if update and any(update.get(member) for member in _INDEX_CHANGES):
            index["IndexStatus"] = "UPDATING"
    if request.get("SSESpecification") is not None:
        key = table_description.encryption(changed) or table_description.encryption(before)
        answered["SSEDescription"] = {**key, "Status": "UPDATING"}
    _echo_ceilings(answered, changed, request)
    return answered


def _show_warm(
    described: dict[str, Any], table: Table, part: Table | Index, *, updating: bool
) -> None:
    units = table_description.warm_units(table, part)
    described["WarmThroughput"] = {
        **dict(zip(WARM_MEMBERS, units, strict=True)),
        "Status": "UPDATING" if updating else "ACTIVE",
    }


def _with_throughput_of(before: Table, changed: Table) -> Table:
    """`changed` with the throughput of `before`: what an UPDATING table still has."""
    indexes = tuple(
        dataclasses.replace(
            new,
            read_units=old.read_units,
            write_units=old.write_units,
            extras=throughput_changes.while_changing(old.extras, new.extras),
        )
        for old, new in zip(before.indexes, changed.indexes, strict=True)
    )
    return dataclasses.replace(
        changed,
        read_units=before.read_units,
        write_units=before.write_units,
        indexes=indexes,
        extras=throughput_changes.while_changing(before.extras, changed.extras),
    )


def _echo_ceilings(answered: dict[str, Any], changed: Table, request: Request) -> None:
    """Show in the answer the ceilings that the request removed, as -1."""
    asked = request.get("OnDemandThroughput")
    if asked:
        kept = changed.extras.get("OnDemandThroughput", {})
        answered["OnDemandThroughput"] = {**kept, **asked}


OPERATION = Operation(name="UpdateTable", writes=True, prepare=prepare, execute=execute)
