"""Indexes are built and removed beside writers, by servers that are killed meanwhile.

Afterwards the store is sound: each index equals a rebuild from the items, and nothing is left over.
"""

from __future__ import annotations

import asyncio
import http.client
import random
import threading
import time

import pytest

from genset.background.sweep import sweep_deleted_indexes
from genset.storage import keyspace
from support import tables
from support.client import Api
from support.engines import with_one_and_two_workers
from support.soundness import assert_sound
from support.values import N, S

pytestmark = [pytest.mark.crash, pytest.mark.timeout(120)]

GONE = (ConnectionError, http.client.HTTPException, OSError)
TABLE = tables.table("pk", types={"pk": "N"})
KEYS = 3000


def creation(name, projection="ALL"):
    return {
        "AttributeDefinitions": tables.definitions(g="S"),
        "GlobalSecondaryIndexUpdates": [{"Create": tables.index(name, "g", projection=projection)}],
    }


def deletion(name):
    return {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}


def load(api):
    for first in range(0, KEYS, 25):
        requests = [
            {"PutRequest": {"Item": {"pk": N(n), "g": S(f"g{n % 7}"), "v": S("v" * 200)}}}
            for n in range(first, first + 25)
        ]
        api("BatchWriteItem", RequestItems={"items": requests})


class Writer(threading.Thread):
    """Puts, moves and removes items until it is stopped or the server is gone."""

    def __init__(self, url, seed):
        super().__init__()
        self.url = url
        self.random = random.Random(seed)
        self.stopped = threading.Event()
        self.failure = None
        self.written = 0

    def run(self):
        try:
            with Api(self.url, timeout=10) as api:
                while not self.stopped.is_set():
                    self.step(api)
                    self.written += 1
        except GONE:
            pass
        except BaseException as error:
            self.failure = error

    def step(self, api):
        key = {"pk": N(self.random.randrange(KEYS))}
        kind = self.random.random()
        group = S(f"g{self.random.randrange(9)}")
        if kind < 0.3:
            api("PutItem", TableName="items", Item={**key, "g": group, "n": N(self.written)})
        elif kind < 0.6:
            api("UpdateItem", TableName="items", Key=key, UpdateExpression="SET g = :g",
                ExpressionAttributeValues={":g": group})  # fmt: skip
        elif kind < 0.7:
            api("UpdateItem", TableName="items", Key=key, UpdateExpression="REMOVE g")
        elif kind < 0.8:
            move = {"TableName": "items", "Key": key, "UpdateExpression": "SET g = :g",
                    "ExpressionAttributeValues": {":g": group}}  # fmt: skip
            api("TransactWriteItems", TransactItems=[{"Update": move}])
        else:
            api("DeleteItem", TableName="items", Key=key)


def verify(api, store, names):
    """The indexes of those names are complete, and all is sound, now that nobody writes."""
    described = tables.wait_active(api, "items", seconds=30)
    indexes = described.get("GlobalSecondaryIndexes", [])
    assert [index["IndexName"] for index in indexes] == names
    assert_sound(store)


def newest(api):
    *_, last = api("DescribeTable", TableName="items")["Table"]["GlobalSecondaryIndexes"]
    return last


def write_beside(url, seeds=(1, 2, 3)):
    writers = [Writer(url, seed) for seed in seeds]
    for writer in writers:
        writer.start()
    return writers


def end(writers):
    for writer in writers:
        writer.stopped.set()
    for writer in writers:
        writer.join(timeout=30)
        assert not writer.is_alive()
    assert [writer.failure for writer in writers if writer.failure] == []
    assert all(writer.written for writer in writers)


@with_one_and_two_workers
def test_indexes_built_beside_writers_equal_a_rebuild(durable_server, durable_store, workers):
    server = durable_server("--workers", workers)
    with Api(server.url) as api:
        tables.create(api, "items", TABLE)
        load(api)
        writers = write_beside(server.url)
        api("UpdateTable", TableName="items", **creation("one"))
        tables.wait_active(api, "items", seconds=30)
        api("UpdateTable", TableName="items", **creation("two", "KEYS_ONLY"))
        tables.wait_active(api, "items", seconds=30)
        time.sleep(0.1)
        end(writers)
        verify(api, durable_store, ["one", "two"])
        api("UpdateTable", TableName="items", **deletion("one"))
        api("UpdateTable", TableName="items", **creation("one", "KEYS_ONLY"))
        verify(api, durable_store, ["two", "one"])


@with_one_and_two_workers
def test_a_server_killed_in_a_backfill_goes_on_with_it(durable_server, durable_store, workers):
    options = ("--workers", workers)
    server = durable_server(*options)
    with Api(server.url) as api:
        tables.create(api, "items", TABLE)
        load(api)
    chance = random.Random(workers)
    interrupted = 0
    for number in range(2):
        with Api(server.url) as api:
            writers = write_beside(server.url, (number, number + 10))
            api("UpdateTable", TableName="items", **creation(f"gsi{number}"))
            while newest(api)["ItemCount"] < chance.randrange(100, 1500):
                time.sleep(0.002)
            server.kill()
            end(writers)
        server = durable_server(*options)
        with Api(server.url) as api:
            interrupted += newest(api)["IndexStatus"] == "CREATING"
            verify(api, durable_store, [f"gsi{n}" for n in range(number + 1)])
    assert interrupted, "no backfill was under way when the server was killed"


def test_a_server_killed_in_the_removal_of_an_index_goes_on_with_it(durable_server, durable_store):
    """The same name is taken again at once, while entries of the old index remain."""
    server = durable_server()
    with Api(server.url) as api:
        tables.create(api, "items", TABLE)
        load(api)
    for projection in ("ALL", "KEYS_ONLY"):
        with Api(server.url) as api:
            api("UpdateTable", TableName="items", **creation("gsi", projection))
            verify(api, durable_store, ["gsi"])
            api("UpdateTable", TableName="items", **deletion("gsi"))
            time.sleep(0.005)
            server.kill()
        server = durable_server()
    server.kill()
    before, after = asyncio.run(swept(durable_store))
    assert before > 0, "the removal was over before the server was killed"
    assert after == 0


async def swept(store):
    """How many keys of indexes there are, and how many when the sweep has gone on."""
    engine = await store.open()

    async def count(snapshot):
        entries = keyspace.index_prefix(1, 0)[:5]
        ranges = [
            (entries, keyspace.after_prefix(entries)),
            keyspace.backfill_range(),
            keyspace.index_sweep_range(),
        ]
        return sum([len(await snapshot.scan(*each, limit=10**6)) for each in ranges])

    try:
        before = await engine.read(count)
        await sweep_deleted_indexes(engine, 100)
        return before, await engine.read(count)
    finally:
        await engine.close()
