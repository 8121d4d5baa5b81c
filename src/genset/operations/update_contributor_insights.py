"""UpdateContributorInsights.

Observed on the service in October 2026: what is so already is answered so and changes nothing; to
enable without a mode is to ask for ACCESSED_AND_THROTTLED_KEYS, also where another mode was chosen;
to disable ignores the mode; and the words that refuse a table or index that is not ACTIVE, which is
one that is being created or deleted. There it takes seconds until that is checked at all.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from genset.model.errors import ValidationException
from genset.model.index_states import is_being_created
from genset.model.insights import ACCESSED_AND_THROTTLED, Insights
from genset.model.tables import Index, Table
from genset.operations import insights_parts
from genset.operations.catalog import existing_table, put_table, status_of, table_name
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """To switch contributor insights of a table or index on, in a mode, or off."""

    scope: Scope
    table: str
    index: str | None
    enabled: bool
    mode: str


def prepare(request: Request, scope: Scope) -> Plan:
    """Read the request."""
    return Plan(
        scope=scope,
        table=table_name(scope, request["TableName"]),
        index=request.get("IndexName"),
        enabled=request["ContributorInsightsAction"] == "ENABLE",
        mode=request.get("ContributorInsightsMode") or ACCESSED_AND_THROTTLED,
    )


async def execute(plan: Plan, txn: Transaction) -> Answer:
    """Change them. Raises ResourceNotFoundException and ValidationException."""
    services = plan.scope.services
    now = services.now()
    table = await existing_table(txn, plan.scope, plan.table)
    index = None
    if plan.index is not None:
        index = insights_parts.existing_index(table, plan.index, now)
    if plan.enabled:
        _check_active(table, index, plan.scope)
    changed = _changed((index or table).insights, plan, now, services.transition_s)
    if changed is None:
        return insights_parts.summary(table, index, now)
    # The answer shows the change under way, however short that is.
    status = "ENABLING" if plan.enabled else "DISABLING"
    if index is None:
        table = dataclasses.replace(table, insights=changed)
    else:
        index = dataclasses.replace(index, insights=changed)
        table = _with_index(table, index)
    put_table(txn, table)
    return {
        **insights_parts.summary(table, index, now),
        "ContributorInsightsStatus": status,
    }


def _check_active(table: Table, index: Index | None, scope: Scope) -> None:
    inactive = None
    if status_of(table, scope) in ("CREATING", "DELETING"):
        inactive = "TableStatus"
    elif index is not None and (
        index not in table.indexes or is_being_created(index, scope.services.now())
    ):
        inactive = "IndexStatus"
    if inactive is not None:
        raise ValidationException(
            "Table or Index is not in a valid state to update Key Access Insights: "
            f"{inactive} must be ACTIVE to enable ContributorInsights."
        )


def _changed(had: Insights | None, plan: Plan, now: float, transition_s: float) -> Insights | None:
    """What the request makes of them; None if that is what they are."""
    if had is None or not had.enabled:
        if not plan.enabled:
            return None
        created_at = now
    elif plan.enabled and plan.mode == had.mode:
        return None
    else:
        created_at = had.created_at
    return Insights(
        mode=plan.mode if plan.enabled or had is None else had.mode,
        enabled=plan.enabled,
        created_at=created_at,
        changed_at=now,
        settled_at=now + transition_s,
    )


def _with_index(table: Table, index: Index) -> Table:
    def put_in(indexes: tuple[Index, ...]) -> tuple[Index, ...]:
        return tuple(index if each.number == index.number else each for each in indexes)

    return dataclasses.replace(
        table, indexes=put_in(table.indexes), deleting=put_in(table.deleting)
    )


OPERATION = Operation(
    name="UpdateContributorInsights", writes=True, prepare=prepare, execute=execute
)
