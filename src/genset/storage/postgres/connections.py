"""The connections of one process to one database: opening, sharing, and giving up on them.

A connection that wrote has an entry in `genset.writers`, which each of its commits advances: that
is how another connection learns what became of a commit whose answer was lost.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from types import TracebackType
from typing import Any, Final

import asyncpg

from genset.storage.engine import StorageBusyError, StorageClosedError
from genset.storage.postgres.failures import READ_ONLY

CONNECT_TIMEOUT_S: Final = 3.0
DEADLINE_S: Final = 5.0
"""How long a call may take, waiting and trying again included."""
RANDOM: Final = random.SystemRandom()
"""For what must differ from what any process draws: shared generators may be seeded alike."""
_IDLE_S: Final = 300.0
_STATEMENT_MS: Final = str(int(DEADLINE_S * 1000))


class Connection(asyncpg.Connection):  # type: ignore[misc]
    """A connection, and what it is in `genset.writers` once it has written."""

    __slots__ = ("epoch", "idle_since", "serial", "writer")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.writer = 0
        self.epoch = 0
        self.serial = 0
        self.idle_since = 0.0


class Connections:
    """At most `size` connections to the database at `url`. All calls are made in the loop.

    A pool of our own: handing out one of asyncpg's takes longer than many a statement.
    """

    def __init__(self, url: str, size: int, settings: dict[str, str], target: str) -> None:
        self._url = url
        self._size = size
        self._options = {
            "timeout": CONNECT_TIMEOUT_S,
            "command_timeout": DEADLINE_S,
            "connection_class": Connection,
            "target_session_attrs": target,
            "server_settings": {
                "application_name": "genset",
                "statement_timeout": _STATEMENT_MS,
                "idle_in_transaction_session_timeout": _STATEMENT_MS,
                **settings,
            },
        }
        # The one given back last is taken first, so the first in the list has idled longest.
        self._idle: list[Connection] = []
        # Connections that are open, being opened, or promised to who waits.
        self._count = 0
        # Who waits is given a connection, or None for the right to open one, in order.
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()

    def take(self, timeout_s: float = DEADLINE_S) -> Taken:
        """A connection for the time of an `async with`; one on which anything failed is closed.

        Raises what asyncpg raises if there is none to be had, StorageBusyError if all are in use
        for that long.
        """
        return Taken(self, timeout_s)

    async def acquire(self, timeout_s: float) -> Connection:
        """A connection, to be given back by `release`. See `take`."""
        if not self._size:
            raise StorageClosedError("the storage has been closed")
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._count -= 1
        deadline = asyncio.get_running_loop().time() + timeout_s
        if self._count < self._size:
            self._count += 1
        else:
            handed = await self._wait(deadline)
            if handed is not None:
                return handed
        return await self._connect(deadline)

    def release(self, connection: Connection) -> None:
        """Give back a connection."""
        if not self._size:
            # All have been closed meanwhile.
            connection.terminate()
        if connection.is_closed():
            self._give(None)
            return
        connection.idle_since = asyncio.get_running_loop().time()
        self._give(connection)
        if self._idle and connection.idle_since - self._idle[0].idle_since > _IDLE_S:
            self._count -= 1
            self._idle.pop(0).terminate()

    async def close(self) -> None:
        """Close all, at the latest after a moment."""
        self._size = 0
        while self._idle:
            connection = self._idle.pop()
            self._count -= 1
            try:
                await connection.close(timeout=1.0)
            except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection.terminate()

    async def _connect(self, deadline: float) -> Connection:
        """Open a connection, which has been counted."""
        try:
            if asyncio.current_task() is None:
                # A request's first step is made outside any task, where no timeout can be set.
                await asyncio.sleep(0)
            async with asyncio.timeout_at(deadline):
                connection: Connection = await asyncpg.connect(self._url, **self._options)
        except BaseException:
            self._give(None)
            raise
        return connection

    async def _wait(self, deadline: float) -> Connection | None:
        """Wait for a connection, or for the right to open one."""
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._waiters.append(waiter)
        timer = loop.call_at(deadline, _refuse, waiter)
        try:
            handed: Connection | None = await waiter
            return handed
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._give(waiter.result())
            raise
        finally:
            timer.cancel()

    def _give(self, connection: Connection | None) -> None:
        """Pass on a connection, or the right to open one, to who has waited longest."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if connection is None:
            self._count -= 1
        else:
            self._idle.append(connection)


class Taken:
    """One of `Connections` for the time of an `async with`."""

    __slots__ = ("_connection", "_connections", "_timeout_s")

    def __init__(self, connections: Connections, timeout_s: float) -> None:
        self._connections = connections
        self._timeout_s = timeout_s

    async def __aenter__(self) -> Connection:
        """Take it."""
        self._connection = await self._connections.acquire(self._timeout_s)
        return self._connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give it back."""
        connection = self._connection
        # In a transaction it is, without an error, if the end of that has failed.
        if connection.is_in_transaction() or (error is not None and not _is_harmless(error)):
            connection.terminate()
        self._connections.release(connection)


def _refuse(waiter: asyncio.Future[Connection | None]) -> None:
    if not waiter.done():
        waiter.set_exception(StorageBusyError("all connections to the database are in use"))


def _is_harmless(error: BaseException) -> bool:
    """Whether a connection serves on after `error`, and its server is still what was asked for."""
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate != READ_ONLY


async def register_writer(connection: Connection) -> None:
    """Give a connection its entry, which it has from its first write on."""
    writer = RANDOM.getrandbits(63)
    await connection.execute(
        "INSERT INTO genset.writers (id, epoch, last, seen) VALUES ($1, 0, 0, now())", writer
    )
    connection.writer, connection.epoch, connection.serial = writer, 0, 0


async def was_committed(connections: Connections, writer: int, serial: int) -> bool:
    """Whether the commit of that serial, whose answer was lost, has happened.

    It waits for one that is still going on, and takes the entry away from one that has not begun,
    so that what is answered stays true. A writer's entry is there before its commits and outlasts
    them: without it, as after a failover to a standby that lagged, the commit is not there either,
    and never will be. Raises what asyncpg raises.
    """
    async with connections.take() as connection:
        last = await connection.fetchval(
            "UPDATE genset.writers SET epoch = epoch + 1 WHERE id = $1 RETURNING last", writer
        )
    # Without an entry, as when it was forgotten, no commit of its writer can happen any more.
    return bool(last == serial)
