"""What the expression parameters of a request mean, checked in the service's order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final, TypeVar

from genset.expressions.condition import ConditionPlan, parse_condition
from genset.expressions.legacy import parse_expected
from genset.expressions.placeholders import (
    check_expressions_present,
    check_names,
    check_not_mixed,
    check_unused,
    check_value_keys,
)
from genset.model.attribute_values import AttributeValue, Item, decode_value
from genset.model.errors import ValidationException
from genset.model.json_depth import is_too_deep_for_current_layer
from genset.operations.operation import Request, Scope

Plan = TypeVar("Plan")
Prepare = Callable[[Request, Scope], Plan]
Values = Mapping[str, AttributeValue]
NO_VALUES: Final[Values] = {}
_PREFIX: Final = "1 validation error detected: "


def detects(
    *, older_first: Callable[[Request], None] | None = None
) -> Callable[[Prepare[Plan]], Prepare[Plan]]:
    """Give a single-item write's detected validation errors their prefix (since July 2026).

    A request that is nested too deep for the current layer is answered by the older one, which
    has no prefix, and makes the check `older_first` before it looks at any value.
    """

    def decorate(prepare: Prepare[Plan]) -> Prepare[Plan]:
        @wraps(prepare)
        def prefixed(request: Request, scope: Scope) -> Plan:
            try:
                return prepare(request, scope)
            except ValidationException as error:
                if is_too_deep_for_current_layer(request):
                    if older_first is not None:
                        older_first(request)
                    error.take_older_words()
                elif error.detected:
                    error.message = _PREFIX + error.message
                raise

        return prefixed

    return decorate


def speaks_older(prepare: Prepare[Plan]) -> Prepare[Plan]:
    """Word the validation errors of an operation as the older layer does."""

    @wraps(prepare)
    def reworded(request: Request, scope: Scope) -> Plan:
        try:
            return prepare(request, scope)
        except ValidationException as error:
            error.take_older_words()
            raise

    return reworded


def check_returns_old(request: Request) -> None:
    """Refuse a ReturnValues that only UpdateItem can answer."""
    if request.get("ReturnValues", "NONE") not in ("NONE", "ALL_OLD"):
        raise ValidationException("ReturnValues can only be ALL_OLD or NONE", detected=True)


def decode_expression_values(request: Request, *, older: bool) -> Values:
    """ExpressionAttributeValues, checked in place.

    The `older` layer (see `speaks_older`) names the parameter and the placeholder in the error,
    and lets values nest one level deeper.
    """
    values = request.get("ExpressionAttributeValues")
    if values is None:
        return NO_VALUES
    check_value_keys(values)
    for name, value in values.items():
        try:
            decode_value(value, 0 if older else 1)
        except ValidationException as error:
            if older:
                error.take_older_words()
                error.message = (
                    "ExpressionAttributeValues contains invalid value: "
                    f"{error.message} for key {name}"
                )
            raise
    return values  # type: ignore[no-any-return]


def check_mixing(request: Request, legacy: tuple[str, ...], expressions: tuple[str, ...]) -> None:
    """Refuse legacy parameters beside expressions."""
    used = [name for name in legacy if name in request]
    if used:
        check_not_mixed(used, [name for name in expressions if name in request])


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition with its values; `plan` None is always true."""

    plan: ConditionPlan | None = None
    values: Values = field(default_factory=dict)

    def matches(self, item: Item) -> bool:
        """Whether the condition holds for the item ({} for none)."""
        return self.plan is None or self.plan.matches(item, self.values)


def write_condition(
    request: Request, *, expressions: tuple[str, ...] = (), older: bool
) -> Condition:
    """The condition of a write that has no other expression, legacy Expected included.

    `expressions` are the operation's, without which placeholders are an error. In a transaction
    (`older`) they are none, as observed in June 2026.
    """
    if not older:
        check_expressions_present(request, expressions)
    names = request.get("ExpressionAttributeNames")
    check_names(names)
    values = decode_expression_values(request, older=older)
    text = request.get("ConditionExpression")
    if text is None:
        return legacy_condition(request)
    plan = parse_condition(text, names)
    plan.check(values)
    check_unused(
        names, request.get("ExpressionAttributeValues"), [plan.names_used], [plan.values_used]
    )
    return Condition(plan=plan, values=values)


def legacy_condition(request: Request) -> Condition:
    """The condition of the legacy parameters Expected and ConditionalOperator."""
    if "Expected" not in request and "ConditionalOperator" not in request:
        return Condition()
    legacy = parse_expected(request.get("Expected"), request.get("ConditionalOperator"))
    if legacy is None:
        return Condition()
    return Condition(plan=legacy.plan, values=legacy.values)


def wants(request: Request, name: str) -> Any:
    """An optional enum parameter, with NONE as absent."""
    value = request.get(name)
    return None if value == "NONE" else value
