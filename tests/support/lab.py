"""A server in this process whose clock a test moves, called like `support.client.Api`."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from genset.realism.switches import decode
from genset.storage.sqlite import open_sqlite
from support.client import Answer, Refused
from support.in_process import InProcess

START = 1_800_000_000.0


class Lab:
    """Starts with the switches given, by their names in JSON."""

    def __init__(self, *, transition_s: float = 0.0, **switches: Any) -> None:
        self._runner = asyncio.Runner()
        self._runner.run(self._open(transition_s, switches))

    async def _open(self, transition_s: float, switches: dict[str, Any]) -> None:
        self.engine = open_sqlite(None)
        self.server = InProcess(
            self.engine, now=START, switches=decode(switches), transition_s=transition_s
        )

    @property
    def now(self) -> float:
        """The time; setting it moves it."""
        return self.server.now

    @now.setter
    def now(self, moment: float) -> None:
        self.server.now = moment

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self.engine.close())
        self._runner.close()

    def run(self, coroutine: Any) -> Any:
        """Run a coroutine in the server's loop."""
        return self._runner.run(coroutine)

    def change(self, **switches: Any) -> None:
        """Change the switches; all that are not given are off."""
        assert self.server.realism is not None
        self.server.realism.change(decode(switches))

    def send(self, operation: str, request: Any) -> Answer:
        status, body = self.run(self.server.send(operation, request))
        return Answer(status=status, headers={}, body=json.dumps(body).encode())

    def __call__(self, operation: str, request: Any = None, /, **members: Any) -> dict[str, Any]:
        """The parsed answer; raises Refused for an error."""
        answer = self.send(operation, {**(request or {}), **members})
        if answer.status != 200:
            raise Refused(answer)
        parsed: dict[str, Any] = answer.json
        return parsed

    def administer(self, name: str, **query: Any) -> tuple[int, Any]:
        """The status and the body of the answer to a GET under the admin path."""
        answer: tuple[int, Any] = self.run(self.server.administer(name, query))
        return answer

    def refused(self, operation: str, request: Any = None, /, **members: Any) -> Refused:
        """The error that the request must be answered with."""
        answer = self.send(operation, {**(request or {}), **members})
        assert answer.status != 200, f"{operation} was accepted: {answer.body[:500]!r}"
        return Refused(answer)
