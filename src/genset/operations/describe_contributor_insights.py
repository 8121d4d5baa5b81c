"""DescribeContributorInsights."""

from __future__ import annotations

from dataclasses import dataclass

from genset.operations import insights_parts
from genset.operations.catalog import existing_table, table_name
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.storage.engine import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A table or index whose contributor insights are to be described."""

    scope: Scope
    table: str
    index: str | None


def prepare(request: Request, scope: Scope) -> Plan:
    """Read the names."""
    return Plan(
        scope=scope,
        table=table_name(scope, request["TableName"]),
        index=request.get("IndexName"),
    )


async def execute(plan: Plan, txn: Snapshot) -> Answer:
    """Describe them; raises ResourceNotFoundException."""
    now = plan.scope.services.now()
    table = await existing_table(txn, plan.scope, plan.table)
    index = None
    if plan.index is not None:
        index = insights_parts.existing_index(table, plan.index, now)
    part = index or table
    shown = insights_parts.summary(table, index, now)
    if part.insights is not None:
        shown["LastUpdateDateTime"] = part.insights.status_since(now)
    if part.insights is not None and shown["ContributorInsightsStatus"] == "ENABLED":
        shown["ContributorInsightsRuleList"] = list(insights_parts.rules_by_name(table, index))
    return shown


OPERATION = Operation(
    name="DescribeContributorInsights", writes=False, prepare=prepare, execute=execute
)
