"""Creates genset's schema in a database, and brings an older one up to date."""

from __future__ import annotations

import asyncio
from importlib import resources
from typing import Final

import asyncpg

from genset.storage.engine import StorageError
from genset.storage.postgres.connections import RANDOM
from genset.storage.postgres.dialects import Dialect

FORMAT_VERSION: Final = 1
"""Raised by every change of the schema; `_STEPS` has what leads to each."""
# "genset" in ASCII, as the number of the lock of those who create or change the schema.
_SCHEMA_LOCK: Final = 0x67656E736574
_TRIES: Final = 10
_PAUSE_S: Final = 0.2
# IF NOT EXISTS does not keep two from creating the same at once.
_CAME_BETWEEN: Final = (
    asyncpg.UniqueViolationError,
    asyncpg.DuplicateTableError,
    asyncpg.DuplicateObjectError,
    asyncpg.DuplicateSchemaError,
    asyncpg.TransactionRollbackError,
)
_EXISTS: Final = "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = 'genset'"
_VERSION: Final = "SELECT max(version) FROM genset.format"


async def ensure_schema(
    connection: asyncpg.Connection, dialect: Dialect, *, creates: bool = True
) -> None:
    """Make sure that the schema is there and of this version; it needs no rights if it is.

    Raises StorageError if it is of a newer genset, or if there is none and it is not to be created;
    or what asyncpg raises.
    """
    found = await _version(connection)
    if found == FORMAT_VERSION:
        return
    if not found and not creates:
        raise StorageError("there is no data of genset")
    if dialect.locks_schema:
        await connection.execute("SELECT pg_advisory_lock($1)", _SCHEMA_LOCK)
    try:
        version = await _version(connection)
        if version > FORMAT_VERSION:
            raise StorageError(
                f"the database has the format {version} of a newer genset; this one knows "
                f"{FORMAT_VERSION}"
            )
        if version < FORMAT_VERSION:
            await _create_among_others(connection, dialect)
    finally:
        if dialect.locks_schema and not connection.is_closed():
            await connection.execute("SELECT pg_advisory_unlock($1)", _SCHEMA_LOCK)


async def _version(connection: asyncpg.Connection) -> int:
    if not await connection.fetchval(_EXISTS):
        return 0
    try:
        return int(await connection.fetchval(_VERSION) or 0)
    except asyncpg.UndefinedTableError:
        # Another process is creating it at this moment.
        return 0


async def _create_among_others(connection: asyncpg.Connection, dialect: Dialect) -> None:
    """Create what is not there; where no lock keeps others from it, again if they came between."""
    for tries_left in reversed(range(_TRIES)):
        try:
            await _create(connection, dialect)
        except _CAME_BETWEEN:
            if dialect.locks_schema or not tries_left:
                raise
            await asyncio.sleep(RANDOM.uniform(0, _PAUSE_S))
        else:
            return


async def _create(connection: asyncpg.Connection, dialect: Dialect) -> None:
    tables = _text("schema.sql").replace("PRIMARY KEY (key", f"PRIMARY KEY (key{dialect.key_order}")
    statements = ["CREATE SCHEMA IF NOT EXISTS genset", *_statements(tables)]
    if dialect.commits_by_function:
        # Values are JSON that is read whole: compressing what is moved out of line costs more time
        # than it saves space; and rows that are updated in place need some room on their page.
        statements += [
            "ALTER TABLE genset.kv SET (fillfactor = 85)",
            "ALTER TABLE genset.writers SET (fillfactor = 50)",
            "ALTER TABLE genset.counters SET (fillfactor = 50)",
            _text("commit.sql"),
        ]
    for statement in statements:
        await connection.execute(statement)
    await connection.execute(
        f"INSERT INTO genset.format (version) VALUES ({FORMAT_VERSION}) ON CONFLICT DO NOTHING"
    )


def _statements(text: str) -> list[str]:
    return [statement.strip() for statement in text.split(";") if statement.strip()]


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
