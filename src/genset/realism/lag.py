"""Lag: eventually consistent reads see the store as it was some time ago.

While a lag is on, a write also keeps what each item and index entry held before. A read that lags
puts the earliest of what was kept since then in place of the present. Background jobs keep
nothing: their changes are seen at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeVar

from genset.model.tables import Index
from genset.realism.latency import TIME_S_MAX
from genset.storage import keyspace
from genset.storage.engine import Engine, Snapshot, Transaction, is_whole, put_over

T = TypeVar("T")

KEPT_S: Final = TIME_S_MAX + 10
"""How long what was is kept: the longest lag, and time for reads and changes under way."""

_ABSENT: Final = b"\x00"
_PRESENT: Final = b"\x01"
_CHUNK: Final = 256


def micros(seconds: float) -> int:
    """The whole microseconds of a time."""
    return max(0, int(seconds * 1_000_000))


class Lag:
    """The past that a server's eventually consistent reads see. Times are in seconds."""

    def __init__(self, now: Callable[[], float], read_lag_s: float, gsi_lag_s: float) -> None:
        self._now = now
        self._read_lag_s = read_lag_s
        self._gsi_lag_s = gsi_lag_s

    def view(self, snapshot: Snapshot, index: Index | None = None) -> Snapshot:
        """`snapshot` as it was: global indexes have a lag of their own."""
        lag_s = self._gsi_lag_s if index is not None and index.is_global else self._read_lag_s
        return PastSnapshot(snapshot, micros(self._now() - lag_s)) if lag_s else snapshot


