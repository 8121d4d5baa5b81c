"""The benchmark's table: items of about 350 bytes, one hundred to a partition.

The items are a pure function of their number and version, so every server holds the same ones
and an answer can be checked without remembering what was written. Rows overwrite items with
other versions of themselves: the table's count and size stay what seeding made them.
"""

from __future__ import annotations

import dataclasses
import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.client import Client, RequestFailed

TABLE = "bench"
ITEMS_PER_PARTITION = 100
PUTS_PER_BATCH = 25
SEEDING_CONNECTIONS = 4
TABLE_ACTIVE_SECONDS = 30

STATUSES = ("NEW", "PAID", "SHIPPED", "RETURNED")
CITIES = ("Lisbon", "Nairobi", "Osaka", "Quito", "Tromso")

Item = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Dataset:
    """So many items, a hundred to a partition."""

    count: int = 10_000

    @property
    def partitions(self) -> int:
        """The number of partition keys."""
        return -(-self.count // ITEMS_PER_PARTITION)

    def partition_key(self, partition: int) -> Item:
        """The partition key value of one partition."""
        return {"S": f"customer#{partition:06d}"}

    def key(self, number: int) -> Item:
        """The primary key of an item."""
        partition, position = divmod(number, ITEMS_PER_PARTITION)
        return {"pk": self.partition_key(partition), "sk": {"S": f"order#{position:08d}"}}

    def item(self, number: int, version: int = 0) -> Item:
        """An item; versions differ in one attribute and not in size."""
        return {
            **self.key(number),
            "status": {"S": STATUSES[number % len(STATUSES)]},
            "amount": {"N": f"{number % ITEMS_PER_PARTITION}.25"},
            "created": {"N": str(1_700_000_000 + number)},
            "views": {"N": "100000"},
            "paid": {"BOOL": number % 3 == 0},
            "tags": {"SS": [f"tag{number % 7}", f"tag{7 + number % 5}"]},
            "address": {
                "M": {
                    "city": {"S": CITIES[number % len(CITIES)]},
                    "street": {"S": f"{number % 900 + 100} Harbour Road"},
                }
            },
            "lines": {"L": [{"N": str(number % 50)}, {"S": f"sku-{number % 1000:04d}"}]},
            "note": {"S": f"v{version:04d} " + f"{number:08d} lorem ipsum dolor " * 7},
        }


def create_table(client: Client, table: str = TABLE, **members: Any) -> None:
    """Create a table and wait until it is ACTIVE. Raises RequestFailed, also when it is late.

    The members are those of CreateTable beyond the key and the billing mode.
    """
    client.call(
        "CreateTable",
        {
            "TableName": table,
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "BillingMode": "PAY_PER_REQUEST",
            **members,
        },
    )
    deadline = time.monotonic() + TABLE_ACTIVE_SECONDS
    while time.monotonic() < deadline:
        described = client.call("DescribeTable", {"TableName": table})["Table"]
        if described["TableStatus"] == "ACTIVE":
            return
        time.sleep(0.05)
    raise RequestFailed(f"the table was not ACTIVE after {TABLE_ACTIVE_SECONDS} s")


def seed(port: int, dataset: Dataset, table: str = TABLE, **members: Any) -> float:
    """Create and fill a table; the seconds that the writing took.

    Raises RequestFailed if a write fails or the table does not hold exactly the items after it.
    """
    with Client(port) as client:
        create_table(client, table, **members)
    started = time.monotonic()
    write_all(port, dataset, table)
    elapsed = time.monotonic() - started
    # Another connection than above: servers close one that has been idle for some seconds.
    with Client(port) as client:
        count = count_items(client, table)
    if count != dataset.count:
        raise RequestFailed(f"seeding left {count} items instead of {dataset.count}")
    return elapsed


def count_items(client: Client, table: str = TABLE) -> int:
    """The number of items, counted by scanning every page."""
    return scan_count(client, {"TableName": table, "ConsistentRead": True})


def scan_count(client: Client, members: dict[str, Any]) -> int:
    """The number of items on all pages of a Scan of a table or an index."""
    request: dict[str, Any] = {**members, "Select": "COUNT"}
    count: int = 0
    while True:
        answer = client.call("Scan", request)
        count += answer["Count"]
        if not answer.get("LastEvaluatedKey"):
            return count
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def batch_write(items: list[Item], table: str = TABLE) -> dict[str, Any]:
    """The members of a BatchWriteItem that puts the items."""
    return {"RequestItems": {table: [{"PutRequest": {"Item": item}} for item in items]}}


def write_all(port: int, dataset: Dataset, table: str) -> None:
    """Put all items into a table. Raises RequestFailed if a write fails."""
    numbers = iter(range(dataset.count))
    batches = iter(lambda: list(itertools.islice(numbers, PUTS_PER_BATCH)), [])
    lock = threading.Lock()

    def write_batches() -> None:
        with Client(port) as client:
            while batch := _next_locked(batches, lock):
                answer = client.call(
                    "BatchWriteItem", batch_write([dataset.item(n) for n in batch], table)
                )
                if answer.get("UnprocessedItems"):
                    raise RequestFailed("BatchWriteItem left items unprocessed")

    with ThreadPoolExecutor(SEEDING_CONNECTIONS) as pool:
        for future in [pool.submit(write_batches) for _ in range(SEEDING_CONNECTIONS)]:
            future.result()


def _next_locked(batches: Iterator[list[int]], lock: threading.Lock) -> list[int]:
    with lock:
        return next(batches, [])
