"""WHERE clauses and the operands of SET: from syntax to the trees of all expressions.

`IS MISSING`, `IS NULL` and `IS type` become the functions and comparisons they stand for.

Sources: developer guide, "PartiQL functions and operators"; texts as observed on the service,
October 2026, or, where nothing is published, in the words of its own local edition.
"""

from __future__ import annotations

from typing import Final

from genset.expressions.errors import ExpressionKind, expression_error
from genset.expressions.parser import OPERATORS_MAX
from genset.expressions.partiql.errors import misplaced
from genset.expressions.partiql.literals import is_literal, literal_value
from genset.expressions.partiql.syntax import Kind, Syntax, spread
from genset.expressions.partiql.tree import path_step
from genset.expressions.static_checks import LIST_INDEX_MAX, check_path_depth
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
    Truth,
    Value,
)
from genset.model.attribute_values import AttributeValue
from genset.model.errors import ValidationException

CONDITION_FUNCTIONS: Final = frozenset(
    ("attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains")
)
UPDATE_FUNCTIONS: Final = frozenset(("if_not_exists", "list_append"))
_COMPARATORS: Final = frozenset(("=", "<>", "<", "<=", ">", ">="))
_TYPES: Final = {
    "BOOLEAN": "BOOL",
    "BLOB": "B",
    "STRING": "S",
    "NUMERIC": "N",
    "STRUCT": "M",
    "TUPLE": "M",
    "LIST": "L",
}
_IN_NEEDS: Final = (
    "IN operator must have a left hand argument of type Variable Reference and right hand "
    "argument of type Seq with at least one member"
)
_STATEMENT: Final = ExpressionKind.STATEMENT


class Conditions:
    """Translates the expressions of one statement, and collects their literals."""

    def __init__(self) -> None:
        self.literals: dict[str, AttributeValue] = {}
        self._operators = 0

    def count_operator(self) -> None:
        """Count an operator; raises ValidationException at one too many."""
        self._operators += 1
        if self._operators > OPERATORS_MAX:
            raise expression_error(
                _STATEMENT,
                f"The expression contains too many operators; operator count: {self._operators}",
            )

    # Conditions

    def condition(self, syntax: Syntax) -> Condition:
        """A whole condition, or one side of AND, OR or NOT."""
        read = self._maybe_condition(syntax)
        if read is None:
            if syntax.kind is Kind.CALL and syntax.text != "size":
                raise _unknown_function(syntax)
            raise ValidationException(
                "WHERE clause must contain an expression that resolves to a boolean"
            )
        return read

    def _maybe_condition(self, syntax: Syntax) -> Condition | None:
        """The condition that `syntax` is; None if it is an operand."""
        match syntax.kind:
            case Kind.OPERATION:
                return self._operation(syntax)
            case Kind.BETWEEN:
                self.count_operator()
                operand, lower, upper = map(self.operand, syntax.parts)
                return Between(operand=operand, lower=lower, upper=upper)
            case Kind.IN:
                return self._in(syntax)
            case Kind.IS:
                return self._is(syntax)
            case Kind.CALL if syntax.text in CONDITION_FUNCTIONS:
                return Function(name=syntax.text, arguments=tuple(map(self.operand, syntax.parts)))
            case _:
                return None

    def _operation(self, syntax: Syntax) -> Condition | None:
        operator = syntax.text
        if operator in ("and", "or"):
            parts = spread(syntax)
            conditions: list[Condition] = []
            for part in parts:
                if conditions:
                    self.count_operator()
                conditions.append(self.condition(part))
            joined = tuple(conditions)
            return And(conditions=joined) if operator == "and" else Or(conditions=joined)
        self.count_operator()
        if operator == "not":
            return Not(condition=self.condition(syntax.parts[0]))
        if operator not in _COMPARATORS:
            raise ValidationException(
                f"Unsupported operator in Condition Expression. Operator: {operator}"
            )
        left, right = map(self.operand, syntax.parts)
        return Comparison(operator=operator, left=left, right=right)

    def _in(self, syntax: Syntax) -> Condition:
        self.count_operator()
        operand, candidates = syntax.parts
        if candidates.kind not in (Kind.LIST, Kind.BAG) or not candidates.parts:
            raise ValidationException(_IN_NEEDS)
        return In(
            operand=self.operand(operand),
            candidates=tuple(map(self.operand, candidates.parts)),
        )

    def _is(self, syntax: Syntax) -> Condition:
        self.count_operator()
        operand = self.operand(syntax.parts[0])
        match syntax.text:
            case "MISSING":
                return Function(name="attribute_not_exists", arguments=(operand,))
            case "NULL":
                return Comparison(operator="=", left=operand, right=self.value({"NULL": True}))
        tag = _TYPES.get(syntax.text)
        if tag is None:
            raise misplaced(
                f"Unsupported data type for IS operator: {syntax.text}. Supported data types are "
                "[MISSING, NULL, BOOLEAN, BLOB, STRING, NUMERIC, STRUCT, TUPLE, LIST]",
                syntax.token,
            )
        return Function(name="attribute_type", arguments=(operand, self.value({"S": tag})))

    # Operands

    def operand(self, syntax: Syntax) -> Operand:
        """An operand; a condition is one too, and then stands for a boolean."""
        match syntax.kind:
            case Kind.NAME | Kind.PATH:
                return path_of(syntax)
            case Kind.PARAMETER:
                return parameter(syntax)
            case Kind.MISSING:
                raise ValidationException("MISSING must be compared using IS operator")
            case Kind.STATEMENT:
                raise misplaced("Unsupported token in expression: SELECT", syntax.token)
            case Kind.CALL if syntax.text == "size":
                return Function(name="size", arguments=tuple(map(self.operand, syntax.parts)))
            case Kind.CALL if syntax.text not in CONDITION_FUNCTIONS:
                raise _unknown_function(syntax)
        if is_literal(syntax):
            return self.value(literal_value(syntax))
        condition = self._maybe_condition(syntax)
        assert condition is not None, "all other kinds are conditions"
        return Truth(condition=condition)

    def value(self, value: AttributeValue) -> Value:
        """A Value that stands for a literal."""
        name = f"${len(self.literals)}"
        self.literals[name] = value
        return Value(name=name)


