"""Who may create the schema, who may use it, and which versions of it there are."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import asyncpg
import pytest

from genset.storage.engine import StorageError
from genset.storage.postgres.engine import open_postgres

# As docs/scaling.md has it.
GRANTS = """
    GRANT USAGE ON SCHEMA genset TO {role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA genset TO {role};
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA genset TO {role};
"""
ROLE = "genset_runtime"


async def execute(url, *statements):
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
def fresh_url(databases):
    """A database without the schema."""
    with databases.one("schema") as url:
        asyncio.run(execute(url, "DROP SCHEMA IF EXISTS genset CASCADE"))
        yield url


@pytest.fixture
def runtime_url(fresh_url):
    """The same database for a role that may only log in, and with no password."""
    name = f"{ROLE}_{urlsplit(fresh_url).path.strip('/')}"
    drop = f"DROP ROLE IF EXISTS {name}"
    asyncio.run(execute(fresh_url, drop, f"CREATE ROLE {name} LOGIN"))
    parts = urlsplit(fresh_url)
    yield parts._replace(netloc=f"{name}@{parts.hostname}:{parts.port}").geturl(), name
    asyncio.run(execute(fresh_url, f"DROP OWNED BY {name}", drop))


async def put(txn):
    txn.put(b"a", b"1")
    txn.add(b"n", 1)


async def get(snapshot):
    return await snapshot.get(b"a"), await snapshot.get_counters(b"n")


def test_a_role_with_few_rights_serves_what_the_owner_has_made(fresh_url, runtime_url, run):
    url, name = runtime_url

    async def scenario():
        await (await open_postgres(fresh_url)).close()
        await execute(fresh_url, GRANTS.format(role=name))
        engine = await open_postgres(url)
        await engine.write(put)
        assert await engine.read(get) == (b"1", (1,))
        assert await engine.lead()
        await engine.close()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(url, "CREATE TABLE genset.mine ()")

    run(scenario())


def test_a_role_with_few_rights_is_told_that_it_cannot_make_the_schema(runtime_url, run):
    with pytest.raises(StorageError, match="the database refused: permission denied"):
        run(open_postgres(runtime_url[0]))


@pytest.mark.parametrize("dialect", ["postgresql", "portable"])
def test_engines_that_start_together_make_the_schema_once(fresh_url, run, dialect):
    async def scenario():
        opening = [open_postgres(fresh_url, dialect=dialect) for _ in range(8)]
        engines = await asyncio.gather(*opening)
        await asyncio.gather(*[engine.write(put) for engine in engines])
        assert await engines[0].read(get) == (b"1", (8,))
        for engine in engines:
            await engine.close()

    run(scenario())


def test_the_schema_of_a_newer_genset_is_refused(fresh_url, run):
    async def scenario():
        await (await open_postgres(fresh_url)).close()
        await execute(fresh_url, "INSERT INTO genset.format (version) VALUES (999)")
        with pytest.raises(StorageError, match="format 999 of a newer genset"):
            await open_postgres(fresh_url)

    run(scenario())
