"""Reading many items: page after page, no more than asked for, and what that took."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from genset.transfer.plain import Item
from genset.transfer.side_by_side import side_by_side

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
    return side_by_side(
        [
            answers(call, {**request, "Segment": each, "TotalSegments": segments}, limit)
            for each in range(segments)
        ]
    )
