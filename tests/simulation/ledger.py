"""Runs every request on a `World` too, at the moment at which the server runs it, and compares.

The engine runs write bodies one after the other, and a read on the view that it begins with. So
the moment of each body, which lies between its request and its answer, is its place in one serial
order; that the naive world gives every answer of the server in this order, and that what is found
after a crash is one of the worlds it may be, shows that the clients saw a strictly serializable
and durable database. What makes the order visible is a wrapper around each operation and one
around the writer's batches; nothing in the server knows of it.

What the background writes has its place in that order too: `FollowedEngine` looks at what each of
its bodies has changed. It may delete what has expired and declare an index complete, and nothing
else may show in the world.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import apsw
import orjson

from genset.background.jobs import Job
from genset.model.errors import DynamoDBError
from genset.model.keys import item_key
from genset.model.tables import Table, decode_table
from genset.operations.operation import Operation, Services
from genset.operations.registry import OPERATIONS
from genset.storage._changes import Changes
from genset.storage._snapshots import ReadAbandonedError
from genset.storage._write_connection import PendingWrite
from genset.storage.engine import Engine, Snapshot, StorageError, Transaction
from simulation.requests import NUMBER, Call
from simulation.world import LATE, Refusal, World, has_expired

T = TypeVar("T")


# The subspaces of what the world has too: tables and items.
SHOWN = (1, 2)


class Violation(AssertionError):
    """The server broke a promise."""


@dataclass
class Batch:
    """The writes that one commit stores, on a world of their own until it has."""

    world: World
    calls: list[Call] = field(default_factory=list)
    committing: bool = False
    # A read has seen it, so it is durable.
    seen: bool = False
    failed: bool = False


class Ledger:
    """The world as it is stored, and what else might be found after a crash."""

    def __init__(
        self,
        now: Callable[[], float],
        trace: Callable[[str], None],
        met: Counter[str],
        *,
        may_forget: bool = False,
    ) -> None:
        self.world = World()
        # Worlds of before, to one of which a power cut may lead back.
        self.earlier: list[World] = []
        # Worlds of commits that failed at their sync and may be on the platter nevertheless.
        self.doubtful: list[World] = []
        self.batch: Batch | None = None
        self.calls: dict[int, Call] = {}
        self.violation: str | None = None
        self.met = met
        self._now = now
        self._trace = trace
        self._may_forget = may_forget

    def expect(self, call: Call) -> dict[str, Any]:
        """Number a call; answers the document to send."""
        call.number = len(self.calls) + 1
        self.calls[call.number] = call
        return {**call.document, NUMBER: call.number}

    def violate(self, text: str) -> None:
        """Remember the first broken promise; whoever runs the simulation raises it."""
        if self.violation is None:
            self.violation = text
            self._trace(f"VIOLATION {text}")

    def possible_worlds(self) -> list[World]:
        """What may be found after a crash now."""
        earlier = self.earlier[::-1]
        if self.batch is None or not self.batch.committing:
            return [self.world, *self.doubtful, *earlier]
        if self.batch.seen:
            return [self.batch.world, *([self.world, *earlier] if self._may_forget else [])]
        return [self.world, self.batch.world, *self.doubtful, *earlier]

    def found(self, world: World, *, on_platter: bool) -> None:
        """After a crash, this is the world; go on from it."""
        self.world = world
        self.batch = None
        if on_platter:
            self.doubtful.clear()
            self.earlier.clear()

    # Operations.

    def operations(self) -> dict[str, Operation]:
        """The server's operations, each of which runs on the world as well."""
        return {name: self._watched(operation) for name, operation in OPERATIONS.items()}

    def _watched(self, operation: Operation) -> Operation:
        only_reads = operation.reads or (lambda _: not operation.writes)

        def prepare(request: dict[str, Any], scope: Any) -> Any:
            call = self.calls[request[NUMBER]]
            return call, operation.prepare(copy.deepcopy(request), scope)

        async def execute(plan: Any, transaction: Any) -> Any:
            call, inner = plan
            run = self._run_read if only_reads(inner) else self._run_write
            return await run(call, lambda: operation.execute(inner, transaction))

        return Operation(
            name=operation.name,
            writes=operation.writes,
            wakes=operation.wakes,
            prepare=prepare,
            execute=execute,
            reads=lambda plan: only_reads(plan[1]),
        )

    async def _run_write(self, call: Call, execute: Callable[[], Any]) -> Any:
        assert self.batch is not None
        self.batch.calls.append(call)
        self._trace(f"run {call.number} {call.operation}")
        try:
            verdict: Any = call.meaning(self.batch.world, self._now())
        except Refusal as refusal:
            verdict = refusal
        try:
            answer = await execute()
        except DynamoDBError as error:
            call.outcome = refused(error)
            if call.outcome != verdict:
                self.violate(f"{told(call)} was refused with {error!r}, not {verdict!r}")
            raise
        except apsw.Error:
            raise
        except Exception as error:
            self.violate(f"{told(call)} failed with {error!r}")
            raise
        call.outcome = plain(answer)
        wrong = judged(verdict, call.outcome)
        if wrong:
            self.violate(f"{told(call)} was answered {call.outcome}; {wrong}")
        return answer

    async def _run_read(self, call: Call, execute: Callable[[], Any]) -> Any:
        world, batch = self.world, self.batch
        self._trace(f"run {call.number} {call.operation}")
        try:
            answer = await execute()
        except DynamoDBError as error:
            outcome: Any = refused(error)
            self._compare_read(call, world, batch, outcome)
            call.outcome = outcome
            raise
        except (apsw.Error, ReadAbandonedError):
            raise
        except Exception as error:
            self.violate(f"{told(call)} failed with {error!r}")
            raise
        outcome = plain(answer)
        self._compare_read(call, world, batch, outcome)
        call.outcome, call.stored = outcome, True
        return answer

    def _compare_read(self, call: Call, world: World, batch: Batch | None, outcome: Any) -> None:
        wrong: str | None = "it had been seen otherwise"
        if batch is None or not batch.seen:
            wrong = self._wrong_in(call, world, outcome)
        if (
            wrong
            and batch is not None
            and batch.committing
            and not self._wrong_in(call, batch.world, outcome)
        ):
            # The commit was visible before the writer's thread came back from it.
            batch.seen, wrong = True, None
            if batch.failed:
                self.violate(f"{told(call)} read what was not committed")
        if wrong:
            self.violate(f"{told(call)} was answered {outcome}; {wrong}")

    def _wrong_in(self, call: Call, world: World, outcome: Any) -> str | None:
        try:
            return judged(call.meaning(world, self._now()), outcome)
        except Refusal as refusal:
            return None if outcome == refusal else f"expected {refusal!r}"

    # The background.

    def watched_job(self, job: Job) -> Job:
        """A job whose failures are violations, but for those of the disk."""

        async def run(engine: Engine, services: Services) -> None:
            try:
                await job.run(engine, services)
            except StorageError:
                raise
            except Exception as error:
                self.violate(f"the {job.name} failed with {error!r}")

        return replace(job, run=run)

    async def follow(self, changed: Transaction) -> None:
        """Do to the world what a body of the background has done, which must be its to do."""
        assert self.batch is not None
        assert isinstance(changed, Changes)
        values = changed._values
        if not any(key[0] in SHOWN for key in values) and not changed._removed:
            return
        for _, stored in await changed.scan(b"\x01", b"\x02", limit=1000):
            table = decode_table(stored)
            naive = self.batch.world.tables.get(table.name)
            if naive is None:
                self.violate(f"the background wrote beside a table {table.name} that is not there")
                continue
            late = table.index(LATE)
            if naive.filling and late is not None and not late.partial:
                self.met["index complete"] += 1
                naive.filling = False
            if (table.ttl, late is not None and late.partial) != (naive.ttl, naive.filling):
                self.violate(f"the background changed {table.name} to {table}")
            self._follow_items(table, values)
            if changed.is_removed(table.items_prefix):
                self.violate(f"the background removed all of {table.name}")

    def _follow_items(self, table: Table, values: dict[bytes, bytes | None]) -> None:
        assert self.batch is not None
        world, now = self.batch.world, self._now()
        naive = world.tables[table.name]
        items = {item_key(table, item): item for item in naive.rows(None)}
        for key, value in values.items():
            if not key.startswith(table.items_prefix):
                continue
            item = items.get(key)
            if value is not None or item is None:
                self.violate(f"the background wrote an item of {table.name} at {key!r}")
            elif naive.ttl is None or not has_expired(item, naive.ttl, now):
                self.violate(f"the background deleted what has not expired: {item}")
            else:
                self.met["expiry"] += 1
                self._trace(f"expiry of {item['pk']} {item['sk']}")
                world.expire(table.name, item, now)

    # Batches.

    def bodies_begin(self) -> None:
        """The bodies of a batch are about to run."""
        self.batch = Batch(self.world.copy())

    def commit_begins(self) -> None:
        """From now on the batch may be found after a crash."""
        assert self.batch is not None
        self.batch.committing = True

    def commit_ended(self, done: list[PendingWrite], *, may_come_back: bool) -> None:
        """The batch is stored, or has failed, and then may come back after a crash or not."""
        batch = self.batch
        assert batch is not None
        batch.failed = any(isinstance(write.error, StorageError) for write in done)
        if batch.failed:
            if batch.seen:
                self.violate("a commit failed that a read had seen")
            if may_come_back:
                self.doubtful.append(batch.world)
        else:
            if self._may_forget:
                self.earlier.append(self.world)
            self.world = batch.world
            for call in batch.calls:
                call.stored = True
        self._trace(f"batch of {len(batch.calls)} {'failed' if batch.failed else 'stored'}")
        self.batch = None


