"""A consistent view on a read connection, which knows how much it has read.

A body starts in the event loop. Once it has read more than a short read does, its snapshot hands
it back (see `_step.Moving`), and it goes on, with the same view, in a reader thread. The bounds
are counts and not times, so that the same reads always take the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final

import apsw

from genset.storage import _connections as sql
from genset.storage._changes import Pair
from genset.storage._step import Moving
from genset.storage._write_connection import COUNTER_BYTES, decode_counters, refuse_ended

# About a millisecond's worth of reading, decoding included. A Query of 100 items stays inside.
INLINE_ROWS_MAX: Final = 256
INLINE_BYTES_MAX: Final = 512 * 1024
# Rows are counted in such chunks: the longest stall is one chunk of items of 400 KB.
CHUNK_ROWS: Final = 32
# The first chunk of a scan is smaller, and shows how large the values are: a scan bounded in bytes
# reads few of them too many.
_FIRST_ROWS: Final = 8
# Never reached by counting, and small enough to stay one machine word.
UNBOUND: Final = 2**60


class ReadAbandonedError(Exception):
    """Nobody waits for this read any more; raised into its body to end it early."""


class ReadSnapshot:
    """`Snapshot`, and `Inspection`, over a connection inside BEGIN."""

    __slots__ = ("_bytes_left", "_execute", "_rows_left")

    def __init__(self, execute: Callable[..., apsw.Cursor]) -> None:
        self._execute = execute
        self._rows_left = INLINE_ROWS_MAX
        self._bytes_left = INLINE_BYTES_MAX

    async def get(self, key: bytes) -> bytes | None:
        """See `Snapshot.get`."""
        if self._rows_left <= 0 or self._bytes_left <= 0:
            await Moving()
        value: bytes | None = self._execute(sql.GET, (key,)).get
        self._rows_left -= 1
        if value is not None:
            self._bytes_left -= len(value)
        return value

    # A lookup costs as little as remembering would.
    get_stable = get

    async def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """See `Snapshot.get_many`."""
        values: list[bytes | None] = []
        for first in range(0, len(keys), CHUNK_ROWS):
            if self._rows_left <= 0 or self._bytes_left <= 0:
                await Moving()
            execute = self._execute
            chunk = [execute(sql.GET, (key,)).get for key in keys[first : first + CHUNK_ROWS]]
            self._rows_left -= len(chunk)
            self._bytes_left -= sum(len(value) for value in chunk if value is not None)
            values += chunk
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
        if self._rows_left <= 0 or self._bytes_left <= 0:
            await Moving()
        rows = self._execute(sql.SCAN_REVERSE if reverse else sql.SCAN, (start, stop, limit))
        pairs: list[Pair] = []
        wanted = UNBOUND if bytes_max is None else bytes_max
        size = min(_FIRST_ROWS, CHUNK_ROWS)
        while True:
            chunk = list(islice(rows, size))
            pairs += chunk
            chunk_bytes = sum([len(value) for _, value in chunk])
            self._rows_left -= len(chunk)
            self._bytes_left -= chunk_bytes
            wanted -= chunk_bytes
            if len(chunk) < size or wanted <= 0:
                return pairs
            size = min(2 * size, CHUNK_ROWS, wanted * size // max(chunk_bytes, 1) + 1)
            if self._rows_left <= 0 or self._bytes_left <= 0:
                await Moving()

    async def get_counters(self, key: bytes) -> tuple[int, ...]:
        """See `Snapshot.get_counters`."""
        return decode_counters(await self.get(key))

    async def scan_counters(
        self, start: bytes, stop: bytes, *, limit: int
    ) -> list[tuple[bytes, tuple[int, ...] | None]]:
        """See `Inspection.scan_counters`."""
        pairs = await self.scan(start, stop, limit=limit)
        return [
            (key, None if len(stored) % COUNTER_BYTES else decode_counters(stored))
            for key, stored in pairs
        ]

    def kept_key(self, key: bytes) -> bytes:
        """See `Inspection.kept_key`."""
        return key

    def unbind(self) -> None:
        """Let the body read on without end: it no longer holds up the event loop."""
        self._rows_left = self._bytes_left = UNBOUND

    def abandon(self) -> None:
        """Make the next read raise ReadAbandonedError. Called from another thread than reads."""
        self._execute = _refuse_abandoned

    def end(self) -> None:
        """Refuse further reads: the body has returned."""
        self._execute = refuse_ended


def _refuse_abandoned(*_arguments: Any) -> apsw.Cursor:
    raise ReadAbandonedError
