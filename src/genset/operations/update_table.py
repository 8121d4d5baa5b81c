"""UpdateTable, but for creating and deleting indexes."""

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
from genset.operations import table_description, table_rules
from genset.operations.catalog import maybe_table, put_table, status_of, table_name
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.table_rules import NO_CEILING, ON_DEMAND, PROVISIONED, invalid
from genset.storage.engine import Transaction

_UNSUPPORTED: Final = (
    "ReplicaUpdates",
    "MultiRegionConsistency",
    "GlobalTableWitnessUpdates",
    "GlobalTableSettingsReplicationMode",
    "DisassociationProtectionEnabled",
    "VectorIndexUpdates",
)
_CHANGES: Final = (
    "BillingMode",
    "ProvisionedThroughput",
    "GlobalSecondaryIndexUpdates",
    "StreamSpecification",
    "SSESpecification",
    "TableClass",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "WarmThroughput",
)


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
    if all(request.get(member) is None for member in _CHANGES):
        raise ValidationException(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
            "GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required"
        )
    throughput = request.get("ProvisionedThroughput")
    table_rules.check_not_both(request.get("BillingMode"), throughput)
    table_rules.check_throughput_bounds(throughput)
    stream = request.get("StreamSpecification") or {}
    if stream.get("StreamEnabled") and stream.get("StreamViewType") is None:
        raise invalid("StreamViewType must be specified when StreamEnabled is true")
    if stream and not stream.get("StreamEnabled") and stream.get("StreamViewType") is not None:
        raise invalid("StreamViewType should not be specified when StreamEnabled is false")
    updates = _index_updates(request.get("GlobalSecondaryIndexUpdates") or ())
    return Plan(scope=scope, name=name, request=request, index_updates=updates)


def _index_updates(given: Any) -> dict[str, dict[str, Any]]:
    updates: dict[str, dict[str, Any]] = {}
    for change in given:
        if change.get("Create") or change.get("Delete"):
            continue
        update = change.get("Update")
        if not update:
            raise invalid("One of Create, Update or Delete is required in an index update")
        if update["IndexName"] in updates:
            raise invalid(
                "Only one global secondary index update per index is allowed simultaneously. "
                f"Index: {update['IndexName']}"
            )
        table_rules.check_throughput_bounds(update.get("ProvisionedThroughput"))
        updates[update["IndexName"]] = update
    return updates


