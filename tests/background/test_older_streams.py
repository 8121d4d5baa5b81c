"""A store that is older than streams, in which a table says that its stream is enabled."""

from __future__ import annotations

import asyncio

import orjson

from genset.storage import keyspace
from support import tables
from support.client import Api
from support.engines import with_one_and_two_workers
from support.streams import call, enabled, latest_arn, read_all
from support.values import S

# What a record from before these features lacks.
LATER_MEMBERS = ("stream", "time_to_live", "deleting", "changes")


def age(store):
    """Make all tables' records what they were before there were streams."""

    async def work():
        engine = await store.open()
        try:
            await engine.write(rewrite)
        finally:
            await engine.close()

    async def rewrite(txn):
        for key, stored in await txn.scan(*keyspace.catalog_range(), limit=100):
            record = {m: v for m, v in orjson.loads(stored).items() if m not in LATER_MEMBERS}
            txn.put(key, orjson.dumps(record))
        txn.delete_range(*keyspace.streams_range())
        _, counters = keyspace.streams_data_spans()
        txn.delete_range(keyspace.stream_numbers_key(), counters.stop)

    asyncio.run(work())


@with_one_and_two_workers
def test_its_stream_is_there_from_the_first_write_on(durable_server, durable_store, workers):
    keyed = tables.table("pk", types={"pk": "S"})
    server = durable_server()
    with Api(server.url) as api:
        tables.create(api, "streamed", {**keyed, **enabled("NEW_IMAGE")})
        tables.create(api, "plain", keyed)
    server.stop()
    age(durable_store)

    for _ in range(2):
        server = durable_server("--workers", workers)
        with Api(server.url) as api:
            arn = latest_arn(api, "streamed")
            listed = call(api, "ListStreams")["Streams"]
            assert [stream["StreamArn"] for stream in listed] == [arn]
            for table in ("streamed", "plain"):
                api("PutItem", TableName=table, Item={"pk": S("a")})
            names = [each["dynamodb"]["Keys"]["pk"]["S"] for each in read_all(api, arn)]
            assert names == ["a"]
        server.stop()
