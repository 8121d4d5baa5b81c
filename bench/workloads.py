"""The rows of the comparison: the requests of each, and the check of one answer.

Every server gets the same requests in the same order, from the same seeds; only the signatures
(and a Scan's start keys, which each server names itself) differ.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import Any

from bench.client import Client
from bench.dataset import ITEMS_PER_PARTITION, PUTS_PER_BATCH, STATUSES, TABLE, Dataset, batch_write

Members = dict[str, Any]

POINT_REQUESTS = 4_000
LARGE_REQUESTS = 400
ITEMS_PER_TRANSACTION = 4
KEYS_PER_BATCH_GET = 100
SCAN_PAGE_ITEMS = 1_000


class WrongAnswer(Exception):
    """A server's answer is not what DynamoDB would answer; its row is not worth measuring."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Workload:
    """One row: an operation, its requests, the check of an answer, and the issue's bar."""

    name: str
    operation: str
    # The least ratio of genset's throughput to the fastest peer's.
    bar: float
    requests: Callable[[Client, Dataset], list[Members]]
    check: Callable[[Client, Dataset, Members, Members], None]

    def verify(self, client: Client, dataset: Dataset, request: Members) -> None:
        """Send one request and check its answer. Raises WrongAnswer or RequestFailed."""
        self.check(client, dataset, request, client.call(self.operation, request))


def require(condition: bool, message: str) -> None:
    """Raise WrongAnswer with the message unless the condition holds."""
    if not condition:
        raise WrongAnswer(message)


def _sample(dataset: Dataset, size: int, seed: int) -> list[int]:
    """Distinct item numbers, the same at every call."""
    return random.Random(seed).sample(range(dataset.count), min(size, dataset.count))


def get_item_requests(_: Client, dataset: Dataset) -> list[Members]:
    """GetItem of random items."""
    numbers = _sample(dataset, POINT_REQUESTS, 1)
    return [{"TableName": TABLE, "Key": dataset.key(number)} for number in numbers]


def check_get_item(_: Client, dataset: Dataset, request: Members, answer: Members) -> None:
    """The item asked for, with all its attributes."""
    item = answer.get("Item", {})
    require(_key_of(item) == request["Key"], "GetItem answered another item")
    require(item.keys() == dataset.item(0).keys(), "GetItem answered another set of attributes")


def put_item_requests(_: Client, dataset: Dataset) -> list[Members]:
    """PutItem that overwrites random items with versions of the same size."""
    numbers = _sample(dataset, POINT_REQUESTS, 2)
    return [{"TableName": TABLE, "Item": dataset.item(number, 1)} for number in numbers]


def check_put_item(client: Client, _: Dataset, request: Members, answer: Members) -> None:
    """Nothing in the answer, and the item is there to be read."""
    require(not any(answer.values()), f"PutItem answered {answer}")
    require(_stored(client, request["Item"])["note"] == request["Item"]["note"], "PutItem is lost")


def update_item_requests(_: Client, dataset: Dataset) -> list[Members]:
    """UpdateItem that counts up where a condition on two attributes holds."""
    return [
        {
            "TableName": TABLE,
            "Key": dataset.key(number),
            "UpdateExpression": "SET #views = #views + :one, paid = :yes",
            "ConditionExpression": "attribute_exists(pk) AND #views >= :least",
            "ExpressionAttributeNames": {"#views": "views"},
            "ExpressionAttributeValues": {
                ":one": {"N": "1"},
                ":least": {"N": "1"},
                ":yes": {"BOOL": True},
            },
            "ReturnValues": "UPDATED_NEW",
        }
        for number in _sample(dataset, POINT_REQUESTS, 3)
    ]


def check_update_item(client: Client, _: Dataset, request: Members, answer: Members) -> None:
    """The new values in the answer, and the same in the table."""
    attributes = answer.get("Attributes", {})
    require(attributes.keys() == {"views", "paid"}, f"UpdateItem answered {answer}")
    require(int(attributes["views"]["N"]) > 100_000, "UpdateItem did not count up")
    stored = _stored(client, request["Key"])
    require(stored["views"] == attributes["views"], "UpdateItem is lost")


def query_requests(_: Client, dataset: Dataset) -> list[Members]:
    """Query of whole partitions, a hundred items each."""
    return [
        {
            "TableName": TABLE,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": dataset.partition_key(partition)},
        }
        for partition in _partitions(dataset)
    ]


