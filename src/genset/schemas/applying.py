"""Carrying out a plan: each step when its table is ready for it, and what then is left to do.

A run that is interrupted leaves tables somewhere between what they were and what they are to be;
the next finds what is left, as this one does after each step that met somebody else's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from genset.schemas.calls import UNKNOWN_OPERATION, Call, CallError, client_call
from genset.schemas.current import describe
from genset.schemas.definitions import TableDefinition
from genset.schemas.planning import Action, Plan, TablePlan, make_plan, plan_table
from genset.schemas.steps import Step

Report = Callable[[str], None]
"""Takes a line that says what is being done or waited for."""

# What another server than AWS may not have, and a table can do without.
_OPTIONAL: Final = (
    "UpdateTimeToLive",
    "TagResource",
    "UntagResource",
    "PutResourcePolicy",
    "DeleteResourcePolicy",
    "UpdateContributorInsights",
)
# DynamoDB Local's words for an UpdateTable of which it knows nothing.
_NOTHING_KNOWN: Final = "Nothing to update"
_TOLD: Final = {"CreateTable": "being created", "DeleteTable": "being deleted"}
# The table is being changed already, or too many are.
_BUSY: Final = ("ResourceInUseException", "LimitExceededException")
_ATTEMPTS_MAX: Final = 12
_FIRST_PAUSE_S: Final = 0.02
_PAUSE_S_MAX: Final = 5.0
_PAUSE_GROWTH: Final = 1.6
_SAY_AFTER_S: Final = 2.0
# The backfill of an index of a large table takes hours.
_WAIT_S_MAX: Final = 24 * 3600.0


class ApplyError(Exception):
    """Some of the tables are not as they are to be; each of `messages` is one line."""

    def __init__(self, messages: Iterable[str]) -> None:
        self.messages = tuple(messages)
        super().__init__("\n".join(self.messages))


class RefusedError(ApplyError):
    """A plan would lose something, and nobody has allowed that; nothing was done."""

    def __init__(self, plans: Iterable[TablePlan]) -> None:
        super().__init__(f"{_place(each.table)}{loss(each)}" for each in plans)


def check_possible(plan: Plan) -> None:
    """Raise ApplyError if something stands in the way of a plan."""
    obstacles = [
        f"{_place(each.table)}{each.obstacle}" for each in plan.tables if each.obstacle is not None
    ]
    if obstacles:
        raise ApplyError(obstacles)


def loss(plan: TablePlan) -> str:
    """What is lost of a table, in a sentence."""
    if plan.action is Action.REPLACE:
        return f"the table {plan.table.name} would be deleted with its items and made anew"
    lost = ", ".join(change.what for change in plan.losses)
    return f"the table {plan.table.name} would lose {lost}"


@dataclass(frozen=True, slots=True)
class Pace:
    """The clock, and how one waits; a test has its own."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def apply(
    client: Any, tables: Iterable[TableDefinition], *, allow_destructive: bool = False
) -> Plan:
    """Make the tables of the endpoint of a botocore client as they are defined.

    Returns what was done. Raises RefusedError, with nothing done, if something would be lost and
    `allow_destructive` is not set; ApplyError if the endpoint refuses something.
    """
    call = client_call(client)
    try:
        plan = make_plan(call, tables)
    except CallError as error:
        raise ApplyError([str(error)]) from error
    check_possible(plan)
    if plan.destructive and not allow_destructive:
        raise RefusedError(plan.destructive)
    carry_out(call, plan)
    return plan


def carry_out(
    call: Call, plan: Plan, report: Report = lambda _: None, pace: Pace | None = None
) -> None:
    """Do what a plan says; who calls has decided that what it loses may be lost.

    One table that cannot be made does not keep the others from it. Raises ApplyError with a line
    for each that could not.
    """
    worker = _Worker(call, report, pace or Pace())
    failures = []
    begun = [each for each in plan.tables if each.action is not Action.UNCHANGED]
    worker.begin(begun)
    for each in begun:
        try:
            worker.finish(each)
        except CallError as error:
            failures.append(f"{_place(each.table)}{each.table.name}: {error}")
    if failures:
        raise ApplyError(failures)


