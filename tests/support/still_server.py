"""A server in this process, whose clock a test moves. In memory its calls never wait."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Self, TypeVar

from genset.background.streams import ShardPolicy, tend_streams
from genset.integrity.check import check
from genset.storage.engine import Transaction
from genset.testing.stepping import run_whole
from support.client import Answer, Caller
from support.in_process import InProcess
from support.stores import MEMORY, Store

T = TypeVar("T")
START = 1_800_000_000.0


class StillServer(Caller):
    """Is called as `support.client.Api` is; `services` are those that `InProcess` takes.

    The store is emptied first. At the end of `with` it must be sound, and is closed.
    """

    needs_loop = False

    def __init__(self, store: Store = MEMORY, *, now: float = START, **services: Any) -> None:
        needs_loop = self.needs_loop or store.needs_loop
        self._runner = asyncio.Runner() if needs_loop else None
        self.engine = self.run(store.open_empty())
        self.server = InProcess(self.engine, now=now, **services)
        self._is_spoilt = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        is_checked = kind is None and not self._is_spoilt
        report = self.run(check(self.engine)) if is_checked else None
        self.run(self.engine.close())
        if self._runner is not None:
            self._runner.close()
        assert report is None or report.problems == (), report

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine of the server's, in its loop if it has one."""
        return run_whole(work) if self._runner is None else self._runner.run(work)

    @property
    def now(self) -> float:
        """The time at which the server's clock stands; setting it moves it."""
        return self.server.now

    @now.setter
    def now(self, moment: float) -> None:
        self.server.now = moment

    def wait(self, seconds: float) -> None:
        """Move the clock."""
        self.now += seconds

    def send(self, operation: str, request: Any, _: Mapping[str, str | None] = {}) -> Answer:
        """The answer to a request."""
        status, body = self.run(self.server.send(operation, request))
        return Answer(status=status, headers={}, body=json.dumps(body).encode())

    def spoil(self, body: Callable[[Transaction], Awaitable[None]]) -> None:
        """Change what is stored in a way that need not be mended."""
        self._is_spoilt = True
        self.run(self.engine.write(body))

    def run_jobs(self) -> None:
        """One round of all background work."""
        self.run(self.server.run_jobs())

    def tend(self, policy: ShardPolicy | None = None) -> None:
        """One round of the background's care of streams."""
        self.run(tend_streams(self.engine, self.now, policy or ShardPolicy()))
