"""What a store holds, read at once, as a view that can be inspected."""

from __future__ import annotations

from bisect import bisect_left

from genset.storage._write_connection import decode_counters


class StoredPairs:
    """`Inspection` of pairs as SQLite stores them, counters among them."""

    def __init__(self, pairs: dict[bytes, bytes]) -> None:
        self._pairs = pairs
        self._keys = sorted(pairs)

    async def scan(
        self, start: bytes, stop: bytes, *, limit: int, bytes_max: int | None = None
    ) -> list[tuple[bytes, bytes]]:
        first = bisect_left(self._keys, start)
        keys = self._keys[first : min(first + limit, bisect_left(self._keys, stop))]
        return [(key, self._pairs[key]) for key in keys]

    async def scan_counters(
        self, start: bytes, stop: bytes, *, limit: int
    ) -> list[tuple[bytes, tuple[int, ...] | None]]:
        pairs = await self.scan(start, stop, limit=limit)
        return [(key, decode_counters(stored)) for key, stored in pairs]

    def kept_key(self, key: bytes) -> bytes:
        return key
