"""A server in memory and in this process, whose clock a test moves and whose calls never wait."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from genset.background.streams import ShardPolicy, tend_streams
from genset.storage.sqlite import open_sqlite
from support.client import Answer, Caller
from support.in_process import InProcess

T = TypeVar("T")
START = 1_800_000_000.0


def finished(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing, as all work on a memory engine.

    It may give way to others, who are not there.
    """
    try:
        while work.send(None) is None:
            pass
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("it waits")


class StillServer(Caller):
    """Is called as `support.client.Api` is; `services` are those that `InProcess` takes."""

    def __init__(self, *, now: float = START, **services: Any) -> None:
        self.engine = open_sqlite(None)
        self.server = InProcess(self.engine, now=now, **services)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine of the server's."""
        return finished(work)

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

    def run_jobs(self) -> None:
        """One round of all background work."""
        self.run(self.server.run_jobs())

    def tend(self, policy: ShardPolicy | None = None) -> None:
        """One round of the background's care of streams."""
        self.run(tend_streams(self.engine, self.now, policy or ShardPolicy()))
