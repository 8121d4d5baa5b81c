"""Runs the server's coroutines in place, without an event loop.

In memory nothing that they await ever waits, but for what is held back on purpose: they await
`Pause`, and whoever steps them decides what becomes of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Pause:
    """Awaited to be held back for so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __await__(self) -> Generator[Pause, None, None]:
        """Yield itself once, to whoever steps the coroutine."""
        yield self


async def pause(seconds: float) -> None:
    """Hold the caller's answer back."""
    await Pause(seconds)


class Held(Generic[T]):
    """A coroutine that pauses for `seconds`, and goes on with `go_on`."""

    def __init__(self, coroutine: Coroutine[Any, Any, T], seconds: float) -> None:
        self._coroutine = coroutine
        self.seconds = seconds

    def go_on(self) -> T | Held[T]:
        """The result, or the next pause; raises what the coroutine raises."""
        return step(self._coroutine)

    def give_up(self) -> None:
        """End it: nobody waits any more."""
        self._coroutine.close()


def step(coroutine: Coroutine[Any, Any, T]) -> T | Held[T]:
    """Run `coroutine` until it ends or pauses; raises what it raises."""
    while True:
        try:
            awaited = coroutine.send(None)
        except StopIteration as finished:
            result: T = finished.value
            return result
        if awaited is None:
            # `asyncio.sleep(0)`: it would let others run, and there are none.
            continue
        if isinstance(awaited, Pause):
            return Held(coroutine, awaited.seconds)
        coroutine.close()
        raise RuntimeError(f"the server waits for {awaited!r}, which nobody here can provide")


def run_whole(work: Awaitable[T]) -> T:
    """The result of work that does not pause; raises what it raises."""
    result = step(_awaiting(work))
    if isinstance(result, Held):
        result.give_up()
        raise RuntimeError("the server holds back what nobody can wait for")
    return result


async def _awaiting(work: Awaitable[T]) -> T:
    return await work