def _refuse_index_changes(table: Table, given: Any) -> None:
    """Refuse to create or delete indexes; deleting one that is not there is the service's error."""
    for change in given:
        delete = change.get("Delete")
        if delete and table.index(delete["IndexName"]) is None:
            raise ResourceNotFoundException(
                f"Requested resource not found: Index: {delete['IndexName']} not found"
            )
        if delete or change.get("Create"):
            raise UnknownOperationException(
                "genset does not create or delete indexes on a live table yet"
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
    _refuse_index_changes(table, plan.request.get("GlobalSecondaryIndexUpdates") or ())
    status = status_of(table, plan.scope)
    if status != "ACTIVE":
        raise ResourceInUseException(
            f"Attempt to change a resource which is still in use: Table: {plan.name} is {status}"
        )
    now = plan.scope.services.now()
    changed = _changed(table, plan, now)
    put_table(txn, changed)
    counts = await table_description.read_counts(txn, table)
    answered = table_description.describe(_with_throughput_of(table, changed), "UPDATING", counts)
    _echo_ceilings(answered, changed, plan.request)
    return {"TableDescription": answered}


def _changed(table: Table, plan: Plan, now: float) -> Table:
    request = plan.request
    billing_mode = request.get("BillingMode") or table.billing_mode
    read_units, write_units = _units(table, billing_mode, plan)
    table_rules.check_warm(request.get("WarmThroughput"), billing_mode, (read_units, write_units))
    changed = dataclasses.replace(
        table,
        billing_mode=billing_mode,
        read_units=read_units,
        write_units=write_units,
        indexes=_changed_indexes(table, billing_mode, plan.index_updates),
        status="UPDATING",
        settled_at=now + plan.scope.services.transition_s,
        extras=_changed_extras(table, billing_mode, request, now),
    )
    protection = request.get("DeletionProtectionEnabled")
    if protection is not None:
        changed = dataclasses.replace(changed, deletion_protection=protection)
    return changed


def _units(table: Table, billing_mode: str, plan: Plan) -> tuple[int, int]:
    throughput = plan.request.get("ProvisionedThroughput")
    table_rules.check_not_both(billing_mode, throughput)
    if billing_mode == ON_DEMAND:
        return 0, 0
    if table.billing_mode == ON_DEMAND:
        table_rules.check_provisioned(throughput)
    if not throughput:
        return table.read_units, table.write_units
    reads, writes = table_rules.throughput_units(throughput)
    if (reads, writes) == (table.read_units, table.write_units):
        raise ValidationException(
            "The provisioned throughput for the table will not change. The requested value equals "
            "the current value. Current ReadCapacityUnits provisioned for the table: "
            f"{reads}. Requested ReadCapacityUnits: {reads}. "
            f"Current WriteCapacityUnits provisioned for the table: {writes}. "
            f"Requested WriteCapacityUnits: {writes}. Refer to the Amazon DynamoDB Developer "
            "Guide for current limits and how to request higher limits."
        )
    return reads, writes


def _changed_indexes(
    table: Table, billing_mode: str, updates: dict[str, dict[str, Any]]
) -> tuple[Index, ...]:
    for name in updates:
        index = table.index(name)
        if index is None or not index.is_global:
            raise ValidationException(
                "This operation cannot be performed with given input values. Please contact "
                "DynamoDB service team for more info: Action Blocked: IndexUpdate"
            )
    return tuple(
        _changed_index(table, index, billing_mode, updates.get(index.name, {}))
        if index.is_global
        else index
        for index in table.indexes
    )


def _changed_index(table: Table, index: Index, billing_mode: str, update: dict[str, Any]) -> Index:
    throughput = update.get("ProvisionedThroughput")
    if billing_mode == ON_DEMAND:
        if throughput:
            raise invalid(
                f"ProvisionedThroughput should not be specified for index: {index.name} "
                "when BillingMode is PAY_PER_REQUEST"
            )
        units = (0, 0)
    elif throughput:
        units = table_rules.throughput_units(throughput)
    elif table.billing_mode == ON_DEMAND:
        raise invalid(f"ProvisionedThroughput is not specified for index: {index.name}")
    else:
        units = (index.read_units, index.write_units)
    extras = _merged_ceilings(index.extras, billing_mode, update)
    if update.get("WarmThroughput"):
        extras["WarmThroughput"] = update["WarmThroughput"]
    return dataclasses.replace(index, read_units=units[0], write_units=units[1], extras=extras)


def _merged_ceilings(
    extras: dict[str, Any], billing_mode: str, request: dict[str, Any]
) -> dict[str, Any]:
    """A copy of `extras` with the ceilings that the request sets, without those it removes."""
    asked = request.get("OnDemandThroughput") or {}
    refused = "when the table BillingMode is PROVISIONED" if billing_mode == PROVISIONED else None
    table_rules.check_on_demand(asked, refused=refused, lowest=(NO_CEILING,))
    merged = dict(extras)
    ceilings = {**(merged.pop("OnDemandThroughput", None) or {}), **asked}
    kept = {m: units for m, units in ceilings.items() if units not in (None, NO_CEILING)}
    if kept and billing_mode == ON_DEMAND:
        merged["OnDemandThroughput"] = kept
    return merged


def _changed_extras(
    table: Table, billing_mode: str, request: Request, now: float
) -> dict[str, Any]:
    extras = _merged_ceilings(table.extras, billing_mode, request)
    for member in ("SSESpecification", "TableClass", "WarmThroughput"):
        if request.get(member):
            extras[member] = request[member]
    if billing_mode != table.billing_mode:
        extras["BillingModeChangedAt"] = now
        if billing_mode == ON_DEMAND:
            extras["OnDemandSince"] = now
    stream = request.get("StreamSpecification")
    if not stream:
        return extras
    enabled = "StreamSpecification" in extras
    if stream.get("StreamEnabled") and enabled:
        raise ValidationException(f"Table already has an enabled stream: TableName: {table.name}")
    if not stream.get("StreamEnabled") and not enabled:
        raise ValidationException(f"Table is already with stream disabled: TableName: {table.name}")
    return table_description.with_stream(table, {**extras, "StreamSpecification": stream}, now)


def _with_throughput_of(before: Table, changed: Table) -> Table:
    """`changed` with the throughput of `before`: what an UPDATING table still has."""
    indexes = tuple(
        dataclasses.replace(new, read_units=old.read_units, write_units=old.write_units)
        for old, new in zip(before.indexes, changed.indexes, strict=True)
    )
    return dataclasses.replace(
        changed, read_units=before.read_units, write_units=before.write_units, indexes=indexes
    )


def _echo_ceilings(answered: dict[str, Any], changed: Table, request: Request) -> None:
    """Show in the answer the ceilings that the request removed, as -1."""
    asked = request.get("OnDemandThroughput")
    if asked:
        kept = changed.extras.get("OnDemandThroughput", {})
        answered["OnDemandThroughput"] = {**kept, **asked}


OPERATION = Operation(name="UpdateTable", writes=True, prepare=prepare, execute=execute)
