"""Reading all that a database holds, in one view, without keeping what was read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from genset.storage._changes import Pair
from genset.storage.engine import Inspection
from genset.storage.postgres import statements as sql
from genset.storage.postgres.asks import Found, Range
from genset.storage.postgres.connections import Connection, Connections
from genset.storage.postgres.dialects import Dialect
from genset.storage.postgres.failures import FAILURES, storage_error
from genset.storage.postgres.fetching import fetch_range
from genset.storage.postgres.long_keys import KEY_BYTES_MAX, bound, shortened
from genset.storage.postgres.statements import RowGuess

T = TypeVar("T")


async def inspect(
    connections: Connections, dialect: Dialect, body: Callable[[Inspection], Awaitable[T]]
) -> T:
    """Run `body` in a transaction of its own that only reads. See `Inspectable.inspect`.

    Writers are not held up; but the database cannot clean up behind them while it lasts.
    """
    try:
        async with connections.take() as connection:
            # Whatever fails in it closes the connection, and so ends it.
            await connection.execute(f"BEGIN ISOLATION LEVEL {dialect.read_isolation} READ ONLY")
            result = await body(_View(connection))
            await connection.execute("COMMIT")
            return result
    except FAILURES as error:
        raise storage_error(error) from error


class _View:
    """`Inspection` over a connection inside BEGIN."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._guess = RowGuess()

    async def scan(
        self, start: bytes, stop: bytes, *, limit: int, bytes_max: int | None = None
    ) -> list[Pair]:
        """See `Inspection.scan`."""
        found = Found()
        asked = Range(bound(start), bound(stop), limit, bytes_max, False)
        await fetch_range(self._connection, asked, found, self._guess)
        return found.ranges[asked]

    async def scan_counters(
        self, start: bytes, stop: bytes, *, limit: int
    ) -> list[tuple[bytes, tuple[int, ...] | None]]:
        """See `Inspection.scan_counters`."""
        rows = await self._connection.fetch(sql.SCAN_COUNTERS, start, stop, limit)
        return list(sql.counters_of(rows).items())

    def kept_key(self, key: bytes) -> bytes:
        """See `Inspection.kept_key`."""
        return key if len(key) <= KEY_BYTES_MAX else shortened(key)
