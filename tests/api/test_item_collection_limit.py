"""An item collection of a table with a local index may hold 10 GB; here the limit is lowered.

Source: developer guide, "Item collection size limit".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from genset.operations import item_store
from support.still_server import StillServer

LIMIT = 10_000

Send = Callable[[str, dict[str, Any]], dict[str, Any]]


@pytest.fixture
def send(monkeypatch: pytest.MonkeyPatch, still: Callable[..., StillServer]) -> Send:
    """Sends a request to a server in this process whose collections may hold 10,000 bytes."""
    monkeypatch.setattr(item_store, "ITEM_COLLECTION_BYTES_MAX", LIMIT)
    server = still()

    def send(operation: str, members: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = server.send(operation, members).json
        return answer

    send("CreateTable", TABLE)
    return send


TABLE = {
    "TableName": "Collections",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "other")
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "by-other",
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "other", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


def item(pk: str, sk: str, size: int, **more: Any) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}, "text": {"S": "x" * size}, **more}


def put(send: Send, it: dict[str, Any]) -> dict[str, Any]:
    return send("PutItem", {"TableName": "Collections", "Item": it})


def kind(answer: dict[str, Any]) -> str:
    return str(answer.get("__type", "")).partition("#")[2]


def test_a_write_that_would_exceed_the_limit_is_refused_and_changes_nothing(send: Send) -> None:
    assert put(send, item("a", "1", 6000)) == {}
    refused = put(send, item("a", "2", 6000))
    assert kind(refused) == "ItemCollectionSizeLimitExceededException"
    assert refused["message"] == "Collection size exceeded."
    assert send("Scan", {"TableName": "Collections"})["Count"] == 1


def test_the_entries_of_local_indexes_count(send: Send) -> None:
    assert put(send, item("a", "1", 6000)) == {}
    indexed = put(send, item("a", "1", 6000, other={"S": "o"}))
    assert kind(indexed) == "ItemCollectionSizeLimitExceededException"


def test_the_limit_is_each_partition_keys_own(send: Send) -> None:
    assert put(send, item("a", "1", 9000)) == {}
    assert put(send, item("b", "1", 9000)) == {}


def test_a_full_collection_can_still_shrink(send: Send) -> None:
    assert put(send, item("a", "1", 9900)) == {}
    assert put(send, item("a", "1", 9000)) == {}
    key = {"pk": {"S": "a"}, "sk": {"S": "1"}}
    assert send("DeleteItem", {"TableName": "Collections", "Key": key}) == {}
    assert put(send, item("a", "2", 9900)) == {}


def test_a_transaction_is_cancelled_for_it(send: Send) -> None:
    assert put(send, item("a", "1", 6000)) == {}
    action = {"Put": {"TableName": "Collections", "Item": item("a", "2", 6000)}}
    answer = send("TransactWriteItems", {"TransactItems": [action]})
    assert kind(answer) == "TransactionCanceledException"
    assert answer["CancellationReasons"] == [
        {"Code": "ItemCollectionSizeLimitExceeded", "Message": "Collection size exceeded."}
    ]


def test_a_batch_of_statements_is_refused_for_it_and_changes_nothing(send: Send) -> None:
    """Ours alone: the service fails that statement only (docs/differences.md)."""
    assert put(send, item("a", "1", 6000)) == {}
    insert = "INSERT INTO \"Collections\" VALUE {'pk': ?, 'sk': '2', 'text': ?}"
    statements = [
        {"Statement": insert, "Parameters": [{"S": pk}, {"S": "x" * 6000}]} for pk in ("b", "a")
    ]
    answer = send("BatchExecuteStatement", {"Statements": statements})
    assert kind(answer) == "ItemCollectionSizeLimitExceededException"
    assert send("Scan", {"TableName": "Collections"})["Count"] == 1
