"""Reads from a replica, as long as it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from genset.storage.engine import Snapshot, StorageError
from genset.storage.postgres.reads import Reads

T = TypeVar("T")

AWAY_S: Final = 2.0
"""How long a replica that did not answer is left alone."""


class Follower:
    """The reads of one replica. One that does not answer is asked by one read in a while.

    All others are refused at once: who falls back on the primary is not to wait each time.
    """

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._ask_again_at = 0.0

    async def read(self, body: Callable[[Snapshot], Awaitable[T]]) -> T:
        """See `Reads.read`. Raises StorageError if the replica does not answer."""
        loop = asyncio.get_running_loop()
        if self._ask_again_at:
            if loop.time() < self._ask_again_at:
                raise StorageError("the replica does not answer")
            self._ask_again_at = loop.time() + AWAY_S
        try:
            result = await self._reads.read(body)
        except StorageError:
            self._ask_again_at = loop.time() + AWAY_S
            raise
        self._ask_again_at = 0.0
        return result

    async def close(self) -> None:
        """See `Reads.close`."""
        await self._reads.close()
