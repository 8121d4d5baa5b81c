"""What a process remembers of keys it has read or written, so as not to fetch them again.

It may be wrong at any time: whoever uses it has it checked when the transaction commits, and then
is told what is right, at no more round trips than fetching first would have taken.
"""

from __future__ import annotations

from typing import Final, TypeVar

from genset.storage._changes import sum_counters
from genset.storage.postgres.asks import Found
from genset.storage.postgres.batch import Batch

V = TypeVar("V")

_STABLE_MAX: Final = 4096
_RECENT_MAX: Final = 2048
_RECENT_BYTES_MAX: Final = 2048
"""Longer values are not kept."""


class Memory:
    """Stable keys, the keys of late, and counters that transactions read."""

    def __init__(self) -> None:
        self._stable: dict[bytes, tuple[bytes | None, int]] = {}
        self._recent: dict[bytes, tuple[bytes | None, int]] = {}
        self._counters: dict[bytes, tuple[int, ...]] = {}

    def recall(self, key: bytes, found: Found) -> None:
        """Add to `found` what is remembered of `key`."""
        known = self._stable.get(key) or self._recent.get(key)
        if known is not None:
            found.values[key], found.versions[key] = known
        counters = self._counters.get(key)
        if counters is not None:
            found.counters[key] = counters

    def learn(self, batch: Batch, version: int) -> None:
        """Take note of what a batch has read and, as `version`, written, once it is committed."""
        changed = batch.changes.changed
        for key in batch.reads:
            if key in changed:
                value = changed[key]
                known = (value, 0 if value is None else version)
            elif key in batch.found.versions and not batch.changes.removed:
                known = (batch.found.values[key], batch.found.versions[key])
            else:
                self.forget(key)
                continue
            if key in batch.stable:
                _keep(self._stable, key, known, _STABLE_MAX)
            elif known[0] is None or len(known[0]) <= _RECENT_BYTES_MAX:
                _keep(self._recent, key, known, _RECENT_MAX)
        for key in batch.summed:
            if key in changed or batch.changes.removed:
                self._counters.pop(key, None)
                continue
            counters = batch.found.counters[key]
            added = batch.changes.added.get(key)
            total = counters if added is None else sum_counters(counters, added)
            _keep(self._counters, key, total, _STABLE_MAX)

    def forget(self, key: bytes) -> None:
        """Remember nothing of `key`."""
        for known in (self._stable, self._recent, self._counters):
            known.pop(key, None)


def _keep(known: dict[bytes, V], key: bytes, value: V, most: int) -> None:
    """Keep the latest."""
    known.pop(key, None)
    if len(known) >= most:
        known.pop(next(iter(known)))
    known[key] = value
