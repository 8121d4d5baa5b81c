"""A server in memory and in this process, whose clock a test moves and whose calls never wait."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from genset.background.streams import ShardPolicy, tend_streams
from genset.storage.sqlite import open_sqlite
from support.client import Answer, Refused
from support.in_process import InProcess

T = TypeVar("T")


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


class StillServer:
    """Is called as `support.client.Api` is."""

    def __init__(self, *, now: float = 1_800_000_000.0, transition_s: float = 0.0) -> None:
        self.engine = open_sqlite(None)
        self._server = InProcess(self.engine, transition_s=transition_s)
        self._server.now = now

    @property
    def now(self) -> float:
        """The time at which the server's clock stands."""
        return self._server.now

    def wait(self, seconds: float) -> None:
        """Move the clock."""
        self._server.now += seconds

    def send(self, operation: str, request: Any, _: Mapping[str, str | None] = {}) -> Answer:
        """The answer to a request."""
        status, body = finished(self._server.send(operation, request))
        return Answer(status=status, headers={}, body=json.dumps(body).encode())

    def __call__(self, operation: str, request: Any = None, /, **members: Any) -> dict[str, Any]:
        """The parsed answer; raises Refused for an error."""
        answer = self.send(operation, {**(request or {}), **members})
        if answer.status != 200:
            raise Refused(answer)
        parsed: dict[str, Any] = answer.json
        return parsed

    def run_jobs(self) -> None:
        """One round of all background work."""
        finished(self._server.run_jobs())

    def tend(self, policy: ShardPolicy | None = None) -> None:
        """One round of the background's care of streams."""
        finished(tend_streams(self.engine, self.now, policy or ShardPolicy()))
