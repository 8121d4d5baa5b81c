"""Rates that are not to be exceeded: items or write capacity units a second."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

_TEXT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(wcu)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second, of items or of write capacity units."""

    per_second: float
    unit: Literal["items", "wcu"]


def parse_rate(text: str) -> Rate:
    """The rate of a text: `500` items, or `500wcu`. Raises ValueError for another text."""
    found = _TEXT.fullmatch(text.strip())
    if found is None or float(found[1]) <= 0:
        raise ValueError(
            "a rate is a number of items a second (500), or of capacity units (500wcu)"
        )
    return Rate(float(found[1]), "wcu" if found[2] else "items")


class RateLimiter:
    """Lets threads go on at a rate: each pays for what it did, and the next waits for it."""

    def __init__(
        self,
        rate: Rate | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._free_at = clock()
        self.units_paid = 0.0
        """All capacity units so far."""

    def wait(self) -> None:
        """Return when what was paid for has had its time."""
        with self._lock:
            pause = self._free_at - self._clock()
        if pause > 0:
            self._sleep(pause)

    def pay(self, *, items: int, capacity_units: float) -> None:
        """Say what was done; what counts is the rate's unit."""
        with self._lock:
            self.units_paid += capacity_units
            if self._rate is None:
                return
            amount = items if self._rate.unit == "items" else capacity_units
            start = max(self._free_at, self._clock())
            self._free_at = start + amount / self._rate.per_second
