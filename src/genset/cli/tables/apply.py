"""`genset apply`: reads the files, shows the plan, asks where something would be lost, does it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from genset.cli.asking.remote import DEFAULT_REGION, Remote, fault_message, is_aws
from genset.cli.printing.saying import say
from genset.cli.statuses import CommandError, Status
from genset.cli.tables.plans import done_summary, show_plan
from genset.cli.tables.watching import wait_for_change
from genset.schemas.applying import ApplyError, carry_out, check_possible, loss
from genset.schemas.calls import Call, CallError, client_call
from genset.schemas.files import Files
from genset.schemas.parameters import DEFAULT_ACCOUNT, Parameters
from genset.schemas.planning import Plan, make_plan
from genset.schemas.problems import SchemaError
from genset.schemas.reading import Schema, read_schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is applied, and how."""

    paths: tuple[Path, ...]
    format: str | None
    parameters: Mapping[str, str]
    allow_destructive: bool
    dry_run: bool


def run(options: Options, remote: Remote, *, watch: bool) -> Status:
    """Apply once, or again and again as the files change; return the exit status."""
    applying = _Applying(options, remote)
    if not watch:
        return applying.once()
    try:
        return applying.watch()
    except (KeyboardInterrupt, click.Abort):
        return Status.OK


class _Applying:
    """The files and the endpoint of one command."""

    def __init__(self, options: Options, remote: Remote) -> None:
        self._options = options
        self._remote = remote
        self._client: Any = None

    def once(self, files: Files | None = None) -> Status:
        """Read, plan and apply. Raises CommandError if nobody is there to ask."""
        files = files or Files()
        try:
            client = self._client = self._client or self._remote.client()
        except CommandError:
            # A file that is wrong is told all the same.
            if self._read(files, DEFAULT_REGION) is None:
                return Status.USAGE
            raise
        schema = self._read(files, client.meta.region_name)
        if schema is None:
            return Status.USAGE
        return self._make(schema, client_call(client))

    def _make(self, schema: Schema, call: Call) -> Status:
        try:
            plan = make_plan(call, schema.tables)
            show_plan(plan)
            check_possible(plan)
            if self._options.dry_run or plan.is_done:
                return Status.OK
            return self._carry_out(plan, call)
        except ApplyError as error:
            say(*error.messages)
        except CallError as error:
            say(str(error))
        return Status.FAILED

    def watch(self) -> Status:
        """Apply at once and after every change; never returns."""
        from botocore.exceptions import BotoCoreError

        while True:
            files = Files()
            try:
                self.once(files)
            except BotoCoreError as error:
                say(fault_message(error))
            except CommandError as error:
                say(str(error))
            sys.stdout.flush()
            say("waiting for changes; Ctrl-C ends")
            wait_for_change(files.stamps)

    def _read(self, files: Files, region: str) -> Schema | None:
        """The schema, or None if it is wrong, which is then said."""
        account = None if is_aws(self._remote.address) else DEFAULT_ACCOUNT
        parameters = Parameters(self._options.parameters, region=region, account=account)
        try:
            schema = read_schema(
                self._options.paths, parameters, format_=self._options.format, files=files
            )
        except SchemaError as error:
            say(*map(str, error.problems))
            return None
        say(*(f"note: {note}" for note in schema.notes))
        return schema

    def _carry_out(self, plan: Plan, call: Call) -> Status:
        if plan.destructive and not self._options.allow_destructive and not _is_agreed(plan):
            say("nothing was done")
            return Status.FAILED
        sys.stdout.flush()
        carry_out(call, plan, lambda line: say(line))
        print(f"done: {done_summary(plan)}")
        return Status.OK


def _is_agreed(plan: Plan) -> bool:
    """Whether the user agrees to what would be lost, asked for each table."""
    losses = [f"{each.table.place}: {loss(each)}" for each in plan.destructive]
    if not sys.stdin.isatty():
        say(*losses, "--yes allows that")
        return False
    say(*losses)
    return click.confirm("Go on?", default=False, err=True)
