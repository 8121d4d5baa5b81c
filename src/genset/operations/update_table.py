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
from genset.operations import table_description, table_rules, throughput_changes, update_rules
from genset.operations.catalog import maybe_table, put_table, status_of, table_name
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.table_rules import (
    NO_CEILING,
    ON_DEMAND,
    ON_DEMAND_WARM_UNITS,
    PROVISIONED,
    THROUGHPUT_MEMBERS,
    WARM_MEMBERS,
    invalid,
)
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
_SLOW_CHANGES: Final = (*_THROUGHPUT_CHANGES, "StreamSpecification", "TableClass")
_NO_CEILINGS: Final = "cannot be specified when the table BillingMode is PROVISIONED"
_STANDARD: Final = "STANDARD"


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
        missing = (
            f"Index: {name} not found"
            if action == "delete"
            else (f"Index {name} for table {table.name}")
        )
        raise ResourceNotFoundException(f"Requested resource not found: {missing}")
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
    now = plan.scope.services.now()
    changed = _changed(table, plan, now)
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


def _changed(table: Table, plan: Plan, now: float) -> Table:
    request = plan.request
    billing_mode = request.get("BillingMode") or table.billing_mode
    read_units, write_units = _units(table, billing_mode, plan)
    changed = dataclasses.replace(
        table,
        billing_mode=billing_mode,
        read_units=read_units,
        write_units=write_units,
        indexes=_changed_indexes(table, billing_mode, plan.index_updates, now),
        extras=_changed_extras(table, billing_mode, (read_units, write_units), request, now),
    )
    if _slow_members(changed) != _slow_members(table):
        settled_at = now + plan.scope.services.transition_s
        changed = dataclasses.replace(changed, status="UPDATING", settled_at=settled_at)
    protection = request.get("DeletionProtectionEnabled")
    if protection is not None:
        changed = dataclasses.replace(changed, deletion_protection=protection)
    return changed


def _slow_members(table: Table) -> tuple[Any, ...]:
    """What a table is UPDATING for when it changes; the same sent again changes nothing."""
    slow = (table.extras.get("StreamSpecification"), table.extras.get("TableClass"))
    return table.billing_mode, table.read_units, table.write_units, *slow


def _units(table: Table, billing_mode: str, plan: Plan) -> tuple[int, int]:
    throughput = plan.request.get("ProvisionedThroughput")
    table_rules.check_not_both(billing_mode, throughput)
    if billing_mode == ON_DEMAND:
        return 0, 0
    if not throughput:
        return table.read_units, table.write_units
    units = table_rules.throughput_units(throughput)
    _check_units_change(units, (table.read_units, table.write_units), "the table", "the table")
    return units


def _check_units_change(
    asked: tuple[int, int], current: tuple[int, int], part: str, named: str
) -> None:
    """Refuse throughput that is what `part` has; what it had on demand was none."""
    if asked != current:
        return
    figures = " ".join(
        f"Current {member} provisioned for {named}: {had}. Requested {member}: {wanted}."
        for member, had, wanted in zip(THROUGHPUT_MEMBERS, current, asked, strict=True)
    )
    raise ValidationException(
        f"The provisioned throughput for {part} will not change. The requested value equals the "
        f"current value. {figures} Refer to the Amazon DynamoDB Developer Guide for current "
        "limits and how to request higher limits."
    )


def _changed_indexes(
    table: Table, billing_mode: str, updates: dict[str, dict[str, Any]], now: float
) -> tuple[Index, ...]:
    return tuple(
        _changed_index(table, index, billing_mode, updates.get(index.name), now)
        if index.is_global
        else index
        for index in table.indexes
    )


def _changed_index(
    table: Table, index: Index, billing_mode: str, update: dict[str, Any] | None, now: float
) -> Index:
    units = _index_units(table, index, billing_mode, update)
    asked = update or {}
    extras = _merged_ceilings(
        index.extras,
        billing_mode,
        asked,
        refused=f"for index : {index.name} {_NO_CEILINGS}",
        part=f"index : {index.name}",
    )
    extras = _counted(table, index, extras, billing_mode, units, now)
    warm = asked.get("WarmThroughput")
    extras["WarmThroughput"] = _raised_warm(
        table, index, billing_mode, units, warm, f"index {index.name}"
    )
    return dataclasses.replace(index, read_units=units[0], write_units=units[1], extras=extras)


