"""Background work on one large table does not hold up that on others."""

from __future__ import annotations

import asyncio

import pytest

from genset.background import backfill, expiry
from genset.storage import keyspace
from support import tables
from support.in_process import InProcess
from support.values import N, S

KEYED = tables.table("pk", types={"pk": "N"})
NOW = 1_700_000_000
LARGE, SMALL = "large", "small"


class Watched:
    """A server in this process, the work of which is looked at after each write."""

    def __init__(self, store):
        self.store = store

    async def __aenter__(self):
        self.engine = await self.store.open_empty()
        self.server = InProcess(self.engine, now=NOW, ttl_cooldown_s=0)
        return self

    async def __aexit__(self, *_):
        await self.engine.close()

    async def __call__(self, operation, table, **members):
        status, body = await self.server.send(operation, {"TableName": table, **members})
        assert status == 200, body
        return body

    async def fill(self, table, items, **attributes):
        """A table with so many items."""
        await self("CreateTable", table, **KEYED)
        for n in range(items):
            await self("PutItem", table, Item={"pk": N(n), **attributes})

    async def left_when_empty(self, job, ranges):
        """How many keys the first range has when the job has removed those of the second."""
        seen = []

        async def count(snapshot):
            return [len(await snapshot.scan(*each, limit=10_000)) for each in ranges]

        write = self.engine.write

        async def watch(body):
            answer = await write(body)
            first, second = await self.engine.read(count)
            if second == 0:
                seen.append(first)
            return answer

        self.engine.write = watch
        await job(self.engine, self.server.services)
        assert seen[-1] == 0, "the large table's work is done too"
        return seen[0]


def everything(prefix):
    return prefix, keyspace.after_prefix(prefix)


@pytest.fixture
def short_turns(monkeypatch):
    monkeypatch.setattr(expiry, "ITEMS_PER_WRITE", 10)
    monkeypatch.setattr(expiry, "PORTIONS_PER_TURN", 2)


def test_tables_take_turns_when_items_expire(store, short_turns):
    async def scenario():
        async with Watched(store) as watched:
            for name, items in ((LARGE, 200), (SMALL, 5)):
                await watched.fill(name, items, ttl=N(NOW - 9))
                spec = {"AttributeName": "ttl", "Enabled": True}
                await watched("UpdateTimeToLive", name, TimeToLiveSpecification=spec)
            await expiry.prepare_queues_round(watched.engine, watched.server.services)
            ranges = [everything(keyspace.items_prefix(number)) for number in (1, 2)]
            assert await watched.left_when_empty(expiry.delete_expired_round, ranges) >= 150

    asyncio.run(scenario())


def test_tables_take_turns_when_their_queues_are_emptied(store, short_turns):
    async def scenario():
        async with Watched(store) as watched:
            for name, items in ((LARGE, 200), (SMALL, 5)):
                await watched.fill(name, items, ttl=N(NOW + 9))
            for enabled in (True, False):
                await expiry.prepare_queues_round(watched.engine, watched.server.services)
                for name in (LARGE, SMALL):
                    spec = {"AttributeName": "ttl", "Enabled": enabled}
                    await watched("UpdateTimeToLive", name, TimeToLiveSpecification=spec)
            ranges = [everything(keyspace.expiry_prefix(number)) for number in (1, 2)]
            assert await watched.left_when_empty(expiry.prepare_queues_round, ranges) >= 150

    asyncio.run(scenario())


def test_indexes_take_turns_when_they_are_filled(store):
    async def scenario():
        async with Watched(store) as watched:
            for name, items in ((LARGE, 1500), (SMALL, 5)):
                await watched.fill(name, items, g=S("x"))
                create = {"Create": tables.index("gsi", "g")}
                await watched(
                    "UpdateTable",
                    name,
                    AttributeDefinitions=tables.definitions(g="S"),
                    GlobalSecondaryIndexUpdates=[create],
                )
            ranges = [everything(keyspace.backfill_key(number, 1)) for number in (1, 2)]
            assert await watched.left_when_empty(backfill.fill_indexes_round, ranges) == 1

    asyncio.run(scenario())
