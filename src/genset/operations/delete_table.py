"""DeleteTable. The table goes at once; `genset.background.sweep` removes its data afterwards."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from genset.model.errors import ValidationException
from genset.operations import stream_changes, table_description, update_conflicts
from genset.operations.catalog import existing_table, put_table, status_of, table_name
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.storage import keyspace
from genset.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A table to delete."""

    scope: Scope
    name: str


def prepare(request: Request, scope: Scope) -> Plan:
    """Read the name."""
    return Plan(scope=scope, name=table_name(scope, request["TableName"]))


async def execute(plan: Plan, txn: Transaction) -> Answer:
    """Delete the table.

    Raises ResourceNotFoundException, ResourceInUseException while the table is changing, and
    ValidationException if it is protected.
    """
    scope = plan.scope
    table = await existing_table(txn, scope, plan.name)
    status, now = status_of(table, scope), scope.services.now()
    update_conflicts.check_table(table, status)
    update_conflicts.check_deletable(table, status, now)
    if table.deletion_protection:
        raise ValidationException(
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first."
        )
    counts = await table_description.read_counts(txn, table)
    transition_s = scope.services.transition_s
    deleting = dataclasses.replace(table, status="DELETING", settled_at=now + transition_s)
    deleting = await stream_changes.close_stream(txn, deleting, now)
    record = keyspace.catalog_key(table.account, table.region, table.name)
    if transition_s > 0:
        put_table(txn, deleting)
        txn.put(keyspace.leaving_key(record, math.ceil(deleting.settled_at * 1000)), b"")
    else:
        txn.delete(record)
    txn.put(keyspace.sweep_key(table.number), b"")
    return {"TableDescription": table_description.describe_deletion(table, counts, now)}


OPERATION = Operation(name="DeleteTable", writes=True, wakes=True, prepare=prepare, execute=execute)
