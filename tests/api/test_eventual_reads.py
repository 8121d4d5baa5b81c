"""Which requests may be answered from a view that is a little older, such as a replica's.

API reference: ConsistentRead of GetItem, Query, Scan, BatchGetItem, ExecuteStatement and
BatchExecuteStatement. Transactions, the control plane and streams see the present.
"""

from __future__ import annotations

import pytest

from genset.storage.sqlite import open_sqlite
from genset.testing.stepping import run_whole
from support import tables
from support.client import Caller
from support.still_server import StillServer
from support.streams import enabled
from support.values import N, S

KEYED = tables.table(
    "pk",
    "sk",
    types={"pk": "S", "sk": "S", "l": "S", "g": "S"},
    local=[tables.index("local", "pk", "l")],
    everywhere=[tables.index("global", "g")],
)
KEY = {"pk": S("a"), "sk": S("b")}
OLD, NEW = N(1), N(2)
TABLES = ("items", "others")


class ReplicatedStore:
    """A store whose reads that need not be consistent are a replica's, which is left behind.

    It is its own engine.
    """

    needs_loop = False
    lags = True

    def __init__(self):
        self._primary, self._replica = open_sqlite(None), open_sqlite(None)
        self.write = self._primary.write

    async def open_empty(self):
        return self

    async def read(self, body, *, consistent=True):
        store = self._primary if consistent else self._replica
        return await store.read(body)

    async def catch_up(self):
        """Let the replica have what the primary has."""
        whole = (b"", b"\xff" * 8)
        pairs = await self._primary.read(lambda view: view.scan(*whole, limit=10_000))

        async def take(txn):
            txn.delete_range(*whole)
            for key, value in pairs:
                txn.put(key, value)

        await self._replica.write(take)


class Server(StillServer):
    def __init__(self):
        self.store = ReplicatedStore()
        super().__init__(self.store)

    def catch_up(self):
        run_whole(self.store.catch_up())


@pytest.fixture
def server():
    """One with an item whose newer version the replica does not have."""
    server = Server()
    for name in TABLES:
        server("CreateTable", TableName=name, **KEYED, **enabled("NEW_IMAGE"))
    for version in (OLD, NEW):
        # At last it has the tables with the old version of the item in each.
        server.catch_up()
        for name in TABLES:
            item = {**KEY, "l": S("l"), "g": S("g"), "n": version}
            server("PutItem", TableName=name, Item=item)
    return server


def query(condition, **values):
    return {
        "TableName": "items",
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": {f":{name}": S(value) for name, value in values.items()},
    }


def select(source, condition):
    return {"Statement": f"SELECT n FROM {source} WHERE {condition}"}


BY_KEY = "pk = 'a' AND sk = 'b'"
# Requests that may lag, without ConsistentRead.
READS = [
    ("GetItem", {"TableName": "items", "Key": KEY}),
    ("Query", query("pk = :p", p="a")),
    ("Query", {**query("pk = :p AND l = :l", p="a", l="l"), "IndexName": "local"}),
    ("Scan", {"TableName": "items"}),
    ("ExecuteStatement", select("items", BY_KEY)),
    ("ExecuteStatement", select("items", "pk = 'a'")),
    ("ExecuteStatement", select('"items"."local"', "pk = 'a'")),
]
# Requests on a global index, which cannot read anything but eventually.
GLOBAL_READS = [
    ("Query", {**query("g = :g", g="g"), "IndexName": "global"}),
    ("Scan", {"TableName": "items", "IndexName": "global"}),
    ("ExecuteStatement", select('"items"."global"', "g = 'g'")),
]


def seen(answer):
    """The versions of the items in an answer."""
    match answer:
        case {"n": version}:
            return [version]
        case dict():
            return [version for each in answer.values() for version in seen(each)]
        case list():
            return [version for each in answer for version in seen(each)]
    return []


