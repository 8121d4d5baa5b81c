"""BatchWriteItem: validated, planned and answered.

The whole request is validated before anything is written. Each write stands for itself at AWS;
here all of them happen in one transaction, which no client can tell from the best case.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any

from genset.model.attribute_values import decode_item
from genset.model.errors import DynamoDBError, ValidationException
from genset.model.keys import check_index_keys, check_key, decode_key, item_key
from genset.model.limits import ITEM_BYTES_MAX
from genset.model.tables import Table
from genset.operations.capacity import Consumed, consumed_member
from genset.operations.catalog import table_name, usable_table
from genset.operations.item_store import collection_metrics
from genset.operations.metering import THROTTLED
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.parameters import Condition, speaks_older, wants
from genset.operations.writes import (
    DELETE,
    PUT,
    Target,
    Write,
    item_too_large,
    perform_at,
    read_before,
)
from genset.storage.engine import Transaction

_ALWAYS = Condition()


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchWritePlan:
    """A BatchWriteItem request, checked as far as possible without data."""

    scope: Scope
    writes: dict[str, list[Write]]
    wishes: dict[str, list[dict[str, Any]]]
    capacity: str | None
    metrics: bool


@speaks_older
def prepare(request: Request, scope: Scope) -> BatchWritePlan:
    """Check a BatchWriteItem request as far as possible without data."""
    capacity = wants(request, "ReturnConsumedCapacity")
    writes = {
        given: [_write(table_name(scope, given), wish, capacity is None) for wish in wishes]
        for given, wishes in request["RequestItems"].items()
    }
    return BatchWritePlan(
        scope=scope,
        writes=writes,
        wishes=request["RequestItems"],
        capacity=capacity,
        metrics=wants(request, "ReturnItemCollectionMetrics") is not None,
    )


def _write(name: str, wish: dict[str, Any], is_blind: bool) -> Write:
    put, delete = wish.get("PutRequest"), wish.get("DeleteRequest")
    if (put is None) == (delete is None):
        raise ValidationException(
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of "
            "the supported datatypes"
        )
    if put is None:
        assert delete is not None
        return Write(
            kind=DELETE, table_name=name, item=decode_key(delete["Key"]), condition=_ALWAYS
        )
    item, size = decode_item(put["Item"])
    if size > ITEM_BYTES_MAX:
        raise item_too_large()
    return Write(
        kind=PUT,
        table_name=name,
        item=item,
        item_bytes=size,
        condition=_ALWAYS,
        is_blind=is_blind,
    )


async def execute(plan: BatchWritePlan, txn: Transaction) -> Answer:
    """Validate every write against its table, then do all that are not throttled.

    Raises what throttled the first only if it throttled all (API reference, BatchWriteItem).
    """
    services = plan.scope.services
    targets: dict[str, list[Target]] = {}
    for given, writes in plan.writes.items():
        table = await usable_table(txn, plan.scope, writes[0].table_name)
        targets[given] = _checked(table, writes)
    known = await read_before(txn, list(chain.from_iterable(targets.values())), services)
    capacity, metrics = [], {}
    unprocessed: dict[str, list[dict[str, Any]]] = {}
    throttled: list[DynamoDBError] = []
    for given, writes in plan.writes.items():
        table = targets[given][0].table
        consumed = Consumed(table)
        for target, wish in zip(targets[given], plan.wishes[given], strict=True):
            try:
                effect = await perform_at(
                    txn, table, target.write, target.key, services, known=known
                )
            except THROTTLED as error:
                throttled.append(error)
                unprocessed.setdefault(given, []).append(wish)
            else:
                consumed.merge(effect.consumed)
        capacity.append(consumed_member(plan.capacity, consumed))
        if plan.metrics and table.has_local_indexes:
            metrics[given] = [await collection_metrics(txn, table, w.item) for w in writes]
    if throttled and len(throttled) == sum(len(writes) for writes in plan.writes.values()):
        raise throttled[0]
    answer: dict[str, Any] = {"UnprocessedItems": unprocessed}
    if plan.capacity is not None:
        answer["ConsumedCapacity"] = capacity
    if metrics:
        answer["ItemCollectionMetrics"] = metrics
    return answer


def _checked(table: Table, writes: list[Write]) -> list[Target]:
    targets = []
    for write in writes:
        key = write.item
        if write.kind == PUT:
            key = {name: key[name] for name in table.keys.names if name in key}
        check_key(table.keys, key)
        if write.kind == PUT:
            check_index_keys(table, write.item)
        targets.append(Target(table, write, item_key(table, key)))
    if len({target.key for target in targets}) != len(targets):
        raise ValidationException("Provided list of item keys contains duplicates")
    return targets


OPERATION = Operation(name="BatchWriteItem", writes=True, prepare=prepare, execute=execute)
