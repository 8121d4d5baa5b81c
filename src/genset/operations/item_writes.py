"""The answer of a single-item write, and how its body runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from genset.model.attribute_values import Item
from genset.operations.capacity import consumed_member
from genset.operations.catalog import usable_table
from genset.operations.item_store import collection_metrics
from genset.operations.operation import Answer, Request, Scope
from genset.operations.parameters import wants
from genset.operations.writes import Effect, Write, perform
from genset.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePlan:
    """A single-item write and what its answer is to hold."""

    scope: Scope
    write: Write
    returns: str | None
    capacity: str | None
    metrics: bool


def write_plan(request: Request, scope: Scope, write: Write) -> WritePlan:
    """The plan of a single-item write request."""
    return WritePlan(
        scope=scope,
        write=write,
        returns=wants(request, "ReturnValues"),
        capacity=wants(request, "ReturnConsumedCapacity"),
        metrics=wants(request, "ReturnItemCollectionMetrics") is not None,
    )


async def execute_write(plan: WritePlan, txn: Transaction) -> Answer:
    """Do the write and make its answer."""
    table = await usable_table(txn, plan.scope, plan.write.table_name)
    effect = await perform(txn, table, plan.write, plan.scope.services)
    answer: dict[str, Any] = {}
    if plan.returns is not None:
        attributes = _returned(plan, effect)
        if attributes:
            answer["Attributes"] = attributes
    if plan.capacity is not None:
        answer["ConsumedCapacity"] = consumed_member(plan.capacity, effect.consumed)
    if plan.metrics and table.has_local_indexes:
        answer["ItemCollectionMetrics"] = await collection_metrics(txn, table, plan.write.item)
    return answer


def _returned(plan: WritePlan, effect: Effect) -> Item | None:
    update: Any = plan.write.update
    match plan.returns:
        case "ALL_OLD":
            return effect.before
        case "ALL_NEW":
            return effect.after
        case "UPDATED_OLD":
            return update.pick_old(effect.before) if update and effect.before else None
        case _:
            return update.pick_new(effect.after) if update and effect.after else None
