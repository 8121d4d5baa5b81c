"""PutItem: validated, planned and answered."""

from __future__ import annotations

from genset.model.attribute_values import decode_item
from genset.model.limits import ITEM_BYTES_MAX
from genset.operations.catalog import table_name
from genset.operations.item_writes import WritePlan, execute_write, write_plan
from genset.operations.operation import Operation, Request, Scope
from genset.operations.parameters import (
    check_mixing,
    check_returns_old,
    detects,
    write_condition,
)
from genset.operations.writes import PUT, Write, item_too_large

_EXPRESSIONS = ("ConditionExpression",)


@detects(older_first=check_returns_old)
def prepare(request: Request, scope: Scope) -> WritePlan:
    """Check a PutItem request as far as possible without data."""
    item, size = decode_item(request["Item"])
    check_mixing(request, ("Expected", "ConditionalOperator"), _EXPRESSIONS)
    condition = write_condition(request, expressions=_EXPRESSIONS, older=False)
    check_returns_old(request)
    if size > ITEM_BYTES_MAX:
        raise item_too_large()
    write = Write(
        kind=PUT,
        table_name=table_name(scope, request["TableName"]),
        item=item,
        item_bytes=size,
        condition=condition,
        item_on_failure=request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD",
        reads_before=request.get("ReturnValues") == "ALL_OLD",
        is_blind=not _asks_back(request),
    )
    return write_plan(request, scope, write)


def _asks_back(request: Request) -> bool:
    return any(
        request.get(name, "NONE") != "NONE"
        for name in ("ReturnValues", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics")
    )


OPERATION = Operation(name="PutItem", writes=True, prepare=prepare, execute=execute_write)
