"""DescribeTable."""

from __future__ import annotations

from dataclasses import dataclass

from genset.operations import table_description
from genset.operations.catalog import existing_table, status_of, table_name
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.storage.engine import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A table to describe."""

    scope: Scope
    name: str


def prepare(request: Request, scope: Scope) -> Plan:
    """Read the name."""
    return Plan(scope=scope, name=table_name(scope, request["TableName"]))


async def execute(plan: Plan, txn: Snapshot) -> Answer:
    """Describe the table, with exact counts; raises ResourceNotFoundException."""
    table = await existing_table(txn, plan.scope, plan.name)
    counts = await table_description.read_counts(txn, table)
    now = plan.scope.services.now()
    return {"Table": table_description.describe(table, status_of(table, plan.scope), counts, now)}


OPERATION = Operation(name="DescribeTable", writes=False, prepare=prepare, execute=execute)
