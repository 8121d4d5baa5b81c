"""A table behind a client that does what a test says, for what real servers seldom do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

Request = dict[str, Any]
Answer = dict[str, Any]


def error(code: str, message: str = "so it is", status: int = 400) -> ClientError:
    """An error as botocore raises it."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        },
        "BatchWriteItem",
    )


class TableClient:
    """Keeps the items of one table by their `pk`; refuses those with an attribute `bad`.

    `before` sees each batch first; it may raise, or return how many items to leave unprocessed.
    """

    def __init__(self, before: Callable[[list[Request]], int | None] = lambda batch: None) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.batches: list[list[Request]] = []
        self._before = before
        self._lock = threading.Lock()

    def batch_write_item(self, **members: Any) -> Answer:
        ((table, batch),) = members["RequestItems"].items()
        with self._lock:
            self.batches.append(batch)
            left = self._before(batch) or 0
            if any("bad" in each.get("PutRequest", {}).get("Item", ()) for each in batch):
                raise error("ValidationException", "it is bad")
            done = batch[: len(batch) - left]
            for each in done:
                self._write(each)
        unprocessed = {table: batch[len(done) :]} if left else {}
        return {
            "UnprocessedItems": unprocessed,
            "ConsumedCapacity": [{"TableName": table, "CapacityUnits": 2.0 * len(done)}],
        }

    def _write(self, request: Request) -> None:
        if "PutRequest" in request:
            item = request["PutRequest"]["Item"]
            self.items[item["pk"]["S"]] = item
        else:
            self.items.pop(request["DeleteRequest"]["Key"]["pk"]["S"], None)