@pytest.mark.parametrize(("operation", "request_"), READS + GLOBAL_READS)
def test_a_read_that_does_not_ask_for_consistency_may_lag(server: Caller, operation, request_):
    assert seen(server(operation, request_)) == [OLD]


@pytest.mark.parametrize(("operation", "request_"), READS + GLOBAL_READS)
def test_one_that_declines_consistency_may_lag(server: Caller, operation, request_):
    assert seen(server(operation, request_, ConsistentRead=False)) == [OLD]


@pytest.mark.parametrize(("operation", "request_"), READS)
def test_a_consistent_read_sees_the_present(server: Caller, operation, request_):
    assert seen(server(operation, request_, ConsistentRead=True)) == [NEW]


@pytest.mark.parametrize("first", [{}, {"ConsistentRead": False}, {"ConsistentRead": True}])
@pytest.mark.parametrize("second", [{}, {"ConsistentRead": True}])
def test_a_batch_lags_if_all_of_it_may(server: Caller, first, second):
    asked = {"items": {"Keys": [KEY], **first}, "others": {"Keys": [KEY], **second}}
    members = [
        {**select("items", BY_KEY), **first},
        {**select("others", BY_KEY), **second},
    ]
    version = NEW if any(each.get("ConsistentRead") for each in (first, second)) else OLD
    assert seen(server("BatchGetItem", RequestItems=asked)) == [version] * 2
    assert seen(server("BatchExecuteStatement", Statements=members)) == [version] * 2


def test_a_transaction_sees_the_present(server: Caller):
    get = {"Get": {"TableName": "items", "Key": KEY}}
    assert seen(server("TransactGetItems", TransactItems=[get])) == [NEW]
    statements = [select("items", BY_KEY)]
    assert seen(server("ExecuteTransaction", TransactStatements=statements)) == [NEW]


def test_the_control_plane_and_streams_show_the_present(server: Caller):
    described = server("DescribeTable", TableName="items")["Table"]
    server("CreateTable", TableName="newest", **KEYED)
    assert server("ListTables")["TableNames"] == ["items", "newest", "others"]
    stream = {"StreamArn": described["LatestStreamArn"]}
    (shard,) = server("DescribeStream", stream)["StreamDescription"]["Shards"]
    beginning = {**stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    records = server("GetRecords", server("GetShardIterator", beginning))["Records"]
    assert [each["dynamodb"]["NewImage"]["n"] for each in records] == [OLD, NEW]


def test_a_table_is_found_as_soon_as_it_is_active(server: Caller):
    server("CreateTable", TableName="newest", **KEYED)
    assert server("GetItem", TableName="newest", Key=KEY) == {}
    assert server("Scan", TableName="newest")["Items"] == []
    assert server("BatchGetItem", RequestItems={"newest": {"Keys": [KEY]}})["Responses"] == {
        "newest": []
    }
    assert server("ExecuteStatement", select("newest", BY_KEY)) == {"Items": []}
    batch = server("BatchExecuteStatement", Statements=[select("newest", BY_KEY)])
    assert batch == {"Responses": [{"TableName": "newest"}]}


def test_an_index_is_found_as_soon_as_it_is_active(server: Caller):
    server(
        "UpdateTable",
        TableName="items",
        AttributeDefinitions=tables.definitions(pk="S", sk="S", l="S", g="S", n="N"),
        GlobalSecondaryIndexUpdates=[{"Create": tables.index("newest", "n")}],
    )
    server.run_jobs()
    request = {
        "TableName": "items",
        "IndexName": "newest",
        "KeyConditionExpression": "n = :n",
        "ExpressionAttributeValues": {":n": NEW},
    }
    assert seen(server("Query", request)) == [NEW]
    assert seen(server("ExecuteStatement", select('"items"."newest"', "n = 2"))) == [NEW]


def test_what_is_nowhere_is_not_found(server: Caller):
    server.refused("Scan", TableName="nowhere").must_be("ResourceNotFoundException")
    request = {**query("g = :g", g="g"), "IndexName": "nowhere"}
    server.refused("Query", request).must_be("ValidationException")