class FollowedEngine:
    """An engine for the background, whose write bodies the ledger follows."""

    def __init__(self, engine: Engine, ledger: Ledger) -> None:
        self._engine = engine
        self._ledger = ledger

    async def read(self, body: Callable[[Snapshot], Awaitable[T]], *, consistent: bool = True) -> T:
        return await self._engine.read(body, consistent=consistent)

    async def write(self, body: Callable[[Transaction], Awaitable[T]]) -> T:
        async def followed(transaction: Transaction) -> T:
            result = await body(transaction)
            await self._ledger.follow(transaction)
            return result

        return await self._engine.write(followed)

    async def lead(self) -> bool:
        return await self._engine.lead()

    async def close(self) -> None:
        await self._engine.close()


def told(call: Call) -> str:
    return f"request {call.number}, {call.operation} {json.dumps(call.document)[:2000]},"


def plain(answer: Any) -> Any:
    return json.loads(answer if isinstance(answer, bytes) else orjson.dumps(answer))


def refused(error: DynamoDBError) -> Refusal:
    reasons = error.members.get("CancellationReasons", ())
    return Refusal(type(error).__name__, [reason["Code"] for reason in reasons])


def judged(verdict: Any, outcome: Any) -> str | None:
    if isinstance(verdict, Refusal):
        return f"expected {verdict!r}"
    if isinstance(outcome, Refusal):
        return "expected an answer"
    return verdict(outcome)
