"""`genset serve --schema`: the tables of files, made before the server listens.

They are made by the server's own operations in its own process, without a socket and without a
signature, so that it needs no secret for it. Realism switches have no say in it, nor have the
times that changes of tables take.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import logging
import os
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from genset.background.jobs import JobRunner
from genset.cli.printing.saying import say
from genset.cli.serving.settings import Settings
from genset.cli.statuses import CommandError
from genset.operations.operation import Services
from genset.operations.registry import OPERATIONS
from genset.schemas.applying import ApplyError, Pace, carry_out, loss
from genset.schemas.calls import CallError, Request
from genset.schemas.current import describe
from genset.schemas.definitions import TableDefinition
from genset.schemas.parameters import ACCOUNT, DEFAULT_ACCOUNT, Parameters
from genset.schemas.planning import Plan, make_plan
from genset.schemas.problems import SchemaError
from genset.schemas.reading import read_schema
from genset.storage.engine import Engine
from genset.wire.api import Api
from genset.wire.credentials import CredentialsFile
from genset.wire.messages import WireRequest
from genset.wire.sigv4 import DEFAULT_REGION, Identity

logger = logging.getLogger(__name__)

# AWS SDKs and tools reference guide, "AWS Region".
_REGION_VARIABLES: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")


@dataclass(frozen=True, slots=True, kw_only=True)
class StartSchema:
    """The tables that a server begins with, and whose they are."""

    tables: tuple[TableDefinition, ...]
    account: str
    region: str

    async def make_tables(self, engine: Engine, services: Services) -> None:
        """Make the tables; where something would be lost, leave a table as it is and say so.

        Raises CommandError if a table could not be made.
        """
        services = dataclasses.replace(services, transition_s=0.0, ttl_cooldown_s=0.0)
        jobs = JobRunner(engine, services)
        api = Api(engine, OPERATIONS, _Oneself(self.account, self.region), services, jobs.wake)
        calls = _Calls(api)
        async with _working(jobs):
            try:
                await asyncio.to_thread(_apply, calls, self.tables)
            finally:
                calls.stop()


def read(settings: Settings) -> StartSchema | None:
    """The schema that the settings name, or None if its files are wrong, which is then said.

    Raises CommandError if it is open whose the tables are.
    """
    given = dict(text.split("=", 1) for text in settings.schema_parameter)
    account = given.get(ACCOUNT, _account(settings))
    parameters = Parameters(given, region=_region(), account=account)
    try:
        schema = read_schema(settings.schema, parameters)
    except SchemaError as error:
        say(*map(str, error.problems))
        return None
    say(*(f"note: {note}" for note in schema.notes))
    return StartSchema(tables=schema.tables, account=account, region=parameters.region)


def _region() -> str:
    named = (os.environ.get(name) for name in _REGION_VARIABLES)
    return next(filter(None, named), DEFAULT_REGION)


def _account(settings: Settings) -> str:
    """The account of the first credentials, or the one that all clients are taken to be of."""
    if settings.auth == "sigv4" and settings.credentials is not None:
        return CredentialsFile(settings.credentials).accounts[0]
    return DEFAULT_ACCOUNT


@contextlib.asynccontextmanager
async def _working(jobs: JobRunner) -> AsyncIterator[None]:
    """Do the background's work meanwhile: new indexes are filled by it."""
    await jobs.ask()
    working = asyncio.create_task(jobs.run())
    try:
        yield
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working


class _Oneself:
    """The authenticator of a server that asks itself."""

    def __init__(self, account: str, region: str) -> None:
        self._identity = Identity(access_key="", account=account, region=region, signed=True)

    def authenticate(self, request: WireRequest, now: float) -> Identity:
        """The server itself."""
        return self._identity


class _Calls:
    """Calls that another thread makes of an `Api` in this loop, until they are stopped."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._loop = asyncio.get_running_loop()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Fail all further calls: who makes them need not go on."""
        self._stopped.set()

    def __call__(self, operation: str, request: Request) -> dict[str, Any]:
        """See `genset.schemas.calls.Call`."""
        self._check()
        body = json.dumps(dict(request)).encode()
        headers = {b"x-amz-target": f"DynamoDB_20120810.{operation}".encode()}
        wire = WireRequest(b"POST", b"/", b"", headers, body, body, "json", "schema")
        response = asyncio.run_coroutine_threadsafe(self._api.handle(wire), self._loop).result()
        answer: dict[str, Any] = json.loads(response.body or b"{}")
        if response.status != 200:
            code = str(answer.get("__type", "Error")).rpartition("#")[2]
            raise CallError(code, answer.get("message", answer.get("Message", "")))
        return answer

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._stopped.wait(seconds)
        self._check()

    def _check(self) -> None:
        if self._stopped.is_set():
            raise CallError("Stopped", "the server ends")


def _apply(calls: _Calls, tables: tuple[TableDefinition, ...]) -> None:
    try:
        plan = make_plan(calls, tables)
    except CallError as error:
        raise CommandError(f"--schema: {error}") from None
    for each in plan.destructive:
        left = "it is left as it is. `genset apply` asks and does it"
        say(f"{each.table.place}: {loss(each)}; {left}")
    kept = [each for each in plan.tables if not each.losses]
    try:
        carry_out(calls, Plan(tuple(kept)), logger.info, Pace(time.monotonic, calls.pause))
    except ApplyError as error:
        say(*error.messages)
    missing = [table.name for table in tables if describe(calls, table.name) is None]
    if missing:
        raise CommandError(f"not serving without what --schema defines: {', '.join(missing)}")
