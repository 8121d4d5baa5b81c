"""How the database finds what it is asked for."""

from __future__ import annotations

import asyncio
import os
from urllib.parse import urlsplit

import asyncpg
import pytest

from genset.storage.postgres.engine import open_postgres

ROUNDS = 30
BODIES = 40
READS = (
    "SELECT n_tup_ins, seq_tup_read FROM pg_stat_user_tables "
    "WHERE schemaname = 'genset' AND relname = 'kv'"
)


@pytest.fixture
def own_url(url, run):
    """The URL of a database whose statistics are of this test alone."""
    name = f"plans_{os.urandom(4).hex()}"
    run(_execute(url, f"CREATE DATABASE {name}"))
    yield urlsplit(url)._replace(path=f"/{name}").geturl()
    run(_execute(url, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def _fill(url: str) -> None:
    """Write many items, from the empty table on, and read them."""
    engine = await open_postgres(url)

    async def write(key):
        async def body(transaction):
            await transaction.get(b"i" + key)
            await transaction.put_counted(b"i" + key, bytes(4) + os.urandom(100), b"c")

        await engine.write(body)

    async def read(key):
        async def body(snapshot):
            return await snapshot.get(b"i" + key)

        assert await engine.read(body) is not None

    for _ in range(ROUNDS):
        keys = [os.urandom(16) for _ in range(BODIES)]
        await asyncio.gather(*map(write, keys))
        await asyncio.gather(*map(read, keys))
    await engine.close()


async def _rows_read_in_sequence(url: str, written: int) -> int:
    """What the database counted, once it has counted all that was written."""
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(10):
            while True:
                inserted, read = await connection.fetchrow(READS)
                if inserted >= written:
                    return read
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


def test_keys_are_looked_up_also_in_a_table_that_was_empty_when_plans_were_made(own_url, run):
    # A plan that reads all rows is the best one for few, and is kept when they have become many,
    # until the database happens to look at the table again.
    run(_fill(own_url))
    assert run(_rows_read_in_sequence(own_url, ROUNDS * BODIES)) == 0
