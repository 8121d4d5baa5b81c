"""Plans of `genset apply` as lines of text, in colours on a terminal."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from genset.schemas import shown
from genset.schemas.definitions import TableDefinition
from genset.schemas.planning import Action, Plan, TablePlan

_SIGNS: Final = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("!", "bold red"),
    Action.UNCHANGED: ("=", "dim"),
}
_DONE: Final = {Action.CREATE: "created", Action.UPDATE: "updated", Action.REPLACE: "replaced"}
_TO_DO: Final = {
    Action.CREATE: "to create",
    Action.UPDATE: "to update",
    Action.REPLACE: "to replace",
    Action.UNCHANGED: "unchanged",
}

Line = tuple[str, str]
"""A text and its style."""


def show_plan(plan: Plan) -> None:
    """Print a plan: every table, what is done with it, and each change."""
    lines = [line for each in plan.tables for line in _table_lines(each)]
    _print([*lines, (_counts(plan), "bold")])


def done_summary(plan: Plan) -> str:
    """What was done, in numbers."""
    return _counted(plan, _DONE)


def _counts(plan: Plan) -> str:
    if plan.is_done:
        count = len(plan.tables)
        return f"nothing to do: {count} {'table is' if count == 1 else 'tables are'} as defined"
    return _counted(plan, _TO_DO)


def _counted(plan: Plan, words: Mapping[Action, str]) -> str:
    counts = Counter(each.action for each in plan.tables)
    return ", ".join(f"{counts[action]} {word}" for action, word in words.items() if counts[action])


def _table_lines(plan: TablePlan) -> Iterator[Line]:
    sign, style = _SIGNS[plan.action]
    yield f"{sign} {plan.table.name}: {plan.action}", style
    if plan.action is Action.REPLACE:
        yield "    all its items are deleted", style
    for change in plan.changes:
        yield f"    {change}", "red" if change.is_destructive else style
    if plan.action in (Action.CREATE, Action.REPLACE):
        if not any(change.what == "key" for change in plan.changes):
            yield f"    key: {shown.keys_shown(plan.table, plan.table.attribute_types)}", style
        for text in _described(plan.table):
            yield f"    {text}", style


def _described(table: TableDefinition) -> Iterator[str]:
    """What a table that is made is like."""
    types = table.attribute_types
    yield f"capacity: {shown.capacity_shown(table)}"
    for kind, indexes in (("local ", table.local_indexes), ("", table.global_indexes)):
        for index in indexes:
            yield f"{kind}index {index.name}: {shown.index_shown(index, types)}"
    if table.stream is not None:
        yield f"stream: {table.stream}"
    if table.time_to_live is not None:
        yield f"time to live: {table.time_to_live}"
    if table.encryption is not None:
        yield f"encryption: {shown.encryption_shown(table.encryption)}"
    if table.deletion_protection:
        yield "deletion protection: on"
    for key, value in table.tags.items():
        yield f"tag {key}: {value}"


def _print(lines: list[Line]) -> None:
    if not sys.stdout.isatty():
        for text, _ in lines:
            print(text)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for text, style in lines:
        console.print(Text(text, style=style), soft_wrap=True)
