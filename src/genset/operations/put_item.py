"""PutItem: validated, planned and answered."""

from __future__ import annotations

from genset.model.attribute_values import decode_item
from genset.model.errors import ValidationException
from genset.model.limits import ITEM_BYTES_MAX
from genset.operations.catalog import table_name
from genset.operations.item_writes import WritePlan, execute_write, write_plan
from genset.operations.operation import Operation, Request, Scope
from genset.operations.parameters import check_mixing, detects, write_condition
from genset.operations.writes import PUT, Write

_EXPRESSIONS = ("ConditionExpression",)


@detects
def prepare(request: Request, scope: Scope) -> WritePlan:
    """Check a PutItem request as far as possible without data."""
    item, size = decode_item(request["Item"])
    check_mixing(request, ("Expected", "ConditionalOperator"), _EXPRESSIONS)
    condition = write_condition(request, expressions=_EXPRESSIONS, older=False)
    if request.get("ReturnValues", "NONE") not in ("NONE", "ALL_OLD"):
        raise ValidationException("ReturnValues can only be ALL_OLD or NONE", detected=True)
    if size > ITEM_BYTES_MAX:
        raise ValidationException("Item size has exceeded the maximum allowed size")
    write = Write(
        kind=PUT,
        table_name=table_name(scope, request["TableName"]),
        item=item,
        item_bytes=size,
        condition=condition,
        item_on_failure=request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD",
        reads_before=request.get("ReturnValues") == "ALL_OLD",
    )
    return write_plan(request, scope, write)


OPERATION = Operation(name="PutItem", writes=True, prepare=prepare, execute=execute_write)
