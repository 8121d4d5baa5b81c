"""UpdateItem: validated, planned and answered."""

from __future__ import annotations

from genset.expressions.condition import parse_condition
from genset.expressions.legacy import parse_attribute_updates
from genset.expressions.placeholders import (
    check_expressions_present,
    check_names,
    check_unused,
)
from genset.expressions.update import UpdatePlan, parse_update
from genset.model.keys import decode_key
from genset.operations.catalog import table_name
from genset.operations.item_writes import WritePlan, execute_write, write_plan
from genset.operations.operation import Operation, Request, Scope
from genset.operations.parameters import (
    NO_VALUES,
    Condition,
    Values,
    check_mixing,
    decode_expression_values,
    detects,
    legacy_condition,
)
from genset.operations.writes import UPDATE, Write

_LEGACY = ("AttributeUpdates", "Expected", "ConditionalOperator")
_EXPRESSIONS = ("UpdateExpression", "ConditionExpression")


@detects
def prepare(request: Request, scope: Scope) -> WritePlan:
    """Check an UpdateItem request as far as possible without data."""
    decode_key(request["Key"])
    write = update_write(request, scope, older=False)
    return write_plan(request, scope, write)


def update_write(request: Request, scope: Scope, *, older: bool) -> Write:
    """The write of an UpdateItem request or of an Update in a transaction (`older`).

    The key is for the caller to decode, before or after.
    """
    check_mixing(request, _LEGACY, _EXPRESSIONS)
    check_expressions_present(request, _EXPRESSIONS, says_what_is_null=older)
    check_names(request.get("ExpressionAttributeNames"))
    values = decode_expression_values(request, older=older)
    update, update_values, condition = _expressions(request, values)
    return Write(
        kind=UPDATE,
        table_name=table_name(scope, request["TableName"]),
        item=request["Key"],
        condition=condition,
        update=update,
        values=update_values,
        item_on_failure=request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD",
        flat_size=older,
    )


def _expressions(request: Request, values: Values) -> tuple[UpdatePlan | None, Values, Condition]:
    names = request.get("ExpressionAttributeNames")
    update_text = request.get("UpdateExpression")
    condition_text = request.get("ConditionExpression")
    if update_text is None and condition_text is None:
        legacy = parse_attribute_updates(request.get("AttributeUpdates") or {})
        condition = legacy_condition(request)
        return (legacy.plan, legacy.values, condition) if legacy else (None, NO_VALUES, condition)
    update = parse_update(update_text, names) if update_text is not None else None
    condition_plan = parse_condition(condition_text, names) if condition_text is not None else None
    plans = [plan for plan in (update, condition_plan) if plan is not None]
    for plan in plans:
        plan.check(values)
    check_unused(
        names,
        request.get("ExpressionAttributeValues"),
        [plan.names_used for plan in plans],
        [plan.values_used for plan in plans],
    )
    return update, values, Condition(plan=condition_plan, values=values)


OPERATION = Operation(name="UpdateItem", writes=True, prepare=prepare, execute=execute_write)
