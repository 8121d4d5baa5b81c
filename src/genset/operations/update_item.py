"""UpdateItem: validated, planned and answered."""

from __future__ import annotations

from genset.expressions.condition import ConditionPlan, parse_condition
from genset.expressions.legacy import parse_attribute_updates
from genset.expressions.placeholders import (
    check_expressions_present,
    check_names,
    check_unused,
)
from genset.expressions.update import UpdatePlan, parse_update
from genset.model.keys import decode_key
from genset.model.limits import ITEM_BYTES_MAX
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
from genset.operations.writes import UPDATE, Write, update_too_large

_LEGACY = ("AttributeUpdates", "Expected", "ConditionalOperator")
_EXPRESSIONS = ("UpdateExpression", "ConditionExpression")


@detects()
def prepare(request: Request, scope: Scope) -> WritePlan:
    """Check an UpdateItem request as far as possible without data."""
    decode_key(request["Key"])
    write = update_write(request, scope, older=False)
    if write.update is not None and "UpdateExpression" in request:
        _check_charge(write.update, write.values)
    return write_plan(request, scope, write)


def _check_charge(update: UpdatePlan, values: Values) -> None:
    # The request alone decides, before the condition is looked at.
    if update.charge.bytes_of(values) > ITEM_BYTES_MAX:
        raise update_too_large()


def update_write(request: Request, scope: Scope, *, older: bool) -> Write:
    """The write of an UpdateItem request or of an Update in a transaction (`older`).

    The key is for the caller to decode, before or after.
    """
    check_mixing(request, _LEGACY, _EXPRESSIONS)
    check_expressions_present(request, _EXPRESSIONS)
    check_names(request.get("ExpressionAttributeNames"))
    values = decode_expression_values(request, older=older)
    update, update_values, condition = _expressions(request, values, condition_first=not older)
    return Write(
        kind=UPDATE,
        table_name=table_name(scope, request["TableName"]),
        item=request["Key"],
        condition=condition,
        update=update,
        values=update_values,
        item_on_failure=request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD",
    )


def _expressions(
    request: Request, values: Values, *, condition_first: bool
) -> tuple[UpdatePlan | None, Values, Condition]:
    """The plans of both expressions, of which UpdateItem checks the condition first.

    A transaction checks the update first: observed on the service, 2026.
    """
    names = request.get("ExpressionAttributeNames")
    update_text = request.get("UpdateExpression")
    condition_text = request.get("ConditionExpression")
    if update_text is None and condition_text is None:
        legacy = parse_attribute_updates(request.get("AttributeUpdates") or {})
        condition = legacy_condition(request)
        return (legacy.plan, legacy.values, condition) if legacy else (None, NO_VALUES, condition)
    update: UpdatePlan | None = None
    condition_plan: ConditionPlan | None = None
    if condition_text is not None and condition_first:
        condition_plan = parse_condition(condition_text, names)
    if update_text is not None:
        update = parse_update(update_text, names)
    if condition_text is not None and not condition_first:
        condition_plan = parse_condition(condition_text, names)
    ordered = (condition_plan, update) if condition_first else (update, condition_plan)
    plans = [plan for plan in ordered if plan is not None]
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
