"""How much of a range one transaction of a job takes."""

from __future__ import annotations

from typing import Final

from genset.storage.engine import Snapshot

KEYS_PER_WRITE: Final = 100
"""Each portion is one write transaction that others wait for."""
BYTES_PER_WRITE: Final = 1024**2
"""Items may have 400 KB and stream records 800 KB, and what is removed is read."""
KEYS_AT_FIRST: Final = 10
"""So many keys show how large the others are."""


async def read_portion(
    snapshot: Snapshot,
    start: bytes,
    stop: bytes,
    *,
    keys_max: int = KEYS_PER_WRITE,
    bytes_max: int = BYTES_PER_WRITE,
    keys_at_first: int = KEYS_AT_FIRST,
) -> tuple[list[tuple[bytes, bytes]], bool]:
    """The first pairs of a range, as many as one write is to hold, and whether they are all.

    At least one if there is any; the bytes are kept as far as the first pairs are a guide.
    """
    pairs: list[tuple[bytes, bytes]] = []
    size, wanted = 0, min(keys_at_first, keys_max)
    while wanted > 0:
        read = await snapshot.scan(start, stop, limit=wanted)
        pairs += read
        if len(read) < wanted:
            return pairs, True
        size += sum(len(value) for _, value in read)
        start = read[-1][0] + b"\x00"
        fitting = (bytes_max - size) * len(pairs) // max(size, 1)
        wanted = min(keys_max - len(pairs), fitting)
    return pairs, False
