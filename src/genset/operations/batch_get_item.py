"""BatchGetItem: validated, planned and answered.

Items come until 16 MB are reached; the keys left over go back as UnprocessedKeys with their
table's other parameters. Source: API reference, BatchGetItem.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from genset.expressions.placeholders import check_not_mixed
from genset.expressions.projection import ProjectionPlan
from genset.model.attribute_values import Item
from genset.model.errors import DynamoDBError, ValidationException
from genset.model.items import stored_bytes, stored_json
from genset.model.keys import check_key, decode_key, item_key
from genset.model.limits import BATCH_RESPONSE_BYTES_MAX
from genset.operations.capacity import Consumed, consumed_member, read_units
from genset.operations.catalog import table_name, usable_table
from genset.operations.get_item import read_projection, rendered
from genset.operations.metering import THROTTLED, item_use, meter_for
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.parameters import wants
from genset.operations.past import read_many
from genset.storage.engine import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class TableKeys:
    """What a batch asks of one table; `given` is the table's name as the request has it."""

    given: str
    name: str
    keys: list[Item]
    projection: ProjectionPlan | None
    consistent: bool
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchGetPlan:
    """A BatchGetItem request, checked as far as possible without data."""

    scope: Scope
    tables: list[TableKeys]
    capacity: str | None

    @property
    def consistent(self) -> bool:
        """Whether a table is to be read strongly consistent: all are read in one view."""
        return any(asked.consistent for asked in self.tables)


def prepare(request: Request, scope: Scope) -> BatchGetPlan:
    """Check a BatchGetItem request as far as possible without data."""
    asked = request["RequestItems"]
    if any("ProjectionExpression" in table for table in asked.values()) and any(
        "AttributesToGet" in table for table in asked.values()
    ):
        check_not_mixed(["AttributesToGet"], ["ProjectionExpression"])
    tables = []
    for given, table in asked.items():
        tables.append(
            TableKeys(
                given=given,
                name=table_name(scope, given),
                keys=[decode_key(key) for key in table["Keys"]],
                projection=read_projection(table),
                consistent=table.get("ConsistentRead", False),
                parameters={name: value for name, value in table.items() if name != "Keys"},
            )
        )
    return BatchGetPlan(
        scope=scope, tables=tables, capacity=wants(request, "ReturnConsumedCapacity")
    )


async def execute(plan: BatchGetPlan, snapshot: Snapshot) -> Answer:
    """Read the items of every table, until the answer is full.

    Keys that are throttled are left over; what throttled the first is raised only if it
    throttled all (API reference, BatchGetItem).
    """
    located = [await _locate(plan, snapshot, asked) for asked in plan.tables]
    responses: dict[str, Any] = {}
    unprocessed: dict[str, Any] = {}
    capacity = []
    room = BATCH_RESPONSE_BYTES_MAX
    throttled: list[DynamoDBError] = []
    wanted = [
        (key, asked.consistent)
        for asked, (_, keys) in zip(plan.tables, located, strict=True)
        for key in keys
    ]
    found = iter(await read_many(snapshot, plan.scope.services.past, wanted))
    for asked, (consumed, keys) in zip(plan.tables, located, strict=True):
        rows: list[bytes] = []
        left: list[Item] = []
        responses[asked.given] = rows
        meter = meter_for(plan.scope.services, consumed.table)
        values = list(islice(found, len(keys)))
        for position, stored in enumerate(values):
            if meter is not None:
                key = asked.keys[position]
                use = item_use(consumed.table, keys[position], key, writes=False)
                try:
                    meter.admit(use)
                except THROTTLED as error:
                    throttled.append(error)
                    left.append(key)
                    continue
            size = stored_bytes(stored) if stored else 0
            if size > room:
                left += asked.keys[position:]
                room = 0
                break
            room -= size
            units = read_units(size, consistent=asked.consistent)
            consumed.table_units += units
            if meter is not None:
                meter.charge(use, units)
            if stored is not None:
                rows.append(_row(stored, asked.projection))
        if left:
            unprocessed[asked.given] = {**asked.parameters, "Keys": left}
        capacity.append(consumed_member(plan.capacity, consumed))
    if throttled and len(throttled) == sum(len(asked.keys) for asked in plan.tables):
        raise throttled[0]
    answer: dict[str, Any] = {
        "Responses": {
            name: orjson.Fragment(b"[" + b",".join(rows) + b"]") for name, rows in responses.items()
        },
        "UnprocessedKeys": unprocessed,
    }
    if plan.capacity is not None:
        answer["ConsumedCapacity"] = capacity
    return answer


def _row(stored: bytes, projection: ProjectionPlan | None) -> bytes:
    if projection is None:
        return stored_json(stored)
    return orjson.dumps(rendered(stored, projection))


async def _locate(
    plan: BatchGetPlan, snapshot: Snapshot, asked: TableKeys
) -> tuple[Consumed, list[bytes]]:
    table = await usable_table(snapshot, plan.scope, asked.name)
    for key in asked.keys:
        check_key(table.keys, key)
    keys = [item_key(table, key) for key in asked.keys]
    if len(set(keys)) != len(keys):
        raise ValidationException("Provided list of item keys contains duplicates")
    return Consumed(table), keys


OPERATION = Operation(
    name="BatchGetItem", writes=False, prepare=prepare, execute=execute, execute_lagging=execute
)
