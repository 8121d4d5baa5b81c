"""Batches of records written with BatchWriteItem, until each is taken or refused for itself.

A batch with one bad item is refused as a whole; it is cut in halves until that item stands alone.
What a server leaves unprocessed, or throttles, is tried again (API reference, BatchWriteItem).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from genset.transfer.canonical import key_text
from genset.transfer.loading.patience import Patience
from genset.transfer.loading.rate_limit import Rate, RateLimiter
from genset.transfer.records import Fault, Record, TransferError
from genset.transfer.tables import TableShape

# The errors that are about what was sent, and not about the server or its caller.
_REFUSALS: Final = frozenset(
    (
        "ItemCollectionSizeLimitExceededException",
        "RequestEntityTooLarge",
        "SerializationException",
        "ValidationException",
    )
)
# Those that pass; botocore has tried again a few times already.
_PASSING: Final = frozenset(
    (
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
    )
)
_TOO_LARGE: Final = 413
_SERVER_FAULT: Final = 500


@dataclass(frozen=True, slots=True)
class _Sent:
    """What became of one BatchWriteItem: what is still to be written, or why it is refused."""

    rest: Sequence[Record]
    refusal: str | None = None
    busy: str | None = None


class BatchWriter:
    """Writes batches of records with different keys to one table; threads may share it."""

    def __init__(
        self,
        client: Any,
        shape: TableShape,
        limiter: RateLimiter,
        patience: Callable[[], Patience],
        stopping: threading.Event,
    ) -> None:
        self._client = client
        self._shape = shape
        self._patience = patience
        self.limiter = limiter
        self.stopping = stopping
        """Once it is set, no write is begun, and `write` raises TransferError."""

    def write(self, records: Sequence[Record]) -> list[tuple[Record, Fault]]:
        """Write all; return those records that were refused, with their faults.

        When it returns, all others are written. Raises TransferError when it gives up, and
        botocore's errors for what has nothing to do with single records; then nobody knows
        which of them are written.
        """
        patience = self._patience()
        refused: list[tuple[Record, Fault]] = []
        waiting: list[Sequence[Record]] = [records]
        while waiting:
            if self.stopping.is_set():
                raise TransferError("ended before all was written")
            batch = waiting.pop()
            sent = self._send(batch)
            if sent.refusal is not None and len(batch) == 1:
                refused.append((batch[0], batch[0].refused(sent.refusal)))
            elif sent.refusal is not None:
                middle = len(batch) // 2
                waiting += [batch[middle:], batch[:middle]]
            elif sent.rest:
                waiting.append(sent.rest)
            if len(sent.rest) < len(batch):
                patience.progress()
            if sent.busy is not None:
                patience.pause(sent.busy)
        return refused

    def _send(self, batch: Sequence[Record]) -> _Sent:
        from botocore import exceptions

        self.limiter.wait()
        try:
            answer = self._client.batch_write_item(
                RequestItems={self._shape.name: list(map(_request, batch))},
                ReturnConsumedCapacity="TOTAL",
            )
        except exceptions.ParamValidationError as error:
            return _Sent((), refusal=_last_line(error))
        except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
            return _Sent(batch, busy=str(error))
        except exceptions.ClientError as error:
            return _failed(error, batch)
        return self._answered(answer, batch)

    def _answered(self, answer: dict[str, Any], batch: Sequence[Record]) -> _Sent:
        left = answer.get("UnprocessedItems", {}).get(self._shape.name, ())
        keys = {key_text(_content(each), self._shape.keys) for each in left}
        rest = [record for record in batch if key_text(record.item, self._shape.keys) in keys]
        consumed = answer.get("ConsumedCapacity", ())
        self.limiter.pay(
            items=len(batch) - len(rest),
            capacity_units=sum(each.get("CapacityUnits", 0) for each in consumed),
        )
        return _Sent(rest, busy="the server leaves items unprocessed" if rest else None)


def patient_writer(client: Any, shape: TableShape, rate: Rate | None) -> BatchWriter:
    """A writer that keeps to a rate, and whose pauses end when it is stopped."""
    stopping = threading.Event()
    limiter = RateLimiter(rate, sleep=stopping.wait)
    return BatchWriter(client, shape, limiter, lambda: Patience(sleep=stopping.wait), stopping)


def _failed(error: Any, batch: Sequence[Record]) -> _Sent:
    """What an error of the server's means; raises it again if it is not about the batch."""
    fault = error.response.get("Error", {})
    code, message = fault.get("Code", ""), fault.get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status == _TOO_LARGE:
        return _Sent((), refusal="it is larger than a request may be")
    if code in _REFUSALS:
        return _Sent((), refusal=message or code)
    if code in _PASSING or status >= _SERVER_FAULT:
        return _Sent(batch, busy=f"{code}: {message}")
    raise error


def _request(record: Record) -> dict[str, Any]:
    if not record.deletes:
        return {"PutRequest": {"Item": record.item}}
    return {"DeleteRequest": {"Key": record.item}}


def _content(request: dict[str, Any]) -> dict[str, Any]:
    """The item, or the key, of a request as `_request` makes it."""
    found: dict[str, Any]
    if "PutRequest" in request:
        found = request["PutRequest"]["Item"]
    else:
        found = request["DeleteRequest"]["Key"]
    return found


def _last_line(error: Exception) -> str:
    """What botocore says is wrong, without its heading."""
    return str(error).splitlines()[-1]
