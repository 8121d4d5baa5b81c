"""Where the servers and engines of a test keep what they have: one class for each kind of store.

Whoever opens a store closes the engine. `options` are those of a `genset serve` that uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import asyncpg

from genset.storage.engine import Engine
from genset.storage.postgres.engine import open_postgres
from genset.storage.sqlite import open_sqlite


class Store(Protocol):
    """A place for data. `needs_loop` tells whether its engine's calls wait in an event loop."""

    needs_loop: bool

    @property
    def options(self) -> Sequence[str]:
        """What makes `genset serve` use it."""

    async def open(self) -> Engine:
        """An engine on what is there."""

    async def open_empty(self) -> Engine:
        """An engine on nothing: what was there is removed."""


@dataclass(frozen=True)
class MemoryStore:
    """SQLite in memory: each engine has its own."""

    needs_loop = False
    options = ("--memory",)

    async def open(self) -> Engine:
        return open_sqlite(None)

    async def open_empty(self) -> Engine:
        return open_sqlite(None)


MEMORY = MemoryStore()


@dataclass(frozen=True)
class FileStore:
    """SQLite's file in a data directory."""

    folder: Path
    durability: Literal["full", "relaxed"] = "full"
    needs_loop = False

    @property
    def options(self) -> Sequence[str]:
        return ("--data-dir", str(self.folder))

    async def open(self) -> Engine:
        self.folder.mkdir(exist_ok=True)
        return open_sqlite(self.folder / "genset.db", durability=self.durability)

    async def open_empty(self) -> Engine:
        for each in self.folder.glob("genset.db*"):
            each.unlink()
        return await self.open()


@dataclass(frozen=True)
class PostgresStore:
    """A database of PostgreSQL, used in the way of a `dialect`, by default its own."""

    url: str
    dialect: str | None = None
    needs_loop = True

    @property
    def options(self) -> Sequence[str]:
        return ("--storage", self.url)

    async def open(self) -> Engine:
        return await open_postgres(self.url, dialect=self.dialect)

    async def open_empty(self) -> Engine:
        await self.clear()
        return await self.open()

    async def clear(self) -> None:
        """Remove what is there, and end the sessions of those who have left or were killed."""
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(_END_OTHERS)
            # With as few rows as a test has, this takes a fourth of the time of TRUNCATE.
            for (deletion,) in await connection.fetch(_DELETIONS):
                await connection.execute(deletion)
        finally:
            await connection.close()


_END_OTHERS = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# All but the number of the format, which belongs to the schema.
_DELETIONS = """
    SELECT format('DELETE FROM %I.%I', schemaname, tablename)
    FROM pg_tables WHERE schemaname = 'genset' AND tablename <> 'format'
"""
