"""Reading many items: page after page, no more than asked for, and what that took."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final

from genset.transfer.plain import Item

# Threads that still wait for an answer then end with the process.
_STOP_S: Final = 1.0

Call = Callable[..., dict[str, Any]]
"""A client's method for an operation that answers in pages."""
Answers = Generator[dict[str, Any], None, None]


@dataclass(slots=True)
class Tally:
    """What a command has read so far, and the capacity that it used."""

    count: int = 0
    scanned: int = 0
    requests: int = 0
    capacity: float = 0.0
    _started: float = field(default_factory=time.monotonic)

    def add(self, answer: dict[str, Any]) -> None:
        """Count an answer, of any operation on items."""
        self.count += answer.get("Count", len(answer.get("Items", ())))
        self.scanned += answer.get("ScannedCount", 0)
        self.requests += 1
        consumed = answer.get("ConsumedCapacity") or []
        for each in consumed if isinstance(consumed, list) else [consumed]:
            self.capacity += each.get("CapacityUnits", 0.0)

    def __str__(self) -> str:
        items = f"{self.count} item{'' if self.count == 1 else 's'}"
        counted = items if self.count or self.scanned else ""
        counted += f" of {self.scanned} read" if self.scanned else ""
        counted += ", " if counted else ""
        requests = f"{self.requests} request{'' if self.requests == 1 else 's'}"
        seconds = time.monotonic() - self._started
        return f"{counted}{requests}, {self.capacity:g} capacity units, {seconds:.2f} s"


def answers(call: Call, request: dict[str, Any], limit: int | None = None) -> Answers:
    """The answers of Query or Scan, one after another, until there is no more or `limit` is met.

    The last may be more than `limit` asks for if there is a filter, for the service's Limit counts
    what is read, and not what is found.
    """
    left = limit
    start: Item | None = {}
    while start is not None and left != 0:
        more = {"ExclusiveStartKey": start} if start else {}
        if left is not None and "FilterExpression" not in request:
            more["Limit"] = min(left, request.get("Limit", left))
        answer = call(**{**request, **more})
        yield answer
        if left is not None:
            left = max(left - answer["Count"], 0)
        start = answer.get("LastEvaluatedKey")


def pages(found: Answers, tally: Tally, limit: int | None = None) -> Iterator[Sequence[Item]]:
    """The items of answers, no more of them than `limit`; what they took is added to `tally`."""
    left = limit
    for answer in found:
        tally.add(answer)
        items = answer.get("Items", [])[:left]
        yield items
        if left is not None:
            left -= len(items)
            if left == 0:
                return


def parallel_answers(
    call: Call, request: dict[str, Any], segments: int, limit: int | None = None
) -> Answers:
    """The answers of a Scan in so many segments that are read at once, as they come.

    No more of them are held than there are segments. Closing it ends the reading.
    """
    reading = _Segments(call, request, segments, limit)
    try:
        yield from reading.answers()
    finally:
        reading.stop()


class _Segments:
    """Threads that read a segment each, and hand their answers over."""

    def __init__(
        self, call: Call, request: dict[str, Any], segments: int, limit: int | None
    ) -> None:
        self._stopping = threading.Event()
        # An answer, or the error or None that a segment ended with.
        self._answers: queue.Queue[Any] = queue.Queue(maxsize=segments)
        self._threads = [
            threading.Thread(
                target=self._read,
                args=(call, {**request, "Segment": each, "TotalSegments": segments}, limit),
                daemon=True,
            )
            for each in range(segments)
        ]
        for thread in self._threads:
            thread.start()

    def answers(self) -> Answers:
        reading = len(self._threads)
        while reading:
            answer = self._answers.get()
            if isinstance(answer, Exception):
                raise answer
            if answer is None:
                reading -= 1
            else:
                yield answer

    def stop(self) -> None:
        """End the threads, after the requests that are under way, if those end soon."""
        self._stopping.set()
        deadline = time.monotonic() + _STOP_S
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0))

    def _read(self, call: Call, request: dict[str, Any], limit: int | None) -> None:
        end: Exception | None = None
        try:
            with closing(answers(call, request, limit)) as found:
                for answer in found:
                    if not self._hand_over(answer):
                        return
        # It is raised again where the answers are taken.
        except Exception as error:
            end = error
        self._hand_over(end)

    def _hand_over(self, answer: Any) -> bool:
        """Put it where it is taken from; False if nobody will."""
        while not self._stopping.is_set():
            try:
                self._answers.put(answer, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False
