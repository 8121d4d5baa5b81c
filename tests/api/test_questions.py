"""How many questions an operation has for the store, each a round trip where that is a database.

What hardly ever changes, the catalog, does not count: an engine knows it (`Snapshot.get_stable`).
"""

from __future__ import annotations

import pytest

from genset.storage.sqlite import open_sqlite
from support import tables
from support.still_server import StillServer
from support.streams import enabled
from support.values import N, S

STRINGS = tables.table("pk", types={"pk": "S"})
INDEXED = tables.table("pk", types={"pk": "S", "g": "S"}, everywhere=[tables.index("gsi", "g")])
KEYS = [{"pk": S(f"key {n}")} for n in range(20)]
# All are there but the last.
ITEMS = [{**key, "g": S("g"), "n": N(1)} for key in KEYS[:-1]]
NAMES = ("plain", "indexed")
SET_M = {"UpdateExpression": "SET m = n"}


class Counted:
    """A snapshot or a transaction whose questions are noted."""

    def __init__(self, inner, asked):
        self._inner = inner
        self._asked = asked

    def __getattr__(self, name):
        if name in ("get", "get_many", "scan", "get_counters"):
            self._asked.append(name)
        return getattr(self._inner, name)


class CountingStore:
    """A store, its own engine, that keeps in `asked` what it was asked."""

    needs_loop = False

    lags = False

    def __init__(self):
        self.engine = open_sqlite(None)
        self.asked = []

    async def open_empty(self):
        return self

    async def read(self, body, *, consistent=True):
        return await self.engine.read(lambda view: body(Counted(view, self.asked)))

    async def write(self, body):
        return await self.engine.write(lambda txn: body(Counted(txn, self.asked)))


@pytest.fixture
def questions():
    """Sends a request; answers what it asked the store, and the answer."""
    store = CountingStore()
    server = StillServer(store)
    server("CreateTable", TableName="plain", **STRINGS)
    server("CreateTable", TableName="indexed", **INDEXED)
    for name in NAMES:
        puts = [{"PutRequest": {"Item": item}} for item in ITEMS]
        server("BatchWriteItem", RequestItems={name: puts})

    def questions(operation, **members):
        store.asked.clear()
        answer = server(operation, members)
        return store.asked, answer

    return questions


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_of_deletions_asks_once(questions, name):
    deletes = [{"DeleteRequest": {"Key": key}} for key in KEYS]
    assert questions("BatchWriteItem", RequestItems={name: deletes})[0] == ["get_many"]
    described = questions("DescribeTable", TableName=name)[1]["Table"]
    assert described["ItemCount"] == 0


def test_a_batch_of_puts_asks_once_if_anything_depends_on_what_was_there(questions):
    puts = [{"PutRequest": {"Item": key}} for key in KEYS]
    assert questions("BatchWriteItem", RequestItems={"indexed": puts})[0] == ["get_many"]
    assert questions("BatchWriteItem", RequestItems={"plain": puts})[0] == []


def test_a_batch_on_several_tables_asks_once(questions):
    deletes = [{"DeleteRequest": {"Key": key}} for key in KEYS[:10]]
    asked, _ = questions("BatchWriteItem", RequestItems=dict.fromkeys(NAMES, deletes))
    assert asked == ["get_many"]
    gets = {"Keys": KEYS}
    asked, answer = questions("BatchGetItem", RequestItems=dict.fromkeys(NAMES, gets))
    assert asked == ["get_many"]
    found = [item for items in answer["Responses"].values() for item in items]
    assert found == [*ITEMS[10:], *ITEMS[10:]]


def test_a_transaction_asks_once(questions):
    kinds = [
        {"Update": {"TableName": "indexed", "Key": KEYS[0], "UpdateExpression": "SET n = n + n"}},
        {"Delete": {"TableName": "indexed", "Key": KEYS[1]}},
        {"Put": {"TableName": "plain", "Item": KEYS[2]}},
        {"ConditionCheck": {"TableName": "plain", "Key": KEYS[3],
                            "ConditionExpression": "attribute_exists(pk)"}},
    ]  # fmt: skip
    assert questions("TransactWriteItems", TransactItems=kinds)[0] == ["get_many"]
    gets = [
        {"Get": {"TableName": name, "Key": key}} for name in NAMES for key in (KEYS[0], KEYS[2])
    ]
    asked, answer = questions("TransactGetItems", TransactItems=gets)
    assert asked == ["get_many"]
    found = [response["Item"] for response in answer["Responses"]]
    assert found == [ITEMS[0], KEYS[2], {**ITEMS[0], "n": N(2)}, ITEMS[2]]


def test_partiql_batches_and_transactions_ask_once(questions):
    updates = [
        {"Statement": f"UPDATE {name} SET n = n + 1 WHERE pk = 'key {n}'"}
        for name in NAMES
        for n in range(5)
    ]
    selects = [
        {"Statement": f"SELECT n FROM {name} WHERE pk = 'key {n}'"}
        for name in NAMES
        for n in range(5)
    ]
    assert questions("BatchExecuteStatement", Statements=updates)[0] == ["get_many"]
    assert questions("ExecuteTransaction", TransactStatements=updates)[0] == ["get_many"]
    asked, answer = questions("BatchExecuteStatement", Statements=selects)
    assert asked == ["get_many"]
    assert [response["Item"] for response in answer["Responses"]] == [{"n": N(3)}] * 10


@pytest.mark.parametrize(
    ("operation", "members", "asked"),
    [
        ("GetItem", {"Key": KEYS[0]}, ["get"]),
        ("PutItem", {"Item": KEYS[0]}, []),
        ("PutItem", {"Item": KEYS[0], "ReturnValues": "ALL_OLD"}, ["get"]),
        ("DeleteItem", {"Key": KEYS[0]}, ["get"]),
        ("UpdateItem", {"Key": KEYS[0], **SET_M}, ["get"]),
        ("Scan", {}, ["scan"]),
    ],
)
def test_one_item_or_page_is_one_question_at_most(questions, operation, members, asked):
    assert questions(operation, TableName="plain", **members)[0] == asked


def test_a_page_of_a_stream_is_one_question_be_there_records_or_none(questions):
    questions("UpdateTable", TableName="plain", **enabled())
    for item in ITEMS:
        questions("UpdateItem", TableName="plain", Key={"pk": item["pk"]}, **SET_M)
    arn = questions("DescribeTable", TableName="plain")[1]["Table"]["LatestStreamArn"]
    stream = {"StreamArn": arn}
    (shard,) = questions("DescribeStream", **stream)[1]["StreamDescription"]["Shards"]
    place = {"ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = questions("GetShardIterator", **stream, **place)[1]["ShardIterator"]
    for records in (len(ITEMS), 0, 0):
        asked, page = questions("GetRecords", ShardIterator=iterator)
        assert asked == ["scan"]
        assert len(page["Records"]) == records
        iterator = page["NextShardIterator"]
