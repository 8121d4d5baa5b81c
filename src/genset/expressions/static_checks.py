"""The rules an expression must follow before any item is read, with the service's messages.

Two passes, in the service's order. `check_form` needs the tree alone: reserved words, list
indexes, depth, function names and where they stand, sections. `compile_checks` needs the
placeholders: it gives the checks that are left for a request's values, in the order in which
the service finds faults. An undefined name or an operand that can never be right is found when
the checks are compiled, and takes its place among them.

Sources: developer guide, "Condition and filter expressions, operators, and functions"; messages
and their order as observed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from enum import Enum
from typing import Final, TypeAlias

from genset.expressions.errors import ExpressionKind, expression_error
from genset.expressions.paths import Names, check_overlaps, resolve, steps_text
from genset.expressions.reserved_words import is_reserved
from genset.expressions.tree import (
    Action,
    AddAction,
    And,
    Arithmetic,
    Between,
    Comparison,
    DeleteAction,
    Function,
    In,
    Node,
    Not,
    Operand,
    Or,
    Path,
    Projection,
    Truth,
    Update,
    Value,
    children,
    walk,
)
from genset.model.attribute_values import AttributeValue, binary_bytes, compare_values, type_of
from genset.model.errors import ValidationException

Values: TypeAlias = Mapping[str, AttributeValue]
Check: TypeAlias = Callable[[Values], None]

# Developer guide, "Quotas": the nesting depth of attributes, which is that of paths too.
PATH_STEPS_MAX: Final = 32
LIST_INDEX_MAX: Final = 2**31 - 1
# Developer guide, "Quotas": the maximum number of operands for the IN operator.
IN_OPERANDS_MAX: Final = 100

_CONDITION_FUNCTIONS: Final = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
}
_OPERAND_FUNCTIONS: Final = {"size": 1}
_UPDATE_FUNCTIONS: Final = {"if_not_exists": 2, "list_append": 2}
# attribute_type takes a value as well, whatever the developer guide says.
_PATH_FUNCTIONS: Final = frozenset(("attribute_exists", "attribute_not_exists", "if_not_exists"))
_ARGUMENTS: Final = _CONDITION_FUNCTIONS | _OPERAND_FUNCTIONS | _UPDATE_FUNCTIONS

_TYPES: Final = frozenset(("S", "N", "B", "SS", "NS", "BS", "M", "L", "BOOL", "NULL"))
_ORDERED_TYPES: Final = frozenset(("S", "N", "B"))
_SIZED_TYPES: Final = _TYPES - {"N", "BOOL", "NULL"}
_SET_TYPES: Final = frozenset(("SS", "NS", "BS"))
# The order in which each layer prints the types, and the types of an operand of unknown type: the
# current one lists types that only the inside of the service knows. Observed on the service, 2026.
_VALID_TYPES: Final = "{S,SS,N,NS,B,BS,BOOL,NULL,L,M}"
_VALID_TYPES_OLDER: Final = "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}"
_VALID_TYPES_STATEMENT: Final = "{N,BS,L,B,NULL,M,S,SS,NS,BOOL}"
_ANY_TYPE: Final = (
    "{S,SS,N,NS,B,BS,BOOL,NULL,L,M,HD,DOUBLE,FLOAT,HDS,FS,DOUBLESET,DICT,DECIMAL,INT,"
    "DECIMALSET,INTSET}"
)
_ANY_TYPE_OLDER: Final = "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"
_LONG_TYPE_NAMES: Final = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "BOOL": "BOOLEAN",
    "NULL": "NULL",
    "L": "LIST",
    "M": "MAP",
    "SS": "SS",
    "NS": "NS",
    "BS": "BS",
}


def names_used(tree: Node) -> frozenset[str]:
    """The name placeholders in `tree`, with their `#`."""
    return frozenset(
        step
        for node in walk(tree)
        if isinstance(node, Path)
        for step in node.steps
        if isinstance(step, str) and step[0] == "#"
    )


def values_used(tree: Node) -> frozenset[str]:
    """The value placeholders in `tree`, with their `:`."""
    return frozenset(node.name for node in walk(tree) if isinstance(node, Value))


# First pass: the tree alone


def check_form(tree: Node, kind: ExpressionKind) -> None:
    """Refuse what no placeholders can make right. Raises ValidationException."""
    if isinstance(tree, Update):
        _check_sections(tree, kind)
    elif isinstance(tree, Projection):
        for path in tree.paths:
            _check_path(path, kind)
    else:
        _check_nodes(tree, kind)


def _check_sections(tree: Update, kind: ExpressionKind) -> None:
    # The service reads an update keyword by keyword, in the order they first appear.
    for keyword in dict.fromkeys(section.keyword for section in tree.sections):
        sections = [section for section in tree.sections if section.keyword == keyword]
        for section in sections:
            for action in section.actions:
                for node in children(action):
                    _check_nodes(node, kind)
        if len(sections) > 1:
            raise expression_error(
                kind,
                f'The "{keyword}" section can only be used once in an update expression;',
            )


class _Place(Enum):
    """Where a node stands, which decides what functions it may be."""

    CONDITION = "a condition, or part of one"
    OPERAND = "an operand of an operator, or a value to set"
    ARGUMENT = "an argument of a function"


def _check_nodes(tree: Node, kind: ExpressionKind) -> None:
    """Check the names and functions of a condition or an operand, in the order written."""
    outermost = _Place.OPERAND if kind is ExpressionKind.UPDATE else _Place.CONDITION
    stack: list[tuple[Node, _Place]] = [(tree, outermost)]
    while stack:
        node, place = stack.pop()
        below = _Place.OPERAND
        if isinstance(node, Path):
            _check_path(node, kind)
        elif isinstance(node, Function):
            _check_function(node, place, kind)
            below = _Place.ARGUMENT
        elif isinstance(node, And | Or | Not):
            below = _Place.CONDITION
        stack.extend((child, below) for child in reversed(children(node)))


def _check_path(path: Path, kind: ExpressionKind) -> None:
    for step in path.steps:
        if isinstance(step, int):
            if step > LIST_INDEX_MAX:
                raise expression_error(
                    kind, f"List index is not within the allowable range; index: [{step}]"
                )
        elif is_reserved(step):
            raise expression_error(
                kind, f"Attribute name is a reserved keyword; reserved keyword: {step}"
            )
    check_path_depth(path, kind)


def check_path_depth(path: Path, kind: ExpressionKind) -> None:
    """Refuse a path into more levels than an item has. Raises ValidationException."""
    if len(path.steps) > PATH_STEPS_MAX:
        raise expression_error(
            kind,
            f"The document path has too many nesting levels; nesting levels: {len(path.steps)}",
        )


def _check_function(function: Function, place: _Place, kind: ExpressionKind) -> None:
    name = function.name
    if name not in _ARGUMENTS:
        raise expression_error(kind, f"Invalid function name; function: {name}")
    in_update = kind is ExpressionKind.UPDATE
    if in_update is not (name in _UPDATE_FUNCTIONS):
        where = "an update" if in_update else "a condition"
        raise expression_error(
            kind, f"The function is not allowed in {where} expression; function: {name}"
        )
    if not _may_stand(name, place):
        raise expression_error(
            kind,
            f"The function is not allowed to be used this way in an expression; function: {name}",
        )
    # An update's arguments are counted with its placeholders, in the second pass.
    if not in_update and len(function.arguments) != _ARGUMENTS[name]:
        raise expression_error(kind, _wrong_count(function))


def _may_stand(name: str, place: _Place) -> bool:
    if name in _CONDITION_FUNCTIONS:
        return place is _Place.CONDITION
    # The service allows if_not_exists within list_append, but no list_append within a function.
    return place is not _Place.CONDITION and (name != "list_append" or place is _Place.OPERAND)


def _wrong_count(function: Function) -> str:
    return (
        "Incorrect number of operands for operator or function; operator or function: "
        f"{function.name}, number of operands: {len(function.arguments)}"
    )


# Second pass: with the placeholders


def compile_checks(
    tree: Node, kind: ExpressionKind, names: Names
) -> tuple[tuple[Check, ...], bool]:
    """The checks to make of a request's values, in order, and whether they can succeed.

    A check raises ValidationException. False says that the expression is wrong whatever the
    values are: the last check always fails, and the tree must not be evaluated.
    """
    compiler = _Compiler(kind, names)
    try:
        compiler.visit(tree)
    except ValidationException as fault:
        compiler.checks.append(_always_fails(fault))
        return tuple(compiler.checks), False
    return tuple(compiler.checks), True


def _always_fails(fault: ValidationException) -> Check:
    # The plan is kept, so the frames must go, and each request gets an exception of its own.
    kept = fault.with_traceback(None)

    def fail(_: Values) -> None:
        raise copy(kept)

    return fail


class _Compiler:
    def __init__(self, kind: ExpressionKind, names: Names) -> None:
        self.checks: list[Check] = []
        self._kind = kind
        self._names = names
        self._defined: set[str] = set()

    def visit(self, tree: Node) -> None:
        if isinstance(tree, Update):
            self._visit_update(tree.actions)
            return
        for node in walk(tree):
            self._visit_node(node)
        if isinstance(tree, Projection):
            check_overlaps([resolve(path, self._names) for path in tree.paths], self._kind)

    def _visit_update(self, actions: Sequence[Action]) -> None:
        targets = [action.path for action in actions]
        self._check_names(targets)
        check_overlaps([resolve(path, self._names) for path in targets], self._kind)
        # From here on the service goes through the actions from the last to the first.
        backwards = actions[::-1]
        self._check_names(
            node for action in backwards for node in walk(action) if isinstance(node, Path)
        )
        for action in backwards:
            for node in walk(action):
                self._visit_node(node)

    def _check_names(self, paths: Iterable[Path]) -> None:
        for path in paths:
            for step in path.steps:
                if isinstance(step, str) and step[0] == "#" and step not in self._names:
                    raise self._fault(
                        "An expression attribute name used in the document path is not defined; "
                        f"attribute name: {step}"
                    )

    def _fault(self, reason: str) -> ValidationException:
        return expression_error(self._kind, reason)

    def _visit_node(self, node: Node) -> None:
        match node:
            case Path():
                self._check_names([node])
            case Value():
                self._check_defined(node)
            case Comparison():
                self._check_distinct(node.operator, node.left, [node.right])
                if node.operator not in ("=", "<>"):
                    self._check_types(node.operator, (node.left, node.right), _ORDERED_TYPES)
            case Between():
                self._visit_between(node)
            case In():
                self._visit_in(node)
            case Function():
                self._visit_function(node)
            case Arithmetic():
                self._check_types(node.operator, (node.left, node.right), ("N",))
            case AddAction():
                self._check_action_type("ADD", node.value, _SET_TYPES | {"N"})
            case DeleteAction():
                self._check_action_type("DELETE", node.value, _SET_TYPES)
            case _:
                pass

    def _check_defined(self, value: Value) -> None:
        name, kind = value.name, self._kind
        # Statements count their parameters before, and have no other placeholders.
        if name in self._defined or kind is ExpressionKind.STATEMENT:
            return
        self._defined.add(name)

        def check(values: Values) -> None:
            if name not in values:
                raise expression_error(
                    kind,
                    "An expression attribute value used in expression is not defined; "
                    f"attribute value: {name}",
                )

        self.checks.append(check)

    def _check_distinct(self, operator: str, first: Operand, rest: Iterable[Operand]) -> None:
        if not isinstance(first, Path):
            return
        steps = resolve(first, self._names)
        for other in rest:
            if isinstance(other, Path) and resolve(other, self._names) == steps:
                raise self._fault(
                    "The first operand must be distinct from the remaining operands for this "
                    f"operator or function; operator: {operator}, "
                    f"first operand: {steps_text(steps)}"
                )

    def _check_types(
        self, operator: str, operands: Iterable[Operand | Arithmetic], allowed: Collection[str]
    ) -> None:
        for operand in operands:
            if isinstance(operand, Value):
                self._check_value_type(operator, operand.name, allowed)
            elif isinstance(operand, Function) and operand.name == "size" and "N" not in allowed:
                raise self._fault(_wrong_type(operator, "N"))
            elif isinstance(operand, Truth) and "BOOL" not in allowed:
                raise self._fault(_wrong_type(operator, "BOOL"))

    def _check_value_type(self, operator: str, name: str, allowed: Collection[str]) -> None:
        kind = self._kind

        def check(values: Values) -> None:
            found = type_of(values[name])
            if found not in allowed:
                raise expression_error(kind, _wrong_type(operator, found))

        self.checks.append(check)

    def _check_action_type(self, keyword: str, value: Value, allowed: Collection[str]) -> None:
        name, kind = value.name, self._kind

        def check(values: Values) -> None:
            found = type_of(values[name])
            if found not in allowed:
                reason = f"Incorrect operand type for operator or function; operator: {keyword}, "
                name_of_type = _LONG_TYPE_NAMES[found]
                # The current layer names the set of ADD for DELETE too, and says BOOL.
                current = "BOOL" if found == "BOOL" else name_of_type
                raise expression_error(
                    kind,
                    f"{reason}operand type: {current}, typeSet: ALLOWED_FOR_ADD_OPERAND",
                    older=f"{reason}operand type: {name_of_type}, "
                    f"typeSet: ALLOWED_FOR_{keyword}_OPERAND",
                )

        self.checks.append(check)

    def _visit_between(self, node: Between) -> None:
        self._check_distinct("BETWEEN", node.operand, (node.lower, node.upper))
        self._check_types("BETWEEN", (node.operand, node.lower, node.upper), _ORDERED_TYPES)
        if isinstance(node.lower, Value) and isinstance(node.upper, Value):
            self.checks.append(_bounds_check(node.lower.name, node.upper.name, self._kind))

    def _visit_in(self, node: In) -> None:
        count = len(node.candidates)
        if count > IN_OPERANDS_MAX:
            raise self._fault(
                f"The IN operator is provided with too many operands; number of operands: {count}"
            )
        self._check_distinct("IN", node.operand, node.candidates)

    def _visit_function(self, function: Function) -> None:
        name, arguments = function.name, function.arguments
        if len(arguments) != _ARGUMENTS[name]:
            raise self._fault(_wrong_count(function))
        if name in _PATH_FUNCTIONS and not isinstance(arguments[0], Path):
            raise self._fault(
                f"Operator or function requires a document path; operator or function: {name}"
            )
        if name not in ("size", "list_append"):
            self._check_distinct(name, arguments[0], arguments[1:])
        match name:
            case "size":
                self._check_types(name, arguments, _SIZED_TYPES)
            case "begins_with":
                self._check_types(name, arguments, ("S", "B"))
            case "list_append":
                self._check_types(name, arguments, ("L",))
            case "attribute_type":
                self._check_type_name(arguments[1])

    def _check_type_name(self, operand: Operand) -> None:
        if not isinstance(operand, Value):
            if isinstance(operand, Function):
                raise self._fault(_wrong_type("attribute_type", "N"))
            raise expression_error(
                self._kind,
                _wrong_type("attribute_type", _ANY_TYPE),
                older=_wrong_type("attribute_type", _ANY_TYPE_OLDER),
            )
        self._check_value_type("attribute_type", operand.name, ("S",))
        name, kind = operand.name, self._kind

        def check(values: Values) -> None:
            wanted = values[name]["S"]
            if wanted not in _TYPES:
                reason = f"Invalid attribute type name found; type: {wanted}, valid types: "
                older = _VALID_TYPES_OLDER
                if kind is ExpressionKind.STATEMENT:
                    older = _VALID_TYPES_STATEMENT
                raise expression_error(kind, reason + _VALID_TYPES, older=reason + older)

        self.checks.append(check)


def _wrong_type(operator: str, found: str) -> str:
    return (
        "Incorrect operand type for operator or function; operator or function: "
        f"{operator}, operand type: {found}"
    )


def _bounds_check(lower: str, upper: str, kind: ExpressionKind) -> Check:
    def check(values: Values) -> None:
        low, high = values[lower], values[upper]
        if type_of(low) != type_of(high):
            rule = "same data type for lower and upper bounds"
        elif compare_values(low, high) == 1:
            rule = "upper bound to be greater than or equal to lower bound"
        else:
            return
        raise expression_error(
            kind,
            _wrong_bounds(rule, low, high, _value_text),
            older=_wrong_bounds(rule, low, high, _older_value_text),
        )

    return check


def _wrong_bounds(
    rule: str, low: AttributeValue, high: AttributeValue, text: Callable[[AttributeValue], str]
) -> str:
    return (
        f"The BETWEEN operator requires {rule}; lower bound operand: AttributeValue: {text(low)}, "
        f"upper bound operand: AttributeValue: {text(high)}"
    )


def _value_text(value: AttributeValue) -> str:
    """A scalar value as the service prints it in errors: `{N:5}`."""
    tag = type_of(value)
    return f"{{{tag}:{value[tag]}}}"


def _older_value_text(value: AttributeValue) -> str:
    """As `_value_text`, in the older layer: it prints the buffer of a binary value."""
    if type_of(value) != "B":
        return _value_text(value)
    size = len(binary_bytes(value["B"]))
    return f"{{B:java.nio.HeapByteBuffer[pos=0 lim={size} cap={size}]}}"