def check_query(_: Client, dataset: Dataset, request: Members, answer: Members) -> None:
    """The partition's items, all attributes, in the order of the sort key."""
    items = answer["Items"]
    require(answer["Count"] == len(items) == ITEMS_PER_PARTITION, "Query: wrong count")
    partition = request["ExpressionAttributeValues"][":pk"]
    require(all(item["pk"] == partition for item in items), "Query: items of another partition")
    require(_is_sorted([item["sk"]["S"] for item in items]), "Query: items are not in order")
    require(items[0].keys() == dataset.item(0).keys(), "Query: another set of attributes")


def filtered_query_requests(_: Client, dataset: Dataset) -> list[Members]:
    """Query of whole partitions with a filter that keeps an eighth, and a projection."""
    return [
        {
            "TableName": TABLE,
            "KeyConditionExpression": "pk = :pk",
            "FilterExpression": "#status = :status AND amount >= :least",
            "ProjectionExpression": "sk, amount, address.city",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {
                ":pk": dataset.partition_key(partition),
                ":status": {"S": STATUSES[2]},
                ":least": {"N": "50"},
            },
        }
        for partition in _partitions(dataset)
    ]


def check_filtered_query(_: Client, __: Dataset, ___: Members, answer: Members) -> None:
    """The count that the filter leaves, and no attribute but the projected ones."""
    kept = [n for n in range(50, ITEMS_PER_PARTITION) if n % len(STATUSES) == 2]
    require(answer["ScannedCount"] == ITEMS_PER_PARTITION, "Query: wrong ScannedCount")
    require(answer["Count"] == len(answer["Items"]) == len(kept), "Query: wrong filtered count")
    first = answer["Items"][0]
    require(first.keys() == {"sk", "amount", "address"}, "Query: wrong projection")
    require(first["address"]["M"].keys() == {"city"}, "Query: wrong nested projection")


def batch_get_requests(_: Client, dataset: Dataset) -> list[Members]:
    """BatchGetItem of a hundred random items."""
    rng = random.Random(4)
    size = min(KEYS_PER_BATCH_GET, dataset.count)
    samples = [rng.sample(range(dataset.count), size) for _ in range(LARGE_REQUESTS)]
    return [
        {"RequestItems": {TABLE: {"Keys": [dataset.key(number) for number in sample]}}}
        for sample in samples
    ]


def check_batch_get(_: Client, __: Dataset, request: Members, answer: Members) -> None:
    """Every item asked for, and nothing left unprocessed."""
    asked = {_key_text(key) for key in request["RequestItems"][TABLE]["Keys"]}
    found = answer["Responses"][TABLE]
    require(not answer.get("UnprocessedKeys"), "BatchGetItem left keys unprocessed")
    require(len(found) == len(asked), "BatchGetItem: wrong count")
    require({_key_text(item) for item in found} == asked, "BatchGetItem answered other items")


def batch_write_requests(_: Client, dataset: Dataset) -> list[Members]:
    """BatchWriteItem that overwrites twenty-five random items."""
    rng = random.Random(5)
    size = min(PUTS_PER_BATCH, dataset.count)
    samples = [rng.sample(range(dataset.count), size) for _ in range(LARGE_REQUESTS)]
    return [batch_write([dataset.item(number, 2) for number in sample]) for sample in samples]


def check_batch_write(client: Client, _: Dataset, request: Members, answer: Members) -> None:
    """Nothing left unprocessed, and the last item is there to be read."""
    require(not answer.get("UnprocessedItems"), "BatchWriteItem left items unprocessed")
    item = request["RequestItems"][TABLE][-1]["PutRequest"]["Item"]
    require(_stored(client, item)["note"] == item["note"], "BatchWriteItem is lost")


def transact_write_requests(_: Client, dataset: Dataset) -> list[Members]:
    """TransactWriteItems of two puts, an update and a check, on items no other request has.

    Requests of different connections thus never conflict, which would be an error and not a
    slower answer.
    """
    numbers = _sample(dataset, POINT_REQUESTS, 6)
    groups = zip(*[iter(numbers)] * ITEMS_PER_TRANSACTION, strict=False)
    return [_transaction(dataset, *group) for group in groups]


def _transaction(dataset: Dataset, first: int, second: int, third: int, fourth: int) -> Members:
    update = {
        "TableName": TABLE,
        "Key": dataset.key(third),
        "UpdateExpression": "SET paid = :yes",
        "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeValues": {":yes": {"BOOL": True}},
    }
    check = {
        "TableName": TABLE,
        "Key": dataset.key(fourth),
        "ConditionExpression": "attribute_exists(sk)",
    }
    return {
        "TransactItems": [
            {"Put": {"TableName": TABLE, "Item": dataset.item(first, 3)}},
            {"Put": {"TableName": TABLE, "Item": dataset.item(second, 3)}},
            {"Update": update},
            {"ConditionCheck": check},
        ]
    }