def parameter(syntax: Syntax) -> Value:
    """The Value of a parameter."""
    return Value(name=f"?{syntax.token.number}")


def path_of(syntax: Syntax) -> Path:
    """A document path. Raises ValidationException for one with a part that is no name or index."""
    if syntax.kind is Kind.NAME:
        return Path(steps=(_name_step(syntax.text),))
    root, *rest = syntax.parts
    if root.kind is not Kind.NAME:
        raise misplaced("Unexpected path component", root.token)
    steps: list[str | int] = [_name_step(root.text)]
    for step in rest:
        match step.kind:
            case Kind.NAME | Kind.STRING:
                steps.append(_name_step(step.text))
            case Kind.NUMBER:
                steps.append(_index(step))
            case _:
                raise misplaced("Unexpected path component", step.token)
    path = Path(steps=tuple(steps))
    check_path_depth(path, _STATEMENT)
    return path


def _name_step(name: str) -> str:
    if not name:
        raise ValidationException("Path component cannot be an empty string")
    return path_step(name)


def _index(step: Syntax) -> int:
    digits = step.text.removeprefix("-")
    if not digits.isdigit():
        raise misplaced("Unexpected path component", step.token)
    index = int(digits[:20]) if len(digits) <= 20 else LIST_INDEX_MAX + 1
    if index == 0 or (not step.text.startswith("-") and index <= LIST_INDEX_MAX):
        return index
    raise misplaced(
        f"List index is not within the allowable range; index: [{step.text}]", step.token
    )


def _unknown_function(call: Syntax) -> ValidationException:
    if call.text in UPDATE_FUNCTIONS:
        return ValidationException(
            f"The function is not allowed in a condition expression; function: {call.text}"
        )
    return misplaced(f"Unrecognized function: {call.text}", call.token)
