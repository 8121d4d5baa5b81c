"""What bodies are given: snapshots and transactions over what has been fetched so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from genset.storage._changes import UNCHANGED, Changes, Pair, sum_counters
from genset.storage.engine import put_over
from genset.storage.keyspace import value_size
from genset.storage.postgres.asks import Ask, Found, Range
from genset.storage.postgres.long_keys import KEY_BYTES_MAX, bound, fitting, shortened

MISSING: Final[Any] = object()


class _Ended(Mapping[Any, Any]):
    """Stands in for what was found once a body has returned."""

    def __getitem__(self, key: Any) -> Any:
        raise RuntimeError("a transaction was used after its body had returned")

    def __iter__(self) -> Any:
        return self[None]

    def __len__(self) -> int:
        return int(self[None])


_ENDED: Final[Any] = _Ended()
_ENDED_FOUND: Final = Found(_ENDED, _ENDED, _ENDED, _ENDED, _ENDED)


class ReadView:
    """`Snapshot` over what was found in one view of the database.

    What it took from `remembered`, the stable keys that this process has seen, is in `assumed`:
    whoever runs the body makes sure that it is so in that view.
    """

    __slots__ = ("_remembered", "assumed", "found", "stable")

    def __init__(self, found: Found, remembered: Mapping[bytes, bytes]) -> None:
        self.found = found
        self._remembered = remembered
        self.assumed: dict[bytes, bytes] = {}
        self.stable: dict[bytes, bytes] = {}
        """The stable keys that were fetched."""

    def give(self, found: Found) -> None:
        """Let the body go on with what was found; what it assumed is now known to be so.

        From here on it remembers nothing: nobody would make sure of that in the same view.
        """
        self.found = found
        self._remembered = {}

    async def get(self, key: bytes) -> bytes | None:
        """See `Snapshot.get`."""
        if len(key) > KEY_BYTES_MAX:
            key = shortened(key)
        if key not in self.found.values:
            await Ask((key,))
        return self.found.values[key]

    async def get_stable(self, key: bytes) -> bytes | None:
        """See `Snapshot.get_stable`."""
        if key not in self.found.values:
            value = self._remembered.get(key)
            if value is not None:
                self.assumed[key] = value
                return value
            await Ask((key,))
        value = self.found.values[key]
        if value is not None:
            self.stable[key] = value
        return value

    async def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """See `Snapshot.get_many`."""
        keys = fitting(keys)
        missing = [key for key in keys if key not in self.found.values]
        if missing:
            await Ask(missing)
        return [self.found.values[key] for key in keys]

    async def scan(
        self,
        start: bytes,
        stop: bytes,
        *,
        limit: int,
        bytes_max: int | None = None,
        reverse: bool = False,
    ) -> list[Pair]:
        """See `Snapshot.scan`."""
        wanted = Range(bound(start), bound(stop), limit, bytes_max, reverse)
        if wanted not in self.found.ranges:
            await Ask(range=wanted)
        return self.found.ranges[wanted]

    async def get_counters(self, key: bytes) -> tuple[int, ...]:
        """See `Snapshot.get_counters`."""
        if key not in self.found.counters:
            await Ask(counters=(key,))
        return self.found.counters[key]

    def end(self) -> None:
        """Refuse further reads: the body has returned."""
        self.found = _ENDED_FOUND
        self._remembered = _ENDED


class WriteView(Changes):
    """`Transaction`: its own changes over those of the bodies before it, over what was found.

    `base` is the changes of the bodies before it, `base_counted` what they put without asking what
    was there (counter and size, by key), `recall` fills what was found with what is
    remembered of a key, if anything is. `reads` are the keys it looked at, counters included; of
    them are `stable` those, and `summed` the counters, that it read as such. Unless it
    `is_checked_later`, what it reads is true when it commits.
    """

    __slots__ = (
        "_base",
        "_base_counted",
        "_is_checked_later",
        "_recall",
        "counted",
        "found",
        "ranges",
        "reads",
        "stable",
        "summed",
    )

    def __init__(
        self,
        base: Changes,
        base_counted: Mapping[bytes, tuple[bytes, int]],
        found: Found,
        recall: Callable[[bytes], None],
        *,
        is_checked_later: bool,
    ) -> None:
        super().__init__()
        self._base = base
        self._base_counted = base_counted
        self._recall = recall
        self._is_checked_later = is_checked_later
        self.found = found
        self.reads: set[bytes] = set()
        self.stable: set[bytes] = set()
        self.summed: set[bytes] = set()
        self.ranges: set[Range] = set()
        self.counted: dict[bytes, tuple[bytes, int]] = {}

    async def get(self, key: bytes) -> bytes | None:
        """See `Snapshot.get`."""
        if len(key) > KEY_BYTES_MAX:
            key = shortened(key)
        value = self._look(key)
        if value is MISSING:
            await Ask((key,))
            value = self._look(key)
        return value  # type: ignore[no-any-return]

    async def get_stable(self, key: bytes) -> bytes | None:
        """See `Snapshot.get_stable`."""
        self.stable.add(key)
        return await self.get(key)

    async def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """See `Snapshot.get_many`."""
        keys = fitting(keys)
        values = [self._look(key) for key in keys]
        missing = [key for key, value in zip(keys, values, strict=True) if value is MISSING]
        if missing:
            await Ask(missing)
            return [self._look(key) for key in keys]
        return values

    async def scan(
        self,
        start: bytes,
        stop: bytes,
        *,
        limit: int,
        bytes_max: int | None = None,
        reverse: bool = False,
    ) -> list[Pair]:
        """See `Snapshot.scan`."""
        start, stop = bound(start), bound(stop)
        if self._values or self._removed:
            bytes_max = None

        def below(start: bytes, stop: bytes, limit: int) -> list[Pair]:
            wanted = Range(start, stop, limit, bytes_max, reverse)
            self.ranges.add(wanted)
            pairs = self.found.ranges.get(wanted)
            if pairs is None:
                raise _NotFoundYet(wanted)
            return pairs

        while True:
            try:
                return self.merged_scan(below, start, stop, limit=limit, reverse=reverse)
            except _NotFoundYet as missing:
                wanted = missing.range
            await Ask(range=wanted)

    async def get_counters(self, key: bytes) -> tuple[int, ...]:
        """See `Snapshot.get_counters`."""
        self.reads.add(key)
        total = await self._base_counters(key) if self.look(key) is UNCHANGED else ()
        total = await self._with_counted(key, total, self.counted)
        own = self._added.get(key)
        return total if own is None else sum_counters(total, own)

    async def put_counted(self, key: bytes, value: bytes, counter: bytes) -> None:
        """See `Transaction.put_counted`."""
        if len(key) > KEY_BYTES_MAX:
            key = shortened(key)
        if self._is_checked_later and self._look_in_changes(key) is UNCHANGED:
            self.reads.add(key)
            self.counted[key] = (counter, value_size(value))
            self.put(key, value)
            return
        put_over(self, key, await self.get(key), value, counter)

    def put(self, key: bytes, value: bytes) -> None:
        """See `Transaction.put`."""
        super().put(key if len(key) <= KEY_BYTES_MAX else shortened(key), value)

    def delete(self, key: bytes) -> None:
        """See `Transaction.delete`."""
        if len(key) > KEY_BYTES_MAX:
            key = shortened(key)
        super().delete(key)
        forget_counted(self.counted, key, key + b"\x00")

    def delete_range(self, start: bytes, stop: bytes) -> None:
        """See `Transaction.delete_range`."""
        start, stop = bound(start), bound(stop)
        super().delete_range(start, stop)
        forget_counted(self.counted, start, stop)

    def end(self) -> None:
        """Refuse further reads: the body has returned."""
        self.found = _ENDED_FOUND
        self._base = Changes()
        self._base_counted = {}
        self._recall = _ENDED.__getitem__

    def _look(self, key: bytes) -> Any:
        self.reads.add(key)
        value = self._look_in_changes(key)
        if value is UNCHANGED:
            values = self.found.values
            if key not in values:
                self._recall(key)
            value = values.get(key, MISSING)
        return value

    def _look_in_changes(self, key: bytes) -> Any:
        value = self.look(key)
        return self._base.look(key) if value is UNCHANGED else value

    async def _base_counters(self, key: bytes) -> tuple[int, ...]:
        stored: tuple[int, ...] = ()
        if self._base.look(key) is UNCHANGED:
            self.summed.add(key)
            if key not in self.found.counters:
                self._recall(key)
            if key not in self.found.counters:
                await Ask(counters=(key,))
            stored = self.found.counters[key]
        stored = await self._with_counted(key, stored, self._base_counted)
        added = self._base.added.get(key)
        return stored if added is None else sum_counters(stored, added)

    async def _with_counted(
        self,
        counter: bytes,
        counters: tuple[int, ...],
        counted: Mapping[bytes, tuple[bytes, int]],
    ) -> tuple[int, ...]:
        """`counters` and what counted puts add to them, for which it must ask what was there."""
        sizes = {key: size for key, (its, size) in counted.items() if its == counter}
        missing = [key for key in sizes if key not in self.found.values]
        if missing:
            await Ask(missing)
        for key, size in sizes.items():
            self.reads.add(key)
            before = self.found.values[key]
            grown = size if before is None else size - value_size(before)
            counters = sum_counters(counters, (before is None, grown))
        return counters


def forget_counted(counted: dict[bytes, tuple[bytes, int]], start: bytes, stop: bytes) -> None:
    """Drop the counted puts whose counters are removed with a range."""
    if counted:
        for key in [key for key, (counter, _) in counted.items() if start <= counter < stop]:
            del counted[key]


class _NotFoundYet(Exception):
    """A range that a merged scan needs has not been fetched."""

    def __init__(self, wanted: Range) -> None:
        super().__init__(wanted)
        self.range = wanted