def check_transact_write(client: Client, _: Dataset, request: Members, answer: Members) -> None:
    """Nothing in the answer, and the writes are there to be read."""
    require(not any(answer.values()), f"TransactWriteItems answered {answer}")
    put, _second, update, _check = request["TransactItems"]
    item = put["Put"]["Item"]
    require(_stored(client, item)["note"] == item["note"], "TransactWriteItems: put is lost")
    updated = _stored(client, update["Update"]["Key"])
    require(updated["paid"] == {"BOOL": True}, "TransactWriteItems: update is lost")


def scan_requests(client: Client, dataset: Dataset) -> list[Members]:
    """The pages of a whole Scan, a thousand items each, from the keys this server names."""
    request: Members = {"TableName": TABLE, "Limit": SCAN_PAGE_ITEMS}
    pages: list[Members] = []
    while True:
        answer = client.call("Scan", request)
        # A Limit that ends with the last item leaves one more, empty page: not worth a row.
        if answer["Count"] == SCAN_PAGE_ITEMS or not pages:
            pages.append(request)
        if not answer.get("LastEvaluatedKey"):
            break
        request = {**request, "ExclusiveStartKey": answer["LastEvaluatedKey"]}
    expected = max(1, dataset.count // SCAN_PAGE_ITEMS)
    require(len(pages) == expected, f"Scan: {len(pages)} pages instead of {expected}")
    return pages


def check_scan(_: Client, dataset: Dataset, __: Members, answer: Members) -> None:
    """A full page of whole items."""
    page = min(SCAN_PAGE_ITEMS, dataset.count)
    require(answer["Count"] == len(answer["Items"]) == page, "Scan: wrong count")
    require(answer["Items"][0].keys() == dataset.item(0).keys(), "Scan: other attributes")


def _partitions(dataset: Dataset) -> list[int]:
    size = min(dataset.partitions, LARGE_REQUESTS)
    return random.Random(7).sample(range(dataset.partitions), size)


def _stored(client: Client, item: Members) -> Members:
    request = {"TableName": TABLE, "Key": _key_of(item), "ConsistentRead": True}
    stored = client.call("GetItem", request).get("Item")
    if not isinstance(stored, dict):
        raise WrongAnswer("an item that was written cannot be read")
    return stored


def _key_of(item: Members) -> Members:
    return {name: item.get(name) for name in ("pk", "sk")}


def _key_text(item: Members) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def _is_sorted(texts: list[str]) -> bool:
    return texts == sorted(texts)


WORKLOADS = (
    Workload(
        name="GetItem",
        operation="GetItem",
        bar=1.5,
        requests=get_item_requests,
        check=check_get_item,
    ),
    Workload(
        name="PutItem",
        operation="PutItem",
        bar=1.2,
        requests=put_item_requests,
        check=check_put_item,
    ),
    Workload(
        name="UpdateItem",
        operation="UpdateItem",
        bar=1.2,
        requests=update_item_requests,
        check=check_update_item,
    ),
    Workload(
        name="Query100",
        operation="Query",
        bar=8.0,
        requests=query_requests,
        check=check_query,
    ),
    Workload(
        name="QueryFilter",
        operation="Query",
        bar=2.0,
        requests=filtered_query_requests,
        check=check_filtered_query,
    ),
    Workload(
        name="BatchGet100",
        operation="BatchGetItem",
        bar=2.0,
        requests=batch_get_requests,
        check=check_batch_get,
    ),
    Workload(
        name="BatchWrite25",
        operation="BatchWriteItem",
        bar=2.0,
        requests=batch_write_requests,
        check=check_batch_write,
    ),
    Workload(
        name="TransactWrite4",
        operation="TransactWriteItems",
        bar=2.0,
        requests=transact_write_requests,
        check=check_transact_write,
    ),
    Workload(
        name="ScanPage",
        operation="Scan",
        bar=2.0,
        requests=scan_requests,
        check=check_scan,
    ),
)

WORKLOAD_NAMES = tuple(workload.name for workload in WORKLOADS)


def workload_named(name: str) -> Workload:
    """The workload of that name. Raises KeyError if there is none."""
    for workload in WORKLOADS:
        if workload.name == name:
            return workload
    raise KeyError(name)
