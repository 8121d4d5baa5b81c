"""Runs every request on a `World` too, at the moment at which the server runs it, and compares.

The engine runs write bodies one after the other, and a read on the view that it begins with. So
the moment of each body, which lies between its request and its answer, is its place in one serial
order; that the naive world gives every answer of the server in this order, and that what is found
after a crash is one of the worlds it may be, shows that the clients saw a strictly serializable
and durable database. What makes the order visible is a wrapper around each operation and one
around the writer's batches; nothing in the server knows of it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import apsw
import orjson

from genset.model.errors import DynamoDBError
from genset.operations.operation import Operation
from genset.operations.registry import OPERATIONS
from genset.storage._snapshots import ReadAbandonedError
from genset.storage._write_connection import PendingWrite
from genset.storage.engine import StorageError
from simulation.requests import NUMBER, Call
from simulation.world import Refusal, World


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

    def __init__(self, now: Callable[[], float], trace: Callable[[str], None]) -> None:
        self.world = World()
        # Worlds of commits that failed at their sync and may be on the platter nevertheless.
        self.doubtful: list[World] = []
        self.batch: Batch | None = None
        self.calls: dict[int, Call] = {}
        self.violation: str | None = None
        self._now = now
        self._trace = trace

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
        if self.batch is None or not self.batch.committing:
            return [self.world, *self.doubtful]
        if self.batch.seen:
            return [self.batch.world]
        return [self.world, self.batch.world, *self.doubtful]

    def found(self, world: World, *, on_platter: bool) -> None:
        """After a crash, this is the world; go on from it."""
        self.world = world
        self.batch = None
        if on_platter:
            self.doubtful.clear()

    # Operations.

    def operations(self) -> dict[str, Operation]:
        """The server's operations, each of which runs on the world as well."""
        return {name: self._watched(operation) for name, operation in OPERATIONS.items()}

    def _watched(self, operation: Operation) -> Operation:
        run = self._run_write if operation.writes else self._run_read

        def prepare(request: dict[str, Any], scope: Any) -> Any:
            call = self.calls[request[NUMBER]]
            return call, operation.prepare(copy.deepcopy(request), scope)

        async def execute(plan: Any, transaction: Any) -> Any:
            call, inner = plan
            return await run(call, lambda: operation.execute(inner, transaction))

        return Operation(
            name=operation.name, writes=operation.writes, prepare=prepare, execute=execute
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
            self.world = batch.world
            for call in batch.calls:
                call.stored = True
        self._trace(f"batch of {len(batch.calls)} {'failed' if batch.failed else 'stored'}")
        self.batch = None


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
