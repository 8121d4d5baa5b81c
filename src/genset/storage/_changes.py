"""What one write transaction has changed and not yet stored, as a layer over the stored map.

Pure data: no SQLite, no I/O. Ranges are removed first, then single keys are set, so a layer is a
list of removed ranges and, over it, the last word on each key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

Pair = tuple[bytes, bytes]
# Reads at most so many pairs of the map below: (start, stop, limit).
ScanBelow = Callable[[bytes, bytes, int], list[Pair]]

# What a layer knows of a key that it does not change.
UNCHANGED: Final[Any] = object()
COUNTER_MIN: Final = -(2**63)
COUNTER_MAX: Final = 2**63 - 1


class Changes:
    """Puts, deletes and counter additions, in the form in which they are read and stored."""

    __slots__ = ("_added", "_removed", "_values", "changed_bytes")

    def __init__(self) -> None:
        self._values: dict[bytes, bytes | None] = {}
        self._removed: list[tuple[bytes, bytes]] = []
        self._added: dict[bytes, tuple[int, ...]] = {}
        self.changed_bytes = 0

    @property
    def change_count(self) -> int:
        """How many keys, and ranges of them, change."""
        return len(self._values) + len(self._removed)

    @property
    def changed(self) -> Mapping[bytes, bytes | None]:
        """The last word on each key, once the removed ranges are gone; None where it is deleted."""
        return self._values

    @property
    def removed(self) -> Sequence[tuple[bytes, bytes]]:
        """The removed ranges."""
        return self._removed

    @property
    def added(self) -> Mapping[bytes, tuple[int, ...]]:
        """What is added to counters, after any removal of them."""
        return self._added

    def look(self, key: bytes) -> Any:
        """The value of `key`, None if it is removed, UNCHANGED if the layer below tells."""
        if key in self._values:
            return self._values[key]
        if self._removed and self.is_removed(key):
            return None
        return UNCHANGED

    def put(self, key: bytes, value: bytes) -> None:
        """Set `key` to `value`."""
        self._values[key] = value
        self.changed_bytes += len(value)

    def delete(self, key: bytes) -> None:
        """Remove `key`, be it of a value or of counters."""
        self._values[key] = None
        if self._added:
            self._added.pop(key, None)

    def delete_range(self, start: bytes, stop: bytes) -> None:
        """Remove every key with `start <= key < stop`."""
        if start >= stop:
            return
        for key in [key for key in self._values if start <= key < stop]:
            del self._values[key]
        for key in [key for key in self._added if start <= key < stop]:
            del self._added[key]
        self._removed.append((start, stop))

    def add(self, key: bytes, *deltas: int) -> None:
        """Add `deltas`, element by element, to the counters at `key`."""
        before = self._added.get(key)
        self._added[key] = deltas if before is None else sum_counters(before, deltas)

    def is_removed(self, key: bytes) -> bool:
        """Whether a removed range covers `key`; a later put of it is not looked at."""
        return any(start <= key < stop for start, stop in self._removed)

    def merged_scan(
        self, below: ScanBelow, start: bytes, stop: bytes, *, limit: int, reverse: bool
    ) -> list[Pair]:
        """The first `limit` pairs of the range as they are with these changes over `below`."""
        changed = {key: value for key, value in self._values.items() if start <= key < stop}
        # Each changed key can hide at most one stored pair: so many more are read, and no more.
        wanted = limit + len(changed)
        stored: list[Pair] = []
        for gap_start, gap_stop in self._gaps(start, stop, reverse):
            stored += below(gap_start, gap_stop, wanted - len(stored))
            if len(stored) >= wanted:
                break
        if changed:
            stored = [pair for pair in stored if pair[0] not in changed]
            stored += [(key, value) for key, value in changed.items() if value is not None]
            stored.sort(reverse=reverse)
        return stored[:limit]

    def _gaps(self, start: bytes, stop: bytes, reverse: bool) -> Iterator[tuple[bytes, bytes]]:
        """The parts of the range that no removed range covers, in the order of the scan."""
        gaps = []
        for removed_start, removed_stop in sorted(self._removed):
            if removed_start > start:
                gaps.append((start, min(removed_start, stop)))
            start = max(start, removed_stop)
            if start >= stop:
                break
        gaps.append((start, stop))
        whole = [gap for gap in gaps if gap[0] < gap[1]]
        return reversed(whole) if reverse else iter(whole)


def sum_counters(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    """Both tuples of counters added element by element; a missing element counts as 0."""
    if len(left) == len(right):
        return tuple([a + b for a, b in zip(left, right, strict=True)])
    return tuple(a + b for a, b in zip_longest(left, right, fillvalue=0))
