"""KeyConditionExpression: text to the part of an index that a Query reads.

A key condition is parsed as any condition is, with the same errors; then it must be a conjunction
of one simple condition per key attribute; then it must fit the key of the table or index.

Sources: developer guide, "Key condition expressions for the Query operation in DynamoDB" and
"Multi-attribute keys"; messages and their order as observed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NoReturn, TypeAlias

from genset.expressions.cache import cached_by_text
from genset.expressions.errors import ExpressionKind, expression_error
from genset.expressions.parser import parse_condition_tree
from genset.expressions.paths import Names, resolve
from genset.expressions.static_checks import (
    Values,
    check_form,
    compile_checks,
    names_used,
    values_used,
)
from genset.expressions.tree import (
    And,
    Between,
    Comparison,
    Condition,
    Function,
    In,
    Not,
    Operand,
    Or,
    Path,
    Value,
)
from genset.model.attribute_values import AttributeValue, type_of
from genset.model.errors import ValidationException

KeyAttributes: TypeAlias = Sequence[tuple[str, str]]
"""Names and types of the partition or the sort attributes of a key, in order."""

# One table and its indexes, a few times over: a plan serves any table its names fit.
_FITS_MAX: Final = 64

_INVALID_CONDITION: Final = "Invalid condition in KeyConditionExpression: "
# A comparison with the value on the left, turned round.
_TURNED: Final = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_RANGE_OPERATORS: Final = frozenset(("<", "<=", ">", ">=", "BETWEEN", "begins_with"))


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyTerm:
    """One condition on one attribute. `operands` are value placeholders.

    `operator` is =, <, <=, >, >=, BETWEEN or begins_with; a legacy condition may have another,
    which `bind_terms` refuses.
    """

    attribute: str
    operator: str
    operands: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SortRange:
    """A range of one sort attribute: <, <=, >, >=, BETWEEN (two operands) or begins_with."""

    operator: str
    operands: tuple[AttributeValue, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyCondition:
    """What a Query reads: one partition, and of it what the sort attributes allow.

    `sort_equals` fixes the leading sort attributes, `sort_range` bounds the one after them.
    """

    partition_values: tuple[AttributeValue, ...]
    sort_equals: tuple[AttributeValue, ...] = ()
    sort_range: SortRange | None = None


class KeyConditionPlan:
    """A parsed key condition. Holds no values, and is shared between requests.

    Call `check`, then `check_terms`, then `bind`: the service checks the values of all
    expressions and the unused placeholders between the first two, and looks up the table before
    the last.
    """

    def __init__(self, tree: Condition, names: Names) -> None:
        self.tree: Final = tree
        self.names_used: Final = names_used(tree)
        self.values_used: Final = values_used(tree)
        self._names = names
        self._checks, _ = compile_checks(tree, ExpressionKind.KEY_CONDITION, names)
        self._fits: dict[tuple[KeyAttributes, KeyAttributes], _Fit] = {}

    def check(self, values: Values) -> None:
        """Raise ValidationException for the first fault that any condition could have."""
        for check in self._checks:
            check(values)

    @cached_property
    def terms(self) -> tuple[KeyTerm, ...]:
        """Its conditions, in the order written. Raises as `check_terms` does."""
        return tuple(_terms(self.tree, self._names))

    def check_terms(self) -> None:
        """Raise ValidationException unless it is one simple condition for each attribute."""
        _ = self.terms

    def bind(
        self,
        values: Values,
        partition: KeyAttributes,
        sort: KeyAttributes,
    ) -> KeyCondition:
        """What to read of a table or index with these key attributes: (name, type) each.

        Raises ValidationException if the condition does not fit that key.
        """
        key = tuple(partition), tuple(sort)
        fit = self._fits.get(key)
        if fit is None:
            # It raises all errors in their order; what fits has them in its types only.
            bound = bind_terms(self.terms, values, partition, sort)
            if len(self._fits) < _FITS_MAX:
                self._fits[key] = _fit(self.terms, partition, sort)
            return bound
        for term, key_type in fit.typed:
            _check_term(term, key_type, values)
        return KeyCondition(
            partition_values=tuple([values[name] for name in fit.partition]),
            sort_equals=tuple([values[name] for name in fit.sort_equals]),
            sort_range=_sort_range(fit.sort_range, values),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fit:
    """How the terms of a plan meet the attributes of one key."""

    typed: tuple[tuple[KeyTerm, str], ...]
    partition: tuple[str, ...]
    sort_equals: tuple[str, ...]
    sort_range: KeyTerm | None


def _fit(terms: Sequence[KeyTerm], partition: KeyAttributes, sort: KeyAttributes) -> _Fit:
    """Of terms that fit, as `bind_terms` has shown."""
    by_attribute = {term.attribute: term for term in terms}
    sort_terms = [by_attribute[name] for name, _ in sort if name in by_attribute]
    equals = tuple(term.operands[0] for term in sort_terms if term.operator == "=")
    return _Fit(
        typed=tuple(
            (by_attribute[name], key_type)
            for name, key_type in (*partition, *sort)
            if name in by_attribute
        ),
        partition=tuple(by_attribute[name].operands[0] for name, _ in partition),
        sort_equals=equals,
        sort_range=sort_terms[-1] if len(equals) < len(sort_terms) else None,
    )


def _sort_range(term: KeyTerm | None, values: Values) -> SortRange | None:
    if term is None:
        return None
    return SortRange(
        operator=term.operator, operands=tuple([values[name] for name in term.operands])
    )


def parse_key_condition(text: str, names: Mapping[str, str] | None) -> KeyConditionPlan:
    """The plan of a KeyConditionExpression.

    Raises ValidationException for what is wrong with the text alone; the plan's methods do the
    rest.
    """
    return _parse(text, names)


def _build(text: str, names: Names) -> KeyConditionPlan:
    tree = parse_condition_tree(text, ExpressionKind.KEY_CONDITION)
    check_form(tree, ExpressionKind.KEY_CONDITION)
    return KeyConditionPlan(tree, names)


_parse: Final = cached_by_text(_build)


# The form of a key condition


def _terms(tree: Condition, names: Names) -> list[KeyTerm]:
    terms: dict[str, KeyTerm] = {}
    stack = [tree]
    while stack:
        condition = stack.pop()
        match condition:
            case And():
                stack.extend(reversed(condition.conditions))
                continue
            case Or():
                _bad_operator("OR")
            case Not():
                _bad_operator("NOT")
            case In():
                _bad_operator("IN")
            case Comparison(operator="<>"):
                _bad_operator("<>")
            case Function(name=name) if name != "begins_with":
                _bad_operator(name)
        term = _term(condition, names)
        if term.attribute in terms:
            raise _form_error("KeyConditionExpressions must only contain one condition per key")
        terms[term.attribute] = term
    return list(terms.values())


def _bad_operator(operator: str) -> NoReturn:
    raise _form_error(f"Invalid operator used in KeyConditionExpression: {operator}")


def _form_error(reason: str) -> ValidationException:
    # Before 2026 the service gave these reasons alone. Recorded with the prefix since: nested
    # attributes and two conditions on a key; that the others have it too is inferred.
    return expression_error(ExpressionKind.KEY_CONDITION, reason)


def _term(condition: Comparison | Between | Function, names: Names) -> KeyTerm:
    operands: Sequence[Operand]
    match condition:
        case Comparison():
            operator, operands = condition.operator, (condition.left, condition.right)
        case Between():
            operator = "BETWEEN"
            operands = (condition.operand, condition.lower, condition.upper)
        case Function():
            operator, operands = condition.name, condition.arguments
    if not isinstance(condition, Comparison) and not isinstance(operands[0], Path):
        if isinstance(operands[0], Function):
            _nested_operation()
        raise _form_error(
            f"{_INVALID_CONDITION}{operator} operator must have the key attribute as its first "
            "operand"
        )
    attribute, at = _attribute(operands, names)
    if at:
        operator = _TURNED[operator]
    return KeyTerm(
        attribute=attribute,
        operator=operator,
        operands=tuple(operand.name for operand in operands if isinstance(operand, Value)),
    )


def _nested_operation() -> NoReturn:
    raise _form_error("KeyConditionExpressions cannot contain nested operations")


def _attribute(operands: Sequence[Operand], names: Names) -> tuple[str, int]:
    """The one attribute among `operands`, and its place."""
    found: tuple[str, int] | None = None
    for at, operand in enumerate(operands):
        if isinstance(operand, Function):
            _nested_operation()
        if not isinstance(operand, Path):
            continue
        if found is not None:
            raise _form_error(f"{_INVALID_CONDITION}Multiple attribute names used in one condition")
        steps = resolve(operand, names)
        if len(steps) > 1:
            raise _form_error("KeyConditionExpressions cannot have conditions on nested attributes")
        found = str(steps[0]), at
    if found is None:
        raise _form_error(f"{_INVALID_CONDITION}No key attribute specified")
    return found


# The fit with a key


def bind_terms(
    terms: Sequence[KeyTerm],
    values: Values,
    partition: KeyAttributes,
    sort: KeyAttributes,
) -> KeyCondition:
    """Fit `terms`, one for each attribute at most, to a key. Raises as `bind` does."""
    by_attribute = {term.attribute: term for term in terms}
    attributes = len(partition) + len(sort)
    if len(terms) > attributes:
        raise ValidationException(
            f"The number of query conditions ({len(terms)}) exceeds the number of key attributes "
            f"defined in the schema ({attributes})"
        )
    if len(partition) > 1:
        _check_partition_equalities(by_attribute, partition)
    for name, key_type in partition:
        term = _required(by_attribute, name)
        _check_term(term, key_type, values)
        if term.operator != "=":
            raise ValidationException("Query key condition not supported")
    sort_terms = _sort_terms(by_attribute, values, len(terms) - len(partition), sort)
    equals = [term for term in sort_terms if term.operator == "="]
    last = sort_terms[-1] if len(equals) < len(sort_terms) else None
    return KeyCondition(
        partition_values=tuple(values[by_attribute[name].operands[0]] for name, _ in partition),
        sort_equals=tuple(values[term.operands[0]] for term in equals),
        sort_range=_sort_range(last, values),
    )


def _check_partition_equalities(
    by_attribute: Mapping[str, KeyTerm], partition: KeyAttributes
) -> None:
    """Require an equality on every attribute of a partition key that has several.

    That such a Query is refused with "HASH ... equality", and not with the texts of a plain
    key, is observed on the service; the words around it follow those for sort attributes.
    """
    missing = [
        name
        for name, _ in partition
        if name not in by_attribute or by_attribute[name].operator != "="
    ]
    if missing:
        raise ValidationException(
            f"HASH key attributes {', '.join(missing)} must have equality conditions specified "
            "in the query"
        )


def _sort_terms(
    by_attribute: Mapping[str, KeyTerm], values: Values, wanted: int, sort: KeyAttributes
) -> list[KeyTerm]:
    """The `wanted` terms of sort attributes: leading ones without a gap, a range only the last."""
    terms: list[KeyTerm] = []
    without_equality: list[str] = []
    for name, key_type in sort:
        term = by_attribute.get(name)
        if term is not None:
            if without_equality:
                raise ValidationException(
                    f"RANGE key attributes {', '.join(without_equality)} must have equality "
                    "conditions specified in the query because a condition is present on key "
                    f"attribute {name}"
                )
            _check_term(term, key_type, values)
            terms.append(term)
        if term is None or term.operator != "=":
            without_equality.append(name)
    if len(terms) < wanted:
        # There is a condition on an attribute that is no part of the key.
        _required(by_attribute, next(name for name, _ in sort if name not in by_attribute))
    return terms


def _required(by_attribute: Mapping[str, KeyTerm], name: str) -> KeyTerm:
    term = by_attribute.get(name)
    if term is None:
        raise ValidationException(f"Query condition missed key schema element: {name}")
    return term


def _check_term(term: KeyTerm, key_type: str, values: Values) -> None:
    if term.operator != "=" and term.operator not in _RANGE_OPERATORS:
        raise ValidationException("Attempted conditional constraint is not an indexable operation")
    for operand in term.operands:
        value = values[operand]
        if type_of(value) != key_type:
            raise ValidationException(
                "One or more parameter values were invalid: Condition parameter type does not "
                "match schema type"
            )
        if not value[key_type]:
            what = "string" if key_type == "S" else "binary"
            raise ValidationException(
                "One or more parameter values are not valid. The AttributeValue for a key "
                f"attribute cannot contain an empty {what} value. Key: {term.attribute}"
            )
