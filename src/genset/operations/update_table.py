"""UpdateTable.

What a change answers, and which changes make a table UPDATING, was observed on the service in
October 2026: a switch of the billing mode, of throughput, of the stream and of the table class
do, and so do the first phase of an index's creation and its deletion; every other change leaves
the table ACTIVE, and shows in a status of its own at most.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Final

from genset.model.tables import Index, Table
from genset.operations import (
    index_backfill,
    stream_changes,
    table_changes,
    table_description,
    table_rules,
    update_conflicts,
    update_rules,
)
from genset.operations.catalog import existing_table, put_table, status_of, table_name
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.table_rules import THROUGHPUT, WARM_MEMBERS
from genset.operations.update_rules import IndexChanges
from genset.storage.engine import Transaction

_UNSUPPORTED: Final = (
    "ReplicaUpdates",
    "MultiRegionConsistency",
    "GlobalTableWitnessUpdates",
    "GlobalTableSettingsReplicationMode",
    "DisassociationProtectionEnabled",
    "VectorIndexUpdates",
)
_SLOW_CHANGES: Final = (
    "BillingMode",
    "ProvisionedThroughput",
    "StreamSpecification",
    "TableClass",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Changes to a table: the request's members, and what they ask of its indexes."""

    scope: Scope
    name: str
    request: Request
    index_changes: IndexChanges


def prepare(request: Request, scope: Scope) -> Plan:
    """Check what needs no table; raises ValidationException and UnknownOperationException."""
    name = table_name(scope, request["TableName"])
    table_rules.refuse_unsupported(request, _UNSUPPORTED)
    changes = update_rules.check_update(request)
    return Plan(scope=scope, name=name, request=request, index_changes=changes)


async def execute(plan: Plan, txn: Transaction) -> Answer:
    """Change the table; the answer shows its throughput as it was.

    Raises ResourceNotFoundException, ResourceInUseException and LimitExceededException while the
    table or an index is changing, and ValidationException.
    """
    table = await existing_table(txn, plan.scope, plan.name)
    status = status_of(table, plan.scope)
    services = plan.scope.services
    now = services.now()
    update_conflicts.check_table(table, status)
    update_conflicts.check_changes(table, plan.request, plan.index_changes, now)
    number = await index_backfill.free_number(txn, table) if plan.index_changes.creates else 0
    changed = table_changes.changed(
        table,
        plan.request,
        plan.index_changes,
        number=number,
        now=now,
        transition_s=services.transition_s,
    )
    changed = await stream_changes.follow_specification(txn, changed, now)
    put_table(txn, changed)
    _leave_to_background(txn, table, changed)
    counts = await table_description.read_counts(txn, table)
    if plan.index_changes.are_online or any(plan.request.get(member) for member in _SLOW_CHANGES):
        status = "UPDATING"
    return {"TableDescription": _answered(table, changed, plan, status, counts, now)}


def _leave_to_background(txn: Transaction, before: Table, after: Table) -> None:
    for index in before.indexes:
        if after.index(index.name) is None:
            index_backfill.begin_removal(txn, before, index)
    for index in after.indexes:
        if before.index(index.name) is None:
            index_backfill.begin_backfill(txn, after, index)


def _answered(
    before: Table,
    changed: Table,
    plan: Plan,
    status: str,
    counts: table_description.Counts,
    now: float,
) -> table_description.Description:
    """The description in the answer: what takes time shows as it was, being updated."""
    request, updates = plan.request, plan.index_changes.updates
    shown = _at_its_beginning(changed, plan)
    answered = table_description.describe(shown, status, counts, now)
    if request.get("BillingMode"):
        answered.get("BillingModeSummary", {}).pop("LastUpdateToPayPerRequestDateTime", None)
    _show_warm(answered, before, before, updating=bool(request.get("WarmThroughput")))
    for index in answered.get("GlobalSecondaryIndexes", ()):
        update = updates.get(index["IndexName"])
        had = before.index(index["IndexName"])
        if had is None:
            continue
        _show_warm(index, before, had, updating=bool(update and update.get("WarmThroughput")))
    if request.get("SSESpecification") is not None:
        key = table_description.encryption(changed) or table_description.encryption(before)
        answered["SSEDescription"] = {**key, "Status": "UPDATING"}
    _echo_ceilings(answered, changed, request)
    return answered


def _at_its_beginning(changed: Table, plan: Plan) -> Table:
    """The table with all that the request changes under way, however short that is."""
    created = {create["IndexName"] for create in plan.index_changes.creates}
    indexes = []
    for index in changed.indexes:
        update = plan.index_changes.updates.get(index.name, {})
        if index.name in created:
            index = dataclasses.replace(index, allocated_at=math.inf)
        if any(update.get(member) for member in table_changes.UPDATING_MEMBERS):
            index = dataclasses.replace(index, updated_at=math.inf)
        indexes.append(index)
    changes = changed.changes
    if plan.request.get("ProvisionedThroughput"):
        changes = {**changes, THROUGHPUT: math.inf}
    deleting = tuple(dataclasses.replace(index, gone_at=math.inf) for index in changed.deleting)
    return dataclasses.replace(changed, indexes=tuple(indexes), deleting=deleting, changes=changes)


def _show_warm(
    described: dict[str, Any], table: Table, part: Table | Index, *, updating: bool
) -> None:
    units = table_description.warm_units(table, part)
    described["WarmThroughput"] = {
        **dict(zip(WARM_MEMBERS, units, strict=True)),
        "Status": "UPDATING" if updating else "ACTIVE",
    }


def _echo_ceilings(answered: dict[str, Any], changed: Table, request: Request) -> None:
    """Show in the answer the ceilings that the request removed, as -1."""
    asked = request.get("OnDemandThroughput")
    if asked:
        kept = changed.extras.get("OnDemandThroughput", {})
        answered["OnDemandThroughput"] = {**kept, **asked}


OPERATION = Operation(name="UpdateTable", writes=True, wakes=True, prepare=prepare, execute=execute)
