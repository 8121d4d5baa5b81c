"""Contributor insights as the API shows them, and finding the table or index that they are of.

Observed on the service in October 2026, also with tables and indexes that are being created or
deleted. What is not seen there is inferred: that only an ENABLED one lists its rules.
"""

from __future__ import annotations

from typing import Any

from genset.model.errors import ResourceNotFoundException
from genset.model.index_states import being_deleted, is_being_allocated
from genset.model.tables import Index, Table


def existing_index(table: Table, name: str, now: float) -> Index:
    """The global index of that name, unless it is still being allocated.

    Raises ResourceNotFoundException.
    """
    for index in global_indexes(table, now):
        if index.name == name and not is_being_allocated(index, now):
            return index
    raise ResourceNotFoundException(
        f"Requested resource not found: Index: {name} not found for table: {table.name}"
    )


def global_indexes(table: Table, now: float) -> list[Index]:
    """The global indexes of the table, with those that are being deleted."""
    return [*(index for index in table.indexes if index.is_global), *being_deleted(table, now)]


def rules_by_name(table: Table, index: Index | None) -> dict[str, str]:
    """The rules of a table's contributor insights, or of its index's, by their names."""
    part = index or table
    if part.insights is None:
        return {}
    resource = table.name if index is None else f"{table.name}-{index.name}"
    rules = part.insights.rules(has_sort_key=bool(part.keys.sort))
    return {part.insights.rule_name(rule, resource): rule for rule in rules}


def summary(table: Table, index: Index | None, now: float) -> dict[str, Any]:
    """The state of a table's contributor insights, or of its index's."""
    insights = (index or table).insights
    shown = {"TableName": table.name}
    if index is not None:
        shown["IndexName"] = index.name
    shown["ContributorInsightsStatus"] = insights.status(now) if insights else "DISABLED"
    if insights is not None:
        shown["ContributorInsightsMode"] = insights.mode
    return shown
