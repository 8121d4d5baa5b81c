"""TransactGetItems: validated, planned and answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from genset.model.errors import DynamoDBError, ValidationException
from genset.model.items import stored_bytes
from genset.model.keys import check_key, decode_key, item_key
from genset.model.limits import TRANSACTION_BYTES_MAX
from genset.model.tables import Table
from genset.operations.cancellation import cancelled, may_cancel
from genset.operations.capacity import Consumed, consumed_member, read_units
from genset.operations.catalog import table_name, usable_table
from genset.operations.get_item import GetPlan, read_projection, rendered
from genset.operations.metering import THROTTLED, item_use, meter_for
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.parameters import speaks_older, wants
from genset.storage.engine import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactGetPlan:
    """A TransactGetItems request, checked as far as possible without data."""

    gets: list[GetPlan]
    capacity: str | None


@speaks_older
def prepare(request: Request, scope: Scope) -> TransactGetPlan:
    """Check a TransactGetItems request as far as possible without data."""
    gets = []
    for entry in request["TransactItems"]:
        get = entry["Get"]
        gets.append(
            GetPlan(
                scope=scope,
                table_name=table_name(scope, get["TableName"]),
                key=decode_key(get["Key"]),
                projection=read_projection(get, in_transaction=True),
                consistent=True,
                capacity=None,
            )
        )
    return TransactGetPlan(gets=gets, capacity=wants(request, "ReturnConsumedCapacity"))


async def execute(plan: TransactGetPlan, snapshot: Snapshot) -> Answer:
    """Read all items in one consistent view."""
    tables = [await usable_table(snapshot, get.scope, get.table_name) for get in plan.gets]
    failures: list[DynamoDBError | None] = []
    for table, get in zip(tables, plan.gets, strict=True):
        try:
            check_key(table.keys, get.key)
            failures.append(None)
        except ValidationException as error:
            failures.append(error)
    if any(failures):
        raise cancelled(failures)
    keys = [item_key(table, get.key) for table, get in zip(tables, plan.gets, strict=True)]
    if len(set(keys)) != len(keys):
        raise ValidationException(
            "Transaction request cannot include multiple operations on one item"
        )
    _admit(plan, tables, keys)
    stored = await snapshot.get_many(keys)
    if sum(stored_bytes(value) for value in stored if value) > TRANSACTION_BYTES_MAX:
        raise ValidationException(
            "Collection size of items exceeded, which can also be caused by the aggregate size of "
            "the items in the transaction exceeding the 4MB limit"
        )
    responses = []
    used: dict[str, Consumed] = {}
    for table, get, value in zip(tables, plan.gets, stored, strict=True):
        size = stored_bytes(value) if value else 0
        consumed = used.setdefault(table.name, Consumed(table))
        units = 2 * read_units(size, consistent=True)
        consumed.table_units += units
        meter = meter_for(get.scope.services, table)
        if meter is not None:
            use = item_use(table, item_key(table, get.key), get.key, writes=False)
            meter.charge(use, units)
        item = rendered(value, get.projection) if value is not None else None
        responses.append({"Item": item} if item else {})
    answer: dict[str, Any] = {"Responses": responses}
    if plan.capacity is not None:
        answer["ConsumedCapacity"] = [
            consumed_member(plan.capacity, consumed, "ReadCapacityUnits")
            for consumed in used.values()
        ]
    return answer


def _admit(plan: TransactGetPlan, tables: list[Table], keys: list[bytes]) -> None:
    """Cancel the transaction if one of its tables has no capacity left."""
    failures: list[DynamoDBError | None] = []
    for get, table, key in zip(plan.gets, tables, keys, strict=True):
        meter = meter_for(get.scope.services, table)
        try:
            if meter is not None:
                meter.admit(item_use(table, key, get.key, writes=False))
            failures.append(None)
        except THROTTLED as error:
            if not may_cancel(error):
                raise
            failures.append(error)
    if any(failures):
        raise cancelled(failures)


OPERATION = Operation(name="TransactGetItems", writes=False, prepare=prepare, execute=execute)
