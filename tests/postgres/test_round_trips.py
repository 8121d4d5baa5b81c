"""How often a request of each kind asks the database."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from genset.storage.postgres.engine import open_postgres
from support import tables
from support.in_process import InProcess
from support.values import N, S

NOW = 1_800_000_000.0
PLAIN = tables.table("pk", "sk", types={"pk": "S", "sk": "N"})
INDEXED = tables.table(
    "pk",
    "sk",
    types={"pk": "S", "sk": "N", "g": "S"},
    everywhere=[tables.index("gsi", "g")],
)
STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}
TABLES = {"plain": PLAIN, "indexed": INDEXED, "streamed": {**PLAIN, **STREAM}}
SENDS = ("execute", "fetch", "fetchrow", "fetchval", "executemany")


class Counter:
    """Counts what is sent over all connections."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent = 0
        for name in SENDS:
            monkeypatch.setattr(asyncpg.Connection, name, self._counting(name))

    def _counting(self, name):
        original = getattr(asyncpg.Connection, name)

        async def send(connection, *arguments, **named):
            self.sent += 1
            return await original(connection, *arguments, **named)

        return send


@pytest.fixture
def counter(monkeypatch):
    return Counter(monkeypatch)


@pytest.fixture
def server(url, run):
    """A server that knows its tables and has written before, but not the items it is asked for."""

    async def prepare():
        engine = await open_postgres(url)
        other = InProcess(engine, now=NOW)
        for name, members in TABLES.items():
            await other.send("CreateTable", {"TableName": name, **members})
            for number in range(50):
                await other.send("PutItem", {"TableName": name, "Item": item(number)})
        await engine.close()

    async def warm(server):
        for name in TABLES:
            status, body = await server.send("PutItem", {"TableName": name, "Item": item(49)})
            assert status == 200, body
            await server.send("DescribeTable", {"TableName": name})

    run(prepare())
    engine = run(open_postgres(url, connections_max=1))
    server = InProcess(engine, now=NOW)
    run(warm(server))
    yield server
    run(engine.close())


def item(number, **more):
    return {"pk": S("a"), "sk": N(number), **more}


def key(number):
    return {"pk": S("a"), "sk": N(number)}


REQUESTS = [
    ("GetItem", {"TableName": "plain", "Key": key(7)}, 1),
    ("GetItem", {"TableName": "plain", "Key": key(999)}, 1),
    ("GetItem", {"TableName": "absent", "Key": key(7), "ConsistentRead": True}, 1),
    ("BatchGetItem", {"RequestItems": {"plain": {"Keys": [key(n) for n in range(40)]}}}, 1),
    (
        "Query",
        {
            "TableName": "plain",
            "KeyConditionExpression": "pk = :p",
            "ExpressionAttributeValues": {":p": S("a")},
        },
        1,
    ),
    (
        "Query",
        {
            "TableName": "plain",
            "KeyConditionExpression": "pk = :p",
            "ExpressionAttributeValues": {":p": S("a")},
            "Limit": 10,
            "ScanIndexForward": False,
        },
        1,
    ),
    ("Scan", {"TableName": "plain"}, 1),
    ("PutItem", {"TableName": "plain", "Item": item(7, v=S("over what is there"))}, 1),
    ("PutItem", {"TableName": "plain", "Item": item(777)}, 1),
    (
        "BatchWriteItem",
        {"RequestItems": {"plain": [{"PutRequest": {"Item": item(n)}} for n in range(25)]}},
        1,
    ),
    (
        "UpdateItem",
        {
            "TableName": "plain",
            "Key": key(7),
            "UpdateExpression": "ADD n :n",
            "ExpressionAttributeValues": {":n": N(1)},
        },
        2,
    ),
    ("DeleteItem", {"TableName": "plain", "Key": key(7)}, 2),
    (
        "PutItem",
        {"TableName": "plain", "Item": item(7), "ConditionExpression": "attribute_exists(pk)"},
        2,
    ),
    ("PutItem", {"TableName": "indexed", "Item": item(7, g=S("x"))}, 2),
    ("PutItem", {"TableName": "streamed", "Item": item(7)}, 2),
    (
        "TransactGetItems",
        {"TransactItems": [{"Get": {"TableName": "plain", "Key": key(n)}} for n in range(5)]},
        1,
    ),
    (
        "TransactWriteItems",
        {
            "TransactItems": [
                {"Put": {"TableName": "plain", "Item": item(n, v=S("x"))}} for n in range(20)
            ]
        },
        2,
    ),
]


@pytest.mark.parametrize(
    ("operation", "members", "expected"),
    REQUESTS,
    ids=[f"{number}-{name}" for number, (name, _, _) in enumerate(REQUESTS)],
)
def test_a_request_asks_the_database_so_often(server, run, counter, operation, members, expected):
    run(server.send(operation, members))
    assert counter.sent == expected


def test_an_item_that_was_just_written_is_updated_at_once(server, run, counter):
    """What is remembered of it is checked by the commit itself."""
    update = {
        "TableName": "plain",
        "Key": key(7),
        "UpdateExpression": "ADD n :n",
        "ExpressionAttributeValues": {":n": N(1)},
        "ReturnValues": "UPDATED_NEW",
    }
    run(server.send("UpdateItem", update))
    counter.sent = 0
    for expected in range(2, 6):
        status, body = run(server.send("UpdateItem", update))
        assert (status, body) == (200, {"Attributes": {"n": N(expected)}})
    assert counter.sent == 4


def test_requests_that_wait_share_their_questions(server, run, counter):
    async def together():
        gets = [server.send("GetItem", {"TableName": "plain", "Key": key(n)}) for n in range(40)]
        puts = [server.send("PutItem", {"TableName": "plain", "Item": item(n)}) for n in range(40)]
        return await asyncio.gather(*gets), await asyncio.gather(*puts)

    gets, puts = run(together())
    assert [body["Item"]["sk"] for _, body in gets] == [N(n) for n in range(40)]
    assert all(status == 200 for status, _ in puts)
    assert counter.sent <= 6
