"""Runs the body of a transaction as a plain call: embedded reads and writes never really wait."""

from __future__ import annotations

from collections.abc import Awaitable, Generator
from typing import Any, Final, TypeVar

T = TypeVar("T")

# What a body yields when its snapshot wants it to go on elsewhere. See `_snapshots.py`.
MOVE: Final = object()


class BodySuspendedError(RuntimeError):
    """A body awaited something that is not its transaction. Our bug: it would never resume."""


class Moving:
    """Awaited in a snapshot: hands the body back to whoever steps it, which resumes it later."""

    def __await__(self) -> Generator[object, None, None]:
        """Yield `MOVE` once."""
        yield MOVE


def run_to_end(body: Awaitable[T]) -> T:
    """The result of `body`, stepped once, or the exception that it raises.

    Raises BodySuspendedError, and ends the body, if it waits for anything.
    """
    steps: Any = body.__await__()
    try:
        steps.send(None)
    except StopIteration as finished:
        result: T = finished.value
        return result
    steps.close()
    raise BodySuspendedError("a transaction's body may await only its transaction")
