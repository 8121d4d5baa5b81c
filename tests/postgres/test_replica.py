"""Reads that need not be consistent come from the replica, as far as it has what they need.

The replica is another database here, so that what came from it can be told.
"""

from __future__ import annotations

import pytest

from genset.storage.postgres.engine import open_postgres
from support import tables
from support.in_process import InProcess
from support.values import S


async def stable_and_value(snapshot):
    return await snapshot.get_stable(b"table"), await snapshot.get(b"item")


async def page(snapshot):
    await snapshot.get_stable(b"table")
    return await snapshot.scan(b"i", b"j", limit=10)


def putting(**pairs):
    async def body(txn):
        for key, value in pairs.items():
            txn.put(key.encode(), value)

    return body


@pytest.fixture
def replica_url(databases, run):
    with databases.one("replica") as url:
        run(_fill(url, table=b"t", item=b"old"))
        yield url


async def _fill(url, **pairs):
    async def clear(txn):
        txn.delete_range(b"", b"\xff")

    engine = await open_postgres(url)
    await engine.write(clear)
    await engine.write(putting(**pairs))
    await engine.close()


def test_only_reads_that_need_not_be_consistent_see_it(url, replica_url, open_engine, run):
    engine = open_engine(replica=replica_url)
    run(engine.write(putting(table=b"t", item=b"new")))
    for _ in range(2):
        assert run(engine.read(stable_and_value)) == (b"t", b"new")
        assert run(engine.read(stable_and_value, consistent=False)) == (b"t", b"old")
        assert run(engine.read(page)) == [(b"item", b"new")]
        assert run(engine.read(page, consistent=False)) == [(b"item", b"old")]


def test_a_table_that_it_does_not_know_yet_is_looked_for_in_the_primary(
    replica_url, open_engine, run
):
    server = InProcess(open_engine(replica=replica_url), now=1_800_000_000.0)
    key, table = {"pk": S("a")}, tables.table("pk", types={"pk": "S"})
    query = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": S("a")}}

    async def scenario():
        await server.send("CreateTable", {"TableName": "new", **table})
        await server.send("PutItem", {"TableName": "new", "Item": key})
        got = await server.send("GetItem", {"TableName": "new", "Key": key})
        queried = await server.send("Query", {"TableName": "new", **query})
        assert got == (200, {"Item": key})
        assert queried == (200, {"Items": [key], "Count": 1, "ScannedCount": 1})

    run(scenario())


def test_without_it_the_primary_answers(url, open_engine, run):
    engine = open_engine(replica="postgresql://postgres@127.0.0.1:1/nobody")
    run(engine.write(putting(table=b"t", item=b"new")))
    for _ in range(3):
        assert run(engine.read(stable_and_value, consistent=False)) == (b"t", b"new")
