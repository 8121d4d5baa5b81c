"""One of all that have a database open leads."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from genset.storage.engine import StorageError
from genset.storage.postgres import leadership
from genset.storage.postgres.leadership import LEASE_S


def test_one_leads_until_it_leaves(open_engine, run):
    first, second = open_engine(), open_engine()

    async def scenario():
        assert [await first.lead(), await second.lead(), await first.lead()] == [True, False, True]
        await first.close()
        assert await second.lead()

    run(scenario())


def test_one_that_is_heard_of_no_more_is_replaced(open_engine, run):
    first, second = open_engine(), open_engine()

    async def scenario():
        assert await first.lead()
        await asyncio.sleep(LEASE_S - 1)
        assert not await second.lead()
        await asyncio.sleep(1.2)
        assert await second.lead()
        assert not await first.lead()

    run(scenario())


def test_one_that_gets_no_answer_is_told_so_before_its_lease_ends(
    url, open_engine, run, monkeypatch
):
    monkeypatch.setattr(leadership, "_MARGIN_S", LEASE_S - 1.5)
    engine = open_engine()

    async def scenario():
        loop = asyncio.get_running_loop()
        asked = loop.time()
        assert await engine.lead()
        stalling = await asyncpg.connect(url)
        await stalling.execute("BEGIN; LOCK TABLE genset.leases")
        with pytest.raises(StorageError, match="does not answer"):
            await engine.lead()
        assert loop.time() < asked + 2
        await stalling.close()
        assert await engine.lead()

    run(scenario())