class _Worker:
    """Carries out the plans of tables."""

    def __init__(self, call: Call, report: Report, pace: Pace) -> None:
        self._call = call
        self._report = report
        self._pace = pace
        self._created: set[str] = set()

    def begin(self, plans: Iterable[TablePlan]) -> None:
        """Ask for all tables that are not there, so that they come to be side by side."""
        for each in plans:
            if each.action is not Action.CREATE:
                continue
            try:
                self._settle(each.table.name)
                self._call(each.steps[0].operation, each.steps[0].request)
            except CallError:
                # `finish` meets it again, and tells.
                continue
            self._created.add(each.table.name)
            self._report(f"{each.table.name}: {_TOLD['CreateTable']}")

    def finish(self, plan: TablePlan) -> None:
        """Do what is left of a table's plan. Raises CallError."""
        pause = _FIRST_PAUSE_S
        for attempt in range(_ATTEMPTS_MAX):
            self._settle(plan.table.name)
            steps = self._steps_left(plan)
            try:
                for step in steps:
                    self._do(plan.table.name, step)
            except CallError as error:
                if error.code not in _BUSY or attempt == _ATTEMPTS_MAX - 1:
                    raise
                self._pace.sleep(pause)
                pause = min(pause * _PAUSE_GROWTH, _PAUSE_S_MAX)
            else:
                return

    def _steps_left(self, agreed: TablePlan) -> Sequence[Step]:
        """What is left to do, where nothing is lost that was not in the plan."""
        if agreed.table.name in self._created:
            self._created.discard(agreed.table.name)
            return agreed.steps[1:]
        left = plan_table(self._call, agreed.table)
        if set(left.losses) - set(agreed.losses):
            raise CallError("Changed", f"{loss(left)}, which was not in the plan; apply again")
        return left.steps

    def _do(self, name: str, step: Step) -> None:
        told = _TOLD.get(step.operation)
        for line in map(str, step.changes) if told is None else (told,):
            self._report(f"{name}: {line}")
        try:
            self._call(step.operation, step.request)
        except CallError as error:
            lacking = _lacking(step, error)
            if lacking is None:
                raise
            self._report(f"{name}: left out, for the server has no {lacking}")
        self._settle(name)

    def _settle(self, name: str) -> None:
        """Wait until the table is not there, or ready for another change."""
        started, pause, said = self._pace.now(), _FIRST_PAUSE_S, ""
        while True:
            busy = _busy(describe(self._call, name))
            waited = self._pace.now() - started
            if busy is None:
                return
            if waited > _WAIT_S_MAX:
                raise CallError("Timeout", f"{busy} for {waited / 3600:.0f} hours")
            if waited > _SAY_AFTER_S and busy != said:
                self._report(f"{name}: waiting; {busy}")
                said = busy
            self._pace.sleep(pause)
            pause = min(pause * _PAUSE_GROWTH, _PAUSE_S_MAX)


def _lacking(step: Step, error: CallError) -> str | None:
    """What a server does not have that refuses a step for that reason alone."""
    if error.code == UNKNOWN_OPERATION and step.operation in _OPTIONAL:
        return step.operation
    if error.message == _NOTHING_KNOWN:
        return ", ".join(name for name in step.request if name != "TableName")
    return None


def _busy(description: dict[str, Any] | None) -> str | None:
    """Why a table cannot be changed at the moment."""
    if description is None:
        return None
    status = description["TableStatus"]
    for index in description.get("GlobalSecondaryIndexes", ()):
        if index.get("IndexStatus", "ACTIVE") != "ACTIVE":
            return f"index {index['IndexName']} is {index['IndexStatus']}"
        if index.get("WarmThroughput", {}).get("Status") == "UPDATING":
            return f"the warm throughput of index {index['IndexName']} is UPDATING"
    if description.get("WarmThroughput", {}).get("Status") == "UPDATING" and status == "ACTIVE":
        return "its warm throughput is UPDATING"
    encryption = description.get("SSEDescription", {}).get("Status")
    if encryption in ("ENABLING", "DISABLING", "UPDATING"):
        return f"its encryption is {encryption}"
    if status in ("CREATING", "UPDATING", "DELETING"):
        return f"the table is {status}"
    return None


def _place(table: TableDefinition) -> str:
    return "" if table.place is None else f"{table.place}: "
