"""The engine on a database that speaks PostgreSQL's protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar

from genset.storage.engine import (
    Durability,
    Inspection,
    Snapshot,
    StorageClosedError,
    StorageError,
    Transaction,
)
from genset.storage.postgres import statements as sql
from genset.storage.postgres.asks import Found
from genset.storage.postgres.batch import Batch
from genset.storage.postgres.connections import RANDOM, Connections
from genset.storage.postgres.dialects import DIALECTS, Dialect, dialect_of
from genset.storage.postgres.failures import FAILURES, storage_error
from genset.storage.postgres.follower import Follower
from genset.storage.postgres.function_sessions import (
    COUNTER_SHARDS,
    FunctionSession,
)
from genset.storage.postgres.inspection import inspect
from genset.storage.postgres.leadership import Leadership
from genset.storage.postgres.memory import Memory
from genset.storage.postgres.patience import Patience
from genset.storage.postgres.portable_sessions import PortableSession
from genset.storage.postgres.reads import Reads
from genset.storage.postgres.schema import ensure_schema
from genset.storage.postgres.sessions import Session
from genset.storage.postgres.statements import RowGuess
from genset.storage.postgres.writes import Writes

T = TypeVar("T")

CONNECTIONS_MAX: Final = 10
"""Connections of one process to one database."""

# How often a batch may lose to others before it locks what it needs.
_OPTIMISM: Final = 1


async def open_postgres(
    url: str,
    *,
    replica: str | None = None,
    durability: Durability = "full",
    dialect: str | None = None,
    connections_max: int = CONNECTIONS_MAX,
    creates: bool = True,
) -> PostgresEngine:
    """Open the engine on the database at `url` (asyncpg's form: several hosts, TLS, all of it).

    `replica` is the URL of a database that follows it, for reads that need not be consistent.
    With `durability` "full" a commit is durable before it returns, on standbys too as far as the
    server is set so; with "relaxed" a crash of the server may lose the last moments. `dialect`
    is told by the server, unless it is given. The schema is created if it is not there, unless
    that is told otherwise.

    Raises StorageError if the database cannot be reached, or is not to be used.
    """
    chosen = DIALECTS[dialect] if dialect else None
    try:
        chosen = await _prepare(url, chosen, creates)
    except FAILURES as error:
        raise storage_error(error) from error
    session = dict(chosen.session)
    if durability == "relaxed" and chosen.commits_by_function:
        session["synchronous_commit"] = "off"
    primary = Connections(url, connections_max, session, "read-write")
    follower = None
    if replica is not None:
        follower = Connections(replica, connections_max, chosen.session, "any")
    return PostgresEngine(primary, follower, chosen)


async def _prepare(url: str, dialect: Dialect | None, creates: bool) -> Dialect:
    """Make sure of the schema; returns the dialect of the server."""
    connections = Connections(url, 1, {}, "read-write")
    try:
        async with connections.take() as connection:
            if dialect is None:
                dialect = dialect_of(await connection.fetchval("SELECT version()"))
            await ensure_schema(connection, dialect, creates=creates)
    finally:
        await connections.close()
    return dialect


class PostgresEngine:
    """`Engine` on a database that other processes, on other machines, use too."""

    def __init__(self, primary: Connections, replica: Connections | None, dialect: Dialect) -> None:
        guess = RowGuess()
        self._primary = primary
        self._replica = replica
        self._dialect = dialect
        self._leadership = Leadership(primary)
        self._patience = Patience()
        self._reads = Reads(primary, dialect, guess, self._patience)
        self._follower: Follower | None = None
        if replica is not None:
            no_patience = Patience(tries_again=False)
            self._follower = Follower(Reads(replica, dialect, guess, no_patience))
        sessions = _FunctionSessions if dialect.commits_by_function else _PortableSessions
        self._writes = Writes(primary, sessions(primary, guess), self._patience)
        self._closing: asyncio.Task[None] | None = None

    @property
    def lags(self) -> bool:
        """See `Engine.lags`."""
        return self._follower is not None

    def read(
        self, body: Callable[[Snapshot], Awaitable[T]], *, consistent: bool = True
    ) -> Coroutine[Any, Any, T]:
        """See `Engine.read`. What is not consistent may come from the replica, if it answers."""
        if consistent or self._follower is None:
            return self._reads.read(body)
        return self._read_from(self._follower, body)

    async def _read_from(self, follower: Follower, body: Callable[[Snapshot], Awaitable[T]]) -> T:
        try:
            return await follower.read(body)
        except StorageError:
            return await self._reads.read(body)

    def write(self, body: Callable[[Transaction], Awaitable[T]]) -> Coroutine[Any, Any, T]:
        """See `Engine.write`."""
        return self._writes.write(body)

    async def scan_counters(
        self, start: bytes, stop: bytes, *, limit: int
    ) -> list[tuple[bytes, tuple[int, ...]]]:
        """See `Engine.scan_counters`."""
        self._check_open()

        async def attempt() -> list[tuple[bytes, tuple[int, ...]]]:
            async with self._primary.take() as connection:
                rows = await connection.fetch(sql.SCAN_COUNTERS, start, stop, limit)
                return list(sql.counters_of(rows).items())

        return await self._patience.insist(attempt)

    async def inspect(self, body: Callable[[Inspection], Awaitable[T]]) -> T:
        """See `Inspectable.inspect`."""
        self._check_open()
        return await inspect(self._primary, self._dialect, body)

    async def lead(self) -> bool:
        """See `Engine.lead`."""
        self._check_open()
        try:
            return await self._leadership.lead()
        except FAILURES as error:
            raise storage_error(error) from error

    async def close(self) -> None:
        """See `Engine.close`."""
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        await asyncio.gather(self._reads.close(), self._writes.close())
        await self._leadership.give_back()
        if self._follower is not None and self._replica is not None:
            await self._follower.close()
            await self._replica.close()
        await self._primary.close()

    def _check_open(self) -> None:
        if self._closing is not None:
            raise StorageClosedError("the storage has been closed")


class _FunctionSessions:
    """Sessions on PostgreSQL itself."""

    is_checked_later = True

    def __init__(self, connections: Connections, guess: RowGuess) -> None:
        self._connections = connections
        self._guess = guess
        self._memory = Memory()
        self._shard = RANDOM.randrange(COUNTER_SHARDS)
        self.recall = self._memory.recall

    def begin(self, lost: Sequence[Batch]) -> Session:
        """A session that locks what the tries before it needed, if there were several."""
        if len(lost) <= _OPTIMISM:
            lost = ()
        return FunctionSession(self._connections, self._memory, self._guess, self._shard, lost)


class _PortableSessions:
    """Sessions on any database of the kind."""

    is_checked_later = False

    def __init__(self, connections: Connections, guess: RowGuess) -> None:
        self._connections = connections
        self._guess = guess
        self._shard = RANDOM.randrange(COUNTER_SHARDS)

    def recall(self, key: bytes, found: Found) -> None:
        """Nothing: what is not read in the transaction is not checked by it."""

    def begin(self, lost: Sequence[Batch]) -> Session:
        """A transaction."""
        return PortableSession(self._connections, self._guess, self._shard)
