"""Bodies as runs: what a body asks of the database, and stepping it until it asks.

A body awaits only its transaction, whose methods yield an `Ask` when what they need has not been
fetched. So the asks of many bodies can be answered together, and a body can be given up at any
ask and run again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from genset.storage._changes import Pair
from genset.storage._step import BodySuspendedError


class Range(NamedTuple):
    """A scan's arguments."""

    start: bytes
    stop: bytes
    limit: int
    bytes_max: int | None
    reverse: bool


class Ask:
    """What a body waits for. Awaited by a view: goes on once it has been fetched."""

    __slots__ = ("counters", "keys", "range")

    def __init__(
        self,
        keys: Sequence[bytes] = (),
        counters: Sequence[bytes] = (),
        range: Range | None = None,  # noqa: A002 - the word for it
    ) -> None:
        self.keys = keys
        self.counters = counters
        self.range = range

    def __await__(self) -> Generator[Ask, None, None]:
        """Yield it to whoever steps the body."""
        yield self


@dataclass(slots=True)
class Found:
    """What has been fetched. Version 0 is that of an absent key."""

    values: dict[bytes, bytes | None] = field(default_factory=dict)
    versions: dict[bytes, int] = field(default_factory=dict)
    counters: dict[bytes, tuple[int, ...]] = field(default_factory=dict)
    ranges: dict[Range, list[Pair]] = field(default_factory=dict)
    digests: dict[Range, tuple[Range, int]] = field(default_factory=dict)
    """What was read of a range, and what the number and versions of its pairs add up to."""

    def clear(self) -> None:
        """Forget all."""
        for each in (self.values, self.versions, self.counters, self.ranges, self.digests):
            each.clear()


class Run:
    """A body that is being run. Once `is_done`, it has a `result` or an `error`."""

    __slots__ = ("_steps", "ask", "error", "is_done", "result")

    def __init__(self, body: Awaitable[Any]) -> None:
        self._steps: Any = body.__await__()
        self.ask: Ask | None = None
        self.is_done = False
        self.result: Any = None
        self.error: BaseException | None = None

    def step(self) -> None:
        """Run until it asks, or to its end."""
        try:
            asked = self._steps.send(None)
        except StopIteration as finished:
            self.result = finished.value
        except Exception as error:
            self.error = error
        else:
            if type(asked) is Ask:
                self.ask = asked
                return
            self.give_up()
            self.error = BodySuspendedError("a transaction's body may await only its transaction")
        self.ask = None
        self.is_done = True

    def give_up(self) -> None:
        """End the body where it is."""
        self._steps.close()
