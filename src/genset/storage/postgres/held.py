"""A connection that is inside a transaction for the time of an `async with`."""

from __future__ import annotations

from types import TracebackType

import asyncpg

from genset.storage.postgres.connections import Connection, Connections, register_writer
from genset.storage.postgres.failures import FAILURES


class Held:
    """Takes a connection that may write, and sends `begin`. What is not committed is undone."""

    def __init__(self, connections: Connections, begin: str) -> None:
        self._taken = connections.take()
        self._begin = begin

    async def __aenter__(self) -> Connection:
        """Begin the transaction."""
        connection = self._connection = await self._taken.__aenter__()
        try:
            if not connection.writer:
                await register_writer(connection)
            await connection.execute(self._begin)
        except BaseException as error:
            await self._taken.__aexit__(type(error), error, error.__traceback__)
            raise
        return connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the transaction, over the connection only if that still works."""
        connection = self._connection
        try:
            works = error is None or isinstance(error, asyncpg.PostgresError)
            if works and not connection.is_closed() and connection.is_in_transaction():
                await self._undo(connection, error)
        finally:
            await self._taken.__aexit__(kind, error, trace)

    async def _undo(self, connection: Connection, error: BaseException | None) -> None:
        try:
            await connection.execute("ROLLBACK")
        except FAILURES:
            # What failed before is told instead. The connection does not serve on in either case.
            if error is None:
                raise
