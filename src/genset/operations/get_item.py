"""GetItem: validated, planned and answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from genset.expressions.legacy import parse_attributes_to_get
from genset.expressions.placeholders import check_expressions_present, check_names, check_unused
from genset.expressions.projection import ProjectionPlan, parse_projection
from genset.model.attribute_values import Item
from genset.model.items import decode_stored, stored_bytes, stored_json
from genset.model.keys import check_key, decode_key, item_key
from genset.operations.capacity import Consumed, consumed_member, read_units
from genset.operations.catalog import table_name, usable_table
from genset.operations.metering import charge_read, item_use, meter_for
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.parameters import check_mixing, wants
from genset.storage.engine import Snapshot

if TYPE_CHECKING:
    from genset.expressions.partiql.columns import Columns

_EXPRESSIONS = ("ProjectionExpression",)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetPlan:
    """A GetItem request, checked as far as possible without data."""

    scope: Scope
    table_name: str
    key: Item
    projection: ProjectionPlan | None
    consistent: bool
    capacity: str | None


def read_projection(request: Request, *, in_transaction: bool = False) -> ProjectionPlan | None:
    """The projection of a request for items by key, legacy AttributesToGet included.

    In a transaction placeholders without an expression are no error, as observed in June 2026.
    """
    check_mixing(request, ("AttributesToGet",), _EXPRESSIONS)
    names = request.get("ExpressionAttributeNames")
    if names is not None:
        if not in_transaction:
            check_expressions_present(request, _EXPRESSIONS)
        check_names(names)
    text = request.get("ProjectionExpression")
    if text is not None:
        plan = parse_projection(text, names)
        check_unused(names, None, [plan.names_used], [])
        return plan
    legacy = request.get("AttributesToGet")
    return parse_attributes_to_get(legacy) if legacy is not None else None


def prepare(request: Request, scope: Scope) -> GetPlan:
    """Check a GetItem request as far as possible without data."""
    key = decode_key(request["Key"])
    return GetPlan(
        scope=scope,
        table_name=table_name(scope, request["TableName"]),
        key=key,
        projection=read_projection(request),
        consistent=request.get("ConsistentRead", False),
        capacity=wants(request, "ReturnConsumedCapacity"),
    )


async def execute(plan: GetPlan, snapshot: Snapshot) -> Answer:
    """Read the item; without projection its stored bytes go out unparsed."""
    table = await usable_table(snapshot, plan.scope, plan.table_name)
    check_key(table.keys, plan.key)
    key = item_key(table, plan.key)
    meter = meter_for(plan.scope.services, table)
    if meter is not None:
        use = item_use(table, key, plan.key, writes=False)
        meter.admit(use)
    past = plan.scope.services.past
    if past is not None and not plan.consistent:
        snapshot = past.view(snapshot)
    stored = await snapshot.get(key)
    answer: dict[str, Any] = {}
    if stored is not None:
        answer["Item"] = rendered(stored, plan.projection)
    if plan.capacity is not None or meter is not None:
        size = stored_bytes(stored) if stored else 0
        consumed = Consumed(table, read_units(size, consistent=plan.consistent))
        if meter is not None:
            charge_read(meter, use, consumed)
        if plan.capacity is not None:
            answer["ConsumedCapacity"] = consumed_member(plan.capacity, consumed)
    return answer


def rendered(stored: bytes, projection: ProjectionPlan | Columns | None) -> orjson.Fragment | Item:
    """A stored item as an answer holds it."""
    if projection is None:
        return orjson.Fragment(stored_json(stored))
    return projection.project(decode_stored(stored))


OPERATION = Operation(
    name="GetItem", writes=False, prepare=prepare, execute=execute, execute_lagging=execute
)
