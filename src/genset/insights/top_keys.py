"""The heaviest keys of a stream of weighted keys, in memory for a fixed number of them.

The algorithm is Space-Saving (Metwally, Agrawal and El Abbadi, 2005), with weights.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """A key's value: its weight is at most `value`, and at least `value - error`."""

    key: bytes
    value: float
    error: float


class TopKeys:
    """Counts keys, `capacity` of them at a time.

    As long as there are no more keys than that, every count is exact. Beyond, a new key takes the
    place and the value of the least; no error exceeds the total weight divided by the capacity, and
    every key heavier than that is among those counted. The same keys give the same counts.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: dict[bytes, float] = {}
        self._errors: dict[bytes, float] = {}
        # One entry a key, with a value that it had: the true least is found by renewing the first.
        self._least: list[tuple[float, int, bytes]] = []
        self._arrivals = 0

    def add(self, key: bytes, weight: float) -> None:
        """Add to the weight of a key; a weight is not negative."""
        value = self._values.get(key)
        if value is not None:
            self._values[key] = value + weight
            return
        error = 0.0
        self._arrivals += 1
        if len(self._values) < self._capacity:
            heapq.heappush(self._least, (weight, self._arrivals, key))
        else:
            error = self._take_least()
            heapq.heapreplace(self._least, (error + weight, self._arrivals, key))
        self._values[key] = error + weight
        self._errors[key] = error

    def _take_least(self) -> float:
        """Forget the least key, which is then the first of the heap; returns its value."""
        while True:
            value, arrival, key = self._least[0]
            grown = self._values[key]
            if grown == value:
                del self._values[key], self._errors[key]
                return value
            heapq.heapreplace(self._least, (grown, arrival, key))

    def top(self, wanted: int) -> list[Count]:
        """The heaviest keys, the heaviest first; of equals the one that came first."""
        heaviest = heapq.nsmallest(wanted, self._values, key=lambda key: -self._values[key])
        return [Count(key, self._values[key], self._errors[key]) for key in heaviest]
