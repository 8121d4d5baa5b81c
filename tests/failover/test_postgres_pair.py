"""What the pair promises: an acknowledged commit is on the standby, which becomes the primary."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress

import asyncpg
import pytest

from failover.conftest import BY_HAND

BROKEN = (
    OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError,
)  # fmt: skip
COMMITS_MIN = 20


async def connect(pair):
    """A connection to whichever is the primary, once there is one."""
    url = f"{pair.url('postgres')}?target_session_attrs=primary"
    async with asyncio.timeout(20):
        while True:
            try:
                return await asyncpg.connect(url, timeout=2)
            except BROKEN:
                await asyncio.sleep(0.05)


async def insert(pair, acknowledged):
    """Insert ascending numbers until the connection breaks."""
    link = await connect(pair)
    await link.execute("CREATE TABLE numbers (number int)")
    with suppress(BROKEN):
        for number in itertools.count():
            await link.execute("INSERT INTO numbers VALUES ($1)", number)
            acknowledged.append(number)
    link.terminate()


async def fail_over_beside_commits(pair):
    """The numbers whose insertion was acknowledged, and those that are there afterwards."""
    acknowledged = []
    inserting = asyncio.ensure_future(insert(pair, acknowledged))
    while len(acknowledged) < COMMITS_MIN:
        assert not inserting.done()
        await asyncio.sleep(0.01)
    await asyncio.to_thread(pair.fail_over)
    await asyncio.wait_for(inserting, 20)
    link = await connect(pair)
    found = [row["number"] for row in await link.fetch("SELECT number FROM numbers ORDER BY 1")]
    await link.execute("INSERT INTO numbers VALUES (-1)")
    await link.close()
    return acknowledged, found


@pytest.mark.parametrize("pair", [BY_HAND], indirect=True)
def test_after_a_failover_every_acknowledged_commit_is_there(pair):
    acknowledged, found = asyncio.run(fail_over_beside_commits(pair))
    assert found[: len(acknowledged)] == acknowledged
    # The last one may have been committed without an answer.
    assert len(found) <= len(acknowledged) + 1


@pytest.mark.parametrize("pair", [BY_HAND], indirect=True)
def test_what_the_standby_has_not_got_is_not_acknowledged_and_lost(pair):
    async def insert():
        link = await asyncpg.connect(pair.url("postgres"))
        await link.execute("INSERT INTO numbers VALUES (1)")
        pair.link.hold()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(
                asyncio.shield(link.execute("INSERT INTO numbers VALUES (2)")), 0.3
            )
        link.terminate()

    pair.primary.sql("CREATE TABLE numbers (number int)")
    asyncio.run(insert())
    pair.fail_over()
    assert pair.standby.sql("SELECT number FROM numbers") == "1"
