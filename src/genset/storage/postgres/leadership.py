"""The lease by which one process of all leads, in the database's own time."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import Final

from genset.storage.postgres.connections import Connections
from genset.storage.postgres.failures import FAILURES

LEASE_S: Final = 5
"""How long a leader that is heard of no more stays one."""
# A leader stops to believe in its lease so long before it ends: clocks may run differently.
_MARGIN_S: Final = 1.0
# So long after an answer it is asked again.
_PAUSE_S: Final = 1.0
_NAME: Final = "background"
_WRITERS_KEPT: Final = "1 day"
_TAKE: Final = (
    "INSERT INTO genset.leases AS l (name, holder, until) "
    f"VALUES ($1, $2, now() + interval '{LEASE_S} seconds') "
    "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until "
    "WHERE l.holder = excluded.holder OR l.until < now() RETURNING holder"
)
_IS_FREE: Final = (
    "SELECT count(*) FROM genset.leases WHERE name = $1 AND holder <> $2 AND until >= now()"
)
_GIVE_BACK: Final = "DELETE FROM genset.leases WHERE name = $1 AND holder = $2"
_FORGET_WRITERS: Final = (
    f"DELETE FROM genset.writers WHERE seen < now() - interval '{_WRITERS_KEPT}'"
)


class Leadership:
    """One process's part in the election."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._holder = str(uuid.uuid4())
        self._until = 0.0

    async def lead(self) -> bool:
        """Take the lease or make it longer, if nobody else has it. Raises what asyncpg raises.

        It answers before the lease ends that the last answer was about: TimeoutError, if need be.
        """
        loop = asyncio.get_running_loop()
        asked = loop.time()
        led = asked < self._until
        until = asked + LEASE_S - _MARGIN_S
        # A later answer would be about a lease that may end before the next question.
        latest = until - _PAUSE_S
        async with asyncio.timeout_at(min(latest, self._until) if led else latest):
            taken = await self._take(led)
        self._until = until if taken else 0.0
        return taken

    async def _take(self, led: bool) -> bool:
        async with self._connections.take() as connection:
            if not led and await connection.fetchval(_IS_FREE, _NAME, self._holder):
                return False
            taken = await connection.fetchval(_TAKE, _NAME, self._holder) is not None
            if taken and not led:
                await connection.execute(_FORGET_WRITERS)
        return taken

    async def give_back(self) -> None:
        """Let another lead at once."""
        if self._until:
            self._until = 0.0
            with contextlib.suppress(*FAILURES):
                async with self._connections.take(1.0) as connection:
                    await connection.execute(_GIVE_BACK, _NAME, self._holder, timeout=1.0)
