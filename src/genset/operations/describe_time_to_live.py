"""DescribeTimeToLive. Its answers and words were observed on the service in October 2026."""

from __future__ import annotations

from dataclasses import dataclass

from genset.model.errors import ValidationException
from genset.model.tables import Table
from genset.operations.catalog import existing_table, status_of, table_name
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.storage.engine import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A table whose time to live is to be described."""

    scope: Scope
    name: str


def prepare(request: Request, scope: Scope) -> Plan:
    """Read the name."""
    return Plan(scope=scope, name=table_name(scope, request["TableName"]))


async def execute(plan: Plan, txn: Snapshot) -> Answer:
    """Describe it; raises ResourceNotFoundException and ValidationException."""
    table = await existing_table(txn, plan.scope, plan.name)
    status = status_of(table, plan.scope)
    if status in ("CREATING", "DELETING"):
        raise ValidationException(
            f"Cannot describe time to live while table is in {status} state: "
            f"Current table state is {status}"
        )
    return {"TimeToLiveDescription": _description(table, plan.scope.services.now())}


def _description(table: Table, now: float) -> dict[str, str]:
    """A table whose time to live is off looks as if it had never had any."""
    live = table.time_to_live
    if live is None or (not live.enabled and now >= live.settled_at):
        return {"TimeToLiveStatus": "DISABLED"}
    changing = now < live.settled_at
    if live.enabled:
        status = "ENABLING" if changing else "ENABLED"
    else:
        status = "DISABLING"
    return {"TimeToLiveStatus": status, "AttributeName": live.attribute}


OPERATION = Operation(name="DescribeTimeToLive", writes=False, prepare=prepare, execute=execute)