def _index_units(
    table: Table, index: Index, billing_mode: str, update: dict[str, Any] | None
) -> tuple[int, int]:
    asked = update or {}
    throughput = asked.get("ProvisionedThroughput")
    others = asked.get("OnDemandThroughput") or asked.get("WarmThroughput")
    if billing_mode == ON_DEMAND:
        if update is not None and (throughput or not others):
            raise invalid(
                f"The only Updates for index: {index.name} when TableThroughputMode is "
                "PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput"
            )
        return 0, 0
    if throughput:
        units = table_rules.throughput_units(throughput)
        current = (index.read_units, index.write_units)
        _check_units_change(units, current, f"the index {index.name}", f"index {index.name}")
        return units
    if table.billing_mode == ON_DEMAND:
        raise invalid(f"ProvisionedThroughput must be specified for index: {index.name}")
    if update is not None and not others:
        raise invalid(
            "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: "
            f"{index.name}"
        )
    return index.read_units, index.write_units


def _merged_ceilings(
    extras: dict[str, Any], billing_mode: str, request: dict[str, Any], *, refused: str, part: str
) -> dict[str, Any]:
    """A copy of `extras` with the ceilings that the request sets, without those it removes."""
    asked = request.get("OnDemandThroughput") or {}
    table_rules.check_on_demand(
        asked,
        refused=refused if billing_mode == PROVISIONED else None,
        part=part,
        lowest=(NO_CEILING,),
    )
    merged = dict(extras)
    ceilings = {**(merged.pop("OnDemandThroughput", None) or {}), **asked}
    kept = {m: units for m, units in ceilings.items() if units not in (None, NO_CEILING)}
    if kept and billing_mode == ON_DEMAND:
        merged["OnDemandThroughput"] = kept
    return merged


def _counted(
    table: Table,
    part: Table | Index,
    extras: dict[str, Any],
    billing_mode: str,
    units: tuple[int, int],
    now: float,
) -> dict[str, Any]:
    """`extras` with the change of throughput, if it is one and not one of the billing mode."""
    had = (part.read_units, part.write_units)
    if units == had or not table.billing_mode == billing_mode == PROVISIONED:
        return extras
    return throughput_changes.after_change(extras, had, units, now)


def _raised_warm(
    table: Table,
    part: Table | Index,
    billing_mode: str,
    units: tuple[int, int],
    asked: dict[str, Any] | None,
    named: str,
) -> dict[str, int]:
    """The WarmThroughput after a change: it rises with what it serves, and never falls."""
    floors = ON_DEMAND_WARM_UNITS if billing_mode == ON_DEMAND else units
    raised = {}
    had = table_description.warm_units(table, part)
    for member, current, floor in zip(WARM_MEMBERS, had, floors, strict=True):
        wanted = (asked or {}).get(member)
        if wanted is not None and wanted < current:
            raise invalid(
                f"Requested {member} for WarmThroughput for {named} is lower than current "
                "WarmThroughput, decreasing WarmThroughput is not supported"
            )
        raised[member] = max(current, floor, wanted or 0)
    return raised


def _changed_extras(
    table: Table,
    billing_mode: str,
    units: tuple[int, int],
    request: Request,
    now: float,
) -> dict[str, Any]:
    extras = _merged_ceilings(
        table.extras, billing_mode, request, refused=_NO_CEILINGS, part="table"
    )
    extras = _counted(table, table, extras, billing_mode, units, now)
    asked = request.get("WarmThroughput")
    extras["WarmThroughput"] = _raised_warm(table, table, billing_mode, units, asked, "table")
    table_class = request.get("TableClass")
    if table_class and table_class != extras.get("TableClass", _STANDARD):
        extras["TableClass"] = table_class
        extras["TableClassChangedAt"] = now
    if billing_mode != table.billing_mode:
        extras["BillingModeChangedAt"] = now
        if billing_mode == ON_DEMAND:
            extras["OnDemandSince"] = now
    sse = request.get("SSESpecification")
    if sse is not None:
        _check_encryption_changes(table, sse)
        extras["SSESpecification"] = sse
    stream = request.get("StreamSpecification")
    if not stream:
        return extras
    enabled = "StreamSpecification" in extras
    if stream.get("StreamEnabled") and enabled:
        raise ValidationException(f"Table already has an enabled stream: TableName: {table.name}")
    if not stream.get("StreamEnabled") and not enabled:
        raise ValidationException(f"Table has no stream to disable: TableName: {table.name}")
    return table_description.with_stream(table, {**extras, "StreamSpecification": stream}, now)


def _check_encryption_changes(table: Table, sse: dict[str, Any]) -> None:
    encrypted = table_rules.is_encrypted(table.extras.get("SSESpecification"))
    if not encrypted and not table_rules.is_encrypted(sse):
        raise invalid("Table is already encrypted by default")
    # Only the ARN of the key is compared: the same key under another name encrypts anew.
    if encrypted and sse.get("KMSMasterKeyId") == table_description.kms_key_arn(table):
        raise invalid(
            "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter "
            "if you want to change Master Key"
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
    if changed.billing_mode == PROVISIONED:
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
        if update is not None:
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
