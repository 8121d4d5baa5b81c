"""Plans: what has to be done so that an endpoint has the tables that a schema defines.

Tables that the schema does not define are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from genset.schemas.calls import Call
from genset.schemas.current import current_table
from genset.schemas.definitions import TableDefinition
from genset.schemas.steps import (
    Change,
    Step,
    creation_steps,
    replacement_changes,
    update_steps,
)


class Action(StrEnum):
    """What is done with a table."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePlan:
    """What is done with one table, by which steps."""

    table: TableDefinition
    action: Action
    steps: tuple[Step, ...] = ()
    changes: tuple[Change, ...] = ()
    obstacle: str | None = None
    """Why it cannot be done."""

    @property
    def losses(self) -> tuple[Change, ...]:
        """The changes by which something is lost: a table's items, or an index."""
        return tuple(change for change in self.changes if change.is_destructive)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done with all tables of a schema, in its order."""

    tables: tuple[TablePlan, ...]

    @property
    def is_done(self) -> bool:
        """Whether there is nothing to do."""
        return all(each.action is Action.UNCHANGED for each in self.tables)

    @property
    def destructive(self) -> tuple[TablePlan, ...]:
        """The tables that lose something."""
        return tuple(each for each in self.tables if each.losses)


def make_plan(call: Call, tables: Iterable[TableDefinition]) -> Plan:
    """Compare the tables with those of an endpoint. Raises CallError."""
    return Plan(tuple(plan_table(call, table) for table in tables))


def plan_table(call: Call, table: TableDefinition) -> TablePlan:
    """Compare one table with that of an endpoint. Raises CallError."""
    current = current_table(call, table)
    if current is None:
        steps = tuple(creation_steps(table))
        return TablePlan(table=table, action=Action.CREATE, steps=steps)
    replacement = replacement_changes(table, current.definition)
    if replacement:
        deletion = Step("DeleteTable", {"TableName": table.name}, tuple(replacement))
        return TablePlan(
            table=table,
            action=Action.REPLACE,
            steps=(deletion, *creation_steps(table)),
            changes=tuple(replacement),
            obstacle=_protection(current.definition),
        )
    steps = tuple(update_steps(table, current))
    return TablePlan(
        table=table,
        action=Action.UPDATE if steps else Action.UNCHANGED,
        steps=steps,
        changes=tuple(change for step in steps for change in step.changes),
    )


def _protection(current: TableDefinition) -> str | None:
    if not current.deletion_protection:
        return None
    return (
        f"the table {current.name} would have to be replaced and is protected from deletion; "
        "take the protection away first"
    )
