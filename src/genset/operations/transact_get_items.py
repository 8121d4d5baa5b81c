"""TransactGetItems: validated, planned and answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genset.expressions.projection import ProjectionPlan
from genset.model.attribute_values import Item
from genset.model.errors import DynamoDBError, ValidationException
from genset.model.items import stored_bytes
from genset.model.keys import check_key, decode_key, item_key
from genset.model.limits import TRANSACTION_BYTES_MAX
from genset.model.tables import Table
from genset.operations.cancellation import cancelled, may_cancel
from genset.operations.capacity import Consumed, consumed_member, read_units
from genset.operations.catalog import table_name, usable_tables
from genset.operations.get_item import GetPlan, read_projection, rendered
from genset.operations.metering import THROTTLED, Meter, Use, item_use, meter_for
from genset.operations.operation import Answer, Operation, Request, Scope, Services
from genset.operations.parameters import speaks_older, wants
from genset.storage.engine import Snapshot

if TYPE_CHECKING:
    from genset.expressions.partiql.columns import Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactGetPlan:
    """A TransactGetItems request, checked as far as possible without data."""

    gets: list[GetPlan]
    capacity: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadItem:
    """An item that a transaction reads, by its storage key.

    `named` is its key where contributor insights count it, as they do not count PartiQL.
    """

    table: Table
    key: bytes
    projection: ProjectionPlan | Columns | None
    named: Item | None = None

    def meter(self, services: Services) -> Meter | None:
        """What counts the reading of it."""
        return services.meter if self.named is None else meter_for(services, self.table)

    @property
    def use(self) -> Use:
        """What is used to read it."""
        return item_use(self.table, self.key, self.named, writes=False)


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
    scope = plan.gets[0].scope
    tables = await usable_tables(snapshot, scope, [get.table_name for get in plan.gets])
    failures: list[DynamoDBError | None] = []
    for table, get in zip(tables, plan.gets, strict=True):
        try:
            check_key(table.keys, get.key)
            failures.append(None)
        except ValidationException as error:
            failures.append(error)
    if any(failures):
        raise cancelled(failures)
    items = [
        ReadItem(
            table=table, key=item_key(table, get.key), projection=get.projection, named=get.key
        )
        for table, get in zip(tables, plan.gets, strict=True)
    ]
    return await read_items(snapshot, scope, items, plan.capacity)


async def read_items(
    snapshot: Snapshot, scope: Scope, items: list[ReadItem], capacity: str | None
) -> Answer:
    """The answer of a transaction that reads; raises if one item is named twice, or is throttled,
    or if all are too large together."""
    keys = [item.key for item in items]
    if len(set(keys)) != len(keys):
        raise ValidationException(
            "Transaction request cannot include multiple operations on one item"
        )
    _admit(scope.services, items)
    stored = await snapshot.get_many(keys)
    if sum(stored_bytes(value) for value in stored if value) > TRANSACTION_BYTES_MAX:
        raise ValidationException(
            "Collection size of items exceeded, which can also be caused by the aggregate size of "
            "the items in the transaction exceeding the 4MB limit"
        )
    responses = []
    used: dict[str, Consumed] = {}
    for item, value in zip(items, stored, strict=True):
        units = 2 * read_units(stored_bytes(value) if value else 0, consistent=True)
        used.setdefault(item.table.name, Consumed(item.table)).table_units += units
        meter = item.meter(scope.services)
        if meter is not None:
            meter.charge(item.use, units)
        row = rendered(value, item.projection) if value is not None else None
        responses.append({"Item": row} if row else {})
    answer: dict[str, Any] = {"Responses": responses}
    if capacity is not None:
        answer["ConsumedCapacity"] = [
            consumed_member(capacity, consumed, "ReadCapacityUnits") for consumed in used.values()
        ]
    return answer


def _admit(services: Services, items: list[ReadItem]) -> None:
    """Cancel the transaction if one of its tables has no capacity left."""
    failures: list[DynamoDBError | None] = []
    for item in items:
        meter = item.meter(services)
        try:
            if meter is not None:
                meter.admit(item.use)
            failures.append(None)
        except THROTTLED as error:
            if not may_cancel(error):
                raise
            failures.append(error)
    if any(failures):
        raise cancelled(failures)


OPERATION = Operation(name="TransactGetItems", writes=False, prepare=prepare, execute=execute)