class PastSnapshot:
    """Items and index entries as they were at a time, in microseconds since the epoch."""

    def __init__(self, snapshot: Snapshot, time: int) -> None:
        self._snapshot = snapshot
        self._after = time + 1

    async def get(self, key: bytes) -> bytes | None:
        """The value of `key` then, or None."""
        since = keyspace.history_since(key, self._after)
        records = await self._snapshot.scan(*since, limit=1)
        return _was(records[0][1]) if records else await self._snapshot.get(key)

    async def get_stable(self, key: bytes) -> bytes | None:
        """The value of `key`, of which no past is kept."""
        return await self._snapshot.get_stable(key)

    async def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values of `keys` then, in their order."""
        return [await self.get(key) for key in keys]

    async def scan(
        self,
        start: bytes,
        stop: bytes,
        *,
        limit: int,
        bytes_max: int | None = None,
        reverse: bool = False,
    ) -> list[tuple[bytes, bytes]]:
        """The pairs of the range then; see `Snapshot.scan`."""
        return await _merged_scan(
            self._snapshot,
            self._changed,
            start,
            stop,
            limit=limit,
            bytes_max=bytes_max,
            reverse=reverse,
        )

    async def get_counters(self, key: bytes) -> tuple[int, ...]:
        """Counters are always those of the present."""
        return await self._snapshot.get_counters(key)

    async def _changed(self, start: bytes, stop: bytes) -> Mapping[bytes, bytes | None]:
        """What the keys of the range that have changed since held then."""
        were: dict[bytes, bytes | None] = {}
        low, high = keyspace.history_range(start, stop)
        while True:
            records = await self._snapshot.scan(low, high, limit=_CHUNK)
            for record, value in records:
                key, time = keyspace.history_parts(record)
                if time >= self._after and key not in were:
                    were[key] = _was(value)
            if len(records) < _CHUNK:
                return were
            # What a key held before then, or after that, does not matter: a key that changes often
            # must not be read through.
            since, end = keyspace.history_since(key, self._after)
            low = end if key in were else since


class RecordingEngine:
    """An engine whose writes keep what items and index entries held before."""

    def __init__(self, engine: Engine, now: Callable[[], float]) -> None:
        self._engine = engine
        self._now = now

    @property
    def lags(self) -> bool:
        """As the engine below."""
        return self._engine.lags

    async def read(self, body: Callable[[Snapshot], Awaitable[T]], *, consistent: bool = True) -> T:
        """As the engine below."""
        return await self._engine.read(body, consistent=consistent)

    async def write(self, body: Callable[[Transaction], Awaitable[T]]) -> T:
        """As the engine below; what was is kept in the same transaction."""

        async def recorded(txn: Transaction) -> T:
            recording = RecordingTransaction(txn)
            result = await body(recording)
            await recording.finish(micros(self._now()))
            return result

        return await self._engine.write(recorded)

    async def scan_counters(
        self, start: bytes, stop: bytes, *, limit: int
    ) -> list[tuple[bytes, tuple[int, ...]]]:
        """As the engine below."""
        return await self._engine.scan_counters(start, stop, limit=limit)

    async def lead(self) -> bool:
        """As the engine below."""
        return await self._engine.lead()

    async def close(self) -> None:
        """As the engine below."""
        await self._engine.close()


class RecordingTransaction:
    """Holds back changes of items and index entries, so that `finish` still finds what was."""

    def __init__(self, txn: Transaction) -> None:
        self._txn = txn
        self._changes: dict[bytes, bytes | None] = {}

    async def finish(self, time: int) -> None:
        """Keep what was, and make the changes."""
        befores = await self._txn.get_many(list(self._changes))
        for (key, value), before in zip(self._changes.items(), befores, strict=True):
            if before != value:
                record = await self._next_record(key, time)
                self._txn.put(record, _ABSENT if before is None else _PRESENT + before)
            if value is None:
                self._txn.delete(key)
            else:
                self._txn.put(key, value)

    async def _next_record(self, key: bytes, time: int) -> bytes:
        """The key of the next record: the order of records is that of the changes, always.

        Two changes may come in one microsecond, or a clock may be set back.
        """
        last = await self._txn.scan(*keyspace.history_since(key, 0), limit=1, reverse=True)
        if last:
            time = max(time, keyspace.history_parts(last[0][0])[1] + 1)
        return keyspace.history_key(key, time)

    async def get(self, key: bytes) -> bytes | None:
        """See `Snapshot.get`."""
        if key in self._changes:
            return self._changes[key]
        return await self._txn.get(key)

    async def get_stable(self, key: bytes) -> bytes | None:
        """See `Snapshot.get_stable`."""
        return await self._txn.get_stable(key)

    async def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """See `Snapshot.get_many`."""
        found = await self._txn.get_many(keys)
        return [self._changes.get(key, value) for key, value in zip(keys, found, strict=True)]

    async def scan(
        self,
        start: bytes,
        stop: bytes,
        *,
        limit: int,
        bytes_max: int | None = None,
        reverse: bool = False,
    ) -> list[tuple[bytes, bytes]]:
        """See `Snapshot.scan`."""
        return await _merged_scan(
            self._txn,
            self._changed,
            start,
            stop,
            limit=limit,
            bytes_max=bytes_max,
            reverse=reverse,
        )

    async def _changed(self, start: bytes, stop: bytes) -> Mapping[bytes, bytes | None]:
        return {key: value for key, value in self._changes.items() if start <= key < stop}

    async def get_counters(self, key: bytes) -> tuple[int, ...]:
        """See `Snapshot.get_counters`."""
        return await self._txn.get_counters(key)

    def put(self, key: bytes, value: bytes) -> None:
        """See `Transaction.put`."""
        if keyspace.has_history(key):
            self._changes[key] = value
        else:
            self._txn.put(key, value)

    async def put_counted(self, key: bytes, value: bytes, counter: bytes) -> None:
        """See `Transaction.put_counted`. What the key held is to be kept, so it is fetched."""
        put_over(self, key, await self.get(key), value, counter)

    def delete(self, key: bytes) -> None:
        """See `Transaction.delete`."""
        if keyspace.has_history(key):
            self._changes[key] = None
        else:
            self._txn.delete(key)

    def delete_range(self, start: bytes, stop: bytes) -> None:
        """See `Transaction.delete_range`. A range of items goes without a record of them."""
        for key in [key for key in self._changes if start <= key < stop]:
            del self._changes[key]
        self._txn.delete_range(start, stop)

    def add(self, key: bytes, *deltas: int) -> None:
        """See `Transaction.add`."""
        self._txn.add(key, *deltas)


def _was(value: bytes) -> bytes | None:
    return value[1:] if value[:1] == _PRESENT else None


async def _merged_scan(
    snapshot: Snapshot,
    changed: Callable[[bytes, bytes], Awaitable[Mapping[bytes, bytes | None]]],
    start: bytes,
    stop: bytes,
    *,
    limit: int,
    bytes_max: int | None,
    reverse: bool,
) -> list[tuple[bytes, bytes]]:
    """The pairs of `snapshot` with what `changed` gives for a range in their place.

    It goes by stretches of the range that hold as many pairs as are wanted, since only what
    changed within them matters.
    """
    found: list[tuple[bytes, bytes]] = []
    while start < stop and is_whole(found, limit, bytes_max):
        wanted = limit - len(found)
        pairs = await snapshot.scan(start, stop, limit=wanted, bytes_max=bytes_max, reverse=reverse)
        low, high = start, stop
        if not is_whole(pairs, wanted, bytes_max):
            if reverse:
                low = pairs[-1][0]
            else:
                high = pairs[-1][0] + b"\x00"
        merged: dict[bytes, bytes | None] = dict(pairs)
        merged.update(await changed(low, high))
        held = [(key, value) for key, value in merged.items() if value is not None]
        found += sorted(held, reverse=reverse)
        start, stop = (start, low) if reverse else (high, stop)
    return found[:limit]
