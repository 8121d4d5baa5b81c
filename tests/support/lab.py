"""A `StillServer` with realism switches, whose calls may wait."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from genset.realism.switches import decode
from support.still_server import StillServer

T = TypeVar("T")


class Lab(StillServer):
    """Starts with the switches given, by their names in JSON."""

    def __init__(self, *, transition_s: float = 0.0, **switches: Any) -> None:
        super().__init__(switches=decode(switches), transition_s=transition_s)
        self._runner = asyncio.Runner()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self.engine.close())
        self._runner.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine of the server's, in its loop."""
        return self._runner.run(work)

    def change(self, **switches: Any) -> None:
        """Change the switches; all that are not given are off."""
        assert self.server.realism is not None
        self.server.realism.change(decode(switches))

    def administer(self, name: str, **query: Any) -> tuple[int, Any]:
        """The status and the body of the answer to a GET under the admin path."""
        return self.run(self.server.administer(name, query))
