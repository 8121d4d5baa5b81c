"""The legacy parameters, translated to the trees that expressions are parsed to.

Expected, QueryFilter and ScanFilter become conditions, KeyConditions key terms, AttributeUpdates
an update, AttributesToGet a projection. They have error messages of their own, so all of theirs
are raised here. Values are decoded here as well, for the service looks at them in between.

Sources: developer guide, "Legacy conditional parameters"; messages and their order as observed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from genset.expressions.condition import ConditionPlan
from genset.expressions.errors import ExpressionKind
from genset.expressions.key_condition import (
    KeyCondition,
    KeyTerm,
    bind_terms,
)
from genset.expressions.projection import ProjectionPlan
from genset.expressions.tree import (
    Action,
    AddAction,
    And,
    Between,
    Comparison,
    Condition,
    DeleteAction,
    Function,
    In,
    Not,
    Or,
    Path,
    Projection,
    RemoveAction,
    Section,
    SetAction,
    Update,
    Value,
)
from genset.expressions.update import UpdatePlan
from genset.model.attribute_values import (
    AttributeValue,
    check_attribute_name,
    compare_values,
    decode_value,
    type_of,
)
from genset.model.errors import ValidationException

# The service takes AND, and prints ALL. Observed in October 2026.
BAD_CONDITIONAL_OPERATOR: Final = (
    "Failed to satisfy constraint: Member must satisfy enum value set: [ALL, OR]"
)
_INVALID: Final = "One or more parameter values were invalid: "
_WRONG_TYPE: Final = "Type mismatch for attribute to update"

_COMPARATORS: Final = {"EQ": "=", "NE": "<>", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">"}
_SCALARS: Final = frozenset(("S", "N", "B"))
# The types a comparison operator takes; all others take any.
_OPERAND_TYPES: Final = {
    "LE": _SCALARS,
    "LT": _SCALARS,
    "GE": _SCALARS,
    "GT": _SCALARS,
    "IN": _SCALARS,
    "BETWEEN": _SCALARS,
    "BEGINS_WITH": frozenset(("S", "B")),
    "CONTAINS": _SCALARS | {"BOOL", "NULL"},
    "NOT_CONTAINS": _SCALARS | {"BOOL", "NULL"},
}
_ACTIONS_BY_TYPE: Final = {
    "ADD": frozenset(("N", "SS", "NS", "BS", "L")),
    "DELETE": frozenset(("SS", "NS", "BS")),
}


def _refused(message: str) -> ValidationException:
    """One of the errors that single-item writes prefix, as observed in October 2026."""
    return ValidationException(message, detected=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class LegacyCondition:
    """A condition and the values it compares with: `plan.matches(item, values)`."""

    plan: ConditionPlan
    values: Mapping[str, AttributeValue]


@dataclass(frozen=True, kw_only=True, slots=True)
class LegacyUpdate:
    """An update and its values: `plan.apply(item, values)`."""

    plan: UpdatePlan
    values: Mapping[str, AttributeValue]


@dataclass(frozen=True, kw_only=True, slots=True)
class LegacyKeyCondition:
    """A key condition and its values."""

    terms: tuple[KeyTerm, ...]
    values: Mapping[str, AttributeValue]

    def bind(
        self, partition: Sequence[tuple[str, str]], sort: Sequence[tuple[str, str]]
    ) -> KeyCondition:
        """What to read; as `KeyConditionPlan.bind`, with the same errors."""
        return bind_terms(self.terms, self.values, partition, sort)


@dataclass(slots=True)
class _Placeholders:
    """Placeholders for the names and values of one parameter, as expressions have them."""

    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, AttributeValue] = field(default_factory=dict)

    def path(self, attribute: str) -> Path:
        check_attribute_name(attribute)
        placeholder = f"#{len(self.names)}"
        self.names[placeholder] = attribute
        return Path(steps=(placeholder,))

    def value(self, value: AttributeValue) -> Value:
        placeholder = f":{len(self.values)}"
        self.values[placeholder] = value
        return Value(name=placeholder)


# Conditions


def parse_expected(
    expected: Mapping[str, Any] | None, conditional_operator: str | None
) -> LegacyCondition | None:
    """The condition of `Expected`; None where there is none.

    Raises ValidationException for conditions that contradict themselves, wrong counts or types
    of values, and a ConditionalOperator out of place.
    """
    placeholders = _Placeholders()
    conditions: list[Condition] = []
    # The service looks at the operator before it looks at the values: October 2026.
    _check_operator(conditional_operator, len(expected or {}))
    for attribute, condition in (expected or {}).items():
        operator, values = _expected_condition(attribute, condition)
        conditions.append(_condition(placeholders, attribute, operator, values))
    return _joined(conditions, conditional_operator, placeholders, ExpressionKind.CONDITION)


def parse_filter(
    conditions: Mapping[str, Any] | None, conditional_operator: str | None
) -> LegacyCondition | None:
    """The condition of `QueryFilter` or `ScanFilter`; as `parse_expected`."""
    placeholders = _Placeholders()
    trees = [
        _condition(placeholders, attribute, *_comparison(condition))
        for attribute, condition in (conditions or {}).items()
    ]
    return _joined(trees, conditional_operator, placeholders, ExpressionKind.FILTER)


def _joined(
    conditions: Sequence[Condition],
    conditional_operator: str | None,
    placeholders: _Placeholders,
    kind: ExpressionKind,
) -> LegacyCondition | None:
    _check_operator(conditional_operator, len(conditions))
    if not conditions:
        return None
    tree = conditions[0]
    if len(conditions) > 1:
        join = Or if conditional_operator == "OR" else And
        tree = join(conditions=tuple(conditions))
    return LegacyCondition(
        plan=ConditionPlan(tree, kind, placeholders.names), values=placeholders.values
    )


def _check_operator(operator: str | None, conditions: int) -> None:
    if operator is None:
        return
    if not conditions:
        raise _refused("ConditionalOperator cannot be used without Filter or Expected")
    if conditions == 1:
        raise _refused(
            "ConditionalOperator can only be used when Filter or Expected has two or more elements"
        )
    if operator not in ("AND", "OR"):
        raise _refused(BAD_CONDITIONAL_OPERATOR)


def _expected_condition(
    attribute: str, condition: Mapping[str, Any]
) -> tuple[str, list[AttributeValue]]:
    """The comparison operator and values of one `Expected` entry, which has two spellings."""
    value, listed = condition.get("Value"), condition.get("AttributeValueList")
    exists, operator = condition.get("Exists"), condition.get("ComparisonOperator")
    if value is not None:
        decode_value(value)
    if listed is not None and value is not None:
        raise _expected_error("Value and AttributeValueList cannot be used together", attribute)
    if operator is not None:
        if exists is not None:
            raise _expected_error(
                "Exists and ComparisonOperator cannot be used together", attribute
            )
        if operator not in ("NULL", "NOT_NULL") and listed is None and value is None:
            raise _expected_error(
                f"Value or AttributeValueList must be used with ComparisonOperator: {operator}",
                attribute,
            )
        values = [value] if value is not None else listed
        return _comparison({"ComparisonOperator": operator, "AttributeValueList": values})
    if listed is not None:
        raise _expected_error(
            "AttributeValueList can only be used with a ComparisonOperator", attribute
        )
    if exists is False:
        if value is not None:
            raise _expected_error("Value cannot be used when Exists is false", attribute)
        return "NULL", []
    if value is None:
        given = "null" if exists is None else "true"
        raise _expected_error(f"Value must be provided when Exists is {given}", attribute)
    return "EQ", [value]


def _expected_error(reason: str, attribute: str) -> ValidationException:
    return _refused(f"{_INVALID}{reason} for Attribute: {attribute}")


def _comparison(condition: Mapping[str, Any]) -> tuple[str, list[AttributeValue]]:
    """The operator and the checked values of a condition."""
    operator = condition["ComparisonOperator"]
    values: list[AttributeValue] = list(condition.get("AttributeValueList") or ())
    for value in values:
        decode_value(value)
    if not _count_fits(operator, len(values)):
        raise _refused(
            f"{_INVALID}Invalid number of argument(s) for the {operator} ComparisonOperator"
        )
    if len({type_of(value) for value in values}) > 1:
        raise _refused(f"{_INVALID}AttributeValues inside AttributeValueList must be of same type")
    allowed = _OPERAND_TYPES.get(operator)
    for value in values:
        if allowed is not None and type_of(value) not in allowed:
            raise _refused(
                f"{_INVALID}ComparisonOperator {operator} is not valid for {type_of(value)} "
                "AttributeValue type"
            )
    if operator == "BETWEEN" and compare_values(*values) == 1:
        raise _refused(
            "The BETWEEN condition was provided a range where the lower bound is greater than the "
            "upper bound"
        )
    return operator, values


def _count_fits(operator: str, count: int) -> bool:
    match operator:
        case "NULL" | "NOT_NULL":
            return count == 0
        case "BETWEEN":
            return count == 2
        case "IN":
            return count > 0
        case _:
            return count == 1


def _condition(
    placeholders: _Placeholders, attribute: str, operator: str, values: Sequence[AttributeValue]
) -> Condition:
    path = placeholders.path(attribute)
    operands = [placeholders.value(value) for value in values]
    match operator:
        case "NULL":
            return Function(name="attribute_not_exists", arguments=(path,))
        case "NOT_NULL":
            return Function(name="attribute_exists", arguments=(path,))
        case "IN":
            return In(operand=path, candidates=tuple(operands))
        case "BETWEEN":
            return Between(operand=path, lower=operands[0], upper=operands[1])
        case "BEGINS_WITH":
            return Function(name="begins_with", arguments=(path, *operands))
        case "CONTAINS":
            return Function(name="contains", arguments=(path, *operands))
        case "NOT_CONTAINS":
            return _not_contains(path, operands[0])
        case _:
            return Comparison(operator=_COMPARATORS[operator], left=path, right=operands[0])


def _not_contains(path: Path, value: Value) -> Condition:
    # Unlike NE, NOT_CONTAINS is false where there is no such attribute.
    return And(
        conditions=(
            Function(name="attribute_exists", arguments=(path,)),
            Not(condition=Function(name="contains", arguments=(path, value))),
        )
    )


# Key conditions


def parse_key_conditions(conditions: Mapping[str, Any]) -> LegacyKeyCondition:
    """The terms of `KeyConditions`.

    Raises ValidationException for wrong counts or types of values, and wrong numbers of
    conditions; what does not fit the key is refused by `bind`.
    """
    placeholders = _Placeholders()
    terms = []
    for attribute, condition in conditions.items():
        check_attribute_name(attribute)
        operator, values = _comparison(condition)
        terms.append(
            KeyTerm(
                attribute=attribute,
                operator=_KEY_OPERATORS.get(operator, operator),
                operands=tuple(placeholders.value(value).name for value in values),
            )
        )
    if not terms:
        raise _refused("Conditions can be of length 1 or 2 only")
    return LegacyKeyCondition(terms=tuple(terms), values=placeholders.values)


_KEY_OPERATORS: Final = {
    **_COMPARATORS,
    "BETWEEN": "BETWEEN",
    "BEGINS_WITH": "begins_with",
}


# Updates


def parse_attribute_updates(updates: Mapping[str, Any]) -> LegacyUpdate | None:
    """The update of `AttributeUpdates`; None where it is empty, and nothing is to be changed.

    Raises ValidationException for an action without the value it needs, or with one it cannot
    take.
    """
    placeholders = _Placeholders()
    sections: dict[str, list[Action]] = {}
    for attribute, update in updates.items():
        keyword, action = _update_action(placeholders, attribute, update)
        sections.setdefault(keyword, []).append(action)
    if not sections:
        return None
    tree = Update(
        sections=tuple(
            Section(keyword=keyword, actions=tuple(actions))
            for keyword, actions in sections.items()
        )
    )
    plan = UpdatePlan(tree, placeholders.names, wrong_type=_WRONG_TYPE)
    return LegacyUpdate(plan=plan, values=placeholders.values)


def _update_action(
    placeholders: _Placeholders, attribute: str, update: Mapping[str, Any]
) -> tuple[str, Action]:
    action = update.get("Action") or "PUT"
    value = update.get("Value")
    if value is None:
        if action != "DELETE":
            raise _refused(
                f"{_INVALID}Only DELETE action is allowed when no attribute value is specified"
            )
        return "REMOVE", RemoveAction(path=placeholders.path(attribute))
    tag = type_of(decode_value(value))
    path, operand = placeholders.path(attribute), placeholders.value(value)
    if action == "PUT":
        return "SET", SetAction(path=path, value=operand)
    if tag not in _ACTIONS_BY_TYPE[action]:
        with_value = " with value" if action == "DELETE" else ""
        raise _refused(f"{_INVALID}{action} action{with_value} is not supported for the type {tag}")
    if action == "DELETE":
        return "DELETE", DeleteAction(path=path, value=operand)
    if tag == "L":
        return "SET", _append(placeholders, path, operand)
    return "ADD", AddAction(path=path, value=operand)


def _append(placeholders: _Placeholders, path: Path, operand: Value) -> SetAction:
    # ADD of a list, which an ADD section cannot do, appends it, or makes it the attribute.
    empty = placeholders.value({"L": []})
    current = Function(name="if_not_exists", arguments=(path, empty))
    return SetAction(path=path, value=Function(name="list_append", arguments=(current, operand)))


# Projections


def parse_attributes_to_get(attributes: Sequence[str]) -> ProjectionPlan:
    """The projection of `AttributesToGet`, of top-level attributes only.

    Raises ValidationException if one is named twice.
    """
    seen: set[str] = set()
    for attribute in attributes:
        if attribute in seen:
            raise _refused(f"{_INVALID}Duplicate value in attribute name: {attribute}")
        seen.add(attribute)
    placeholders = _Placeholders()
    paths = tuple(placeholders.path(attribute) for attribute in attributes)
    return ProjectionPlan(
        [(attribute,) for attribute in attributes], frozenset(), Projection(paths=paths)
    )
