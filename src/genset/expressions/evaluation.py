"""Conditions to closures: what makes a filter fast.

A compiled condition is a function of an item and the values; it trusts that the static checks
passed. Its depth of calls is the depth of the tree, which the operator limit bounds.

Sources: developer guide, "Condition and filter expressions, operators, and functions"; that a
missing operand makes everything false but `<>`, and how sets, maps and numbers compare, as
observed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias, assert_never

from genset.expressions.paths import Names, lookup, resolve
from genset.expressions.static_checks import Values
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
from genset.model.attribute_values import (
    AttributeValue,
    Item,
    binary_bytes,
    compare_values,
    type_of,
    values_equal,
)

Matcher: TypeAlias = Callable[[Item, Values], bool]
Reader: TypeAlias = Callable[[Item, Values], AttributeValue | None]

# What `order_of` must answer for each comparator; None, no order, is never among them.
_ACCEPTED: Final[dict[str, tuple[int, ...]]] = {
    "<": (-1,),
    "<=": (-1, 0),
    ">": (1,),
    ">=": (1, 0),
}


def compile_condition(tree: Condition, names: Names) -> Matcher:
    """A function that says whether an item matches `tree`. All names must be defined."""
    match tree:
        case And():
            return _all_of([compile_condition(below, names) for below in tree.conditions])
        case Or():
            return _any_of([compile_condition(below, names) for below in tree.conditions])
        case Not():
            return _negation(compile_condition(tree.condition, names))
        case Comparison():
            return _comparison(tree, names)
        case Between():
            return _between(tree, names)
        case In():
            return _in(tree, names)
        case Function():
            return _function(tree, names)
        case _:
            assert_never(tree)


def _all_of(matchers: Sequence[Matcher]) -> Matcher:
    if len(matchers) == 2:
        first, second = matchers
        return lambda item, values: first(item, values) and second(item, values)

    def matches(item: Item, values: Values) -> bool:
        for matcher in matchers:  # noqa: SIM110 - a generator would cost more than the loop
            if not matcher(item, values):
                return False
        return True

    return matches


def _any_of(matchers: Sequence[Matcher]) -> Matcher:
    if len(matchers) == 2:
        first, second = matchers
        return lambda item, values: first(item, values) or second(item, values)

    def matches(item: Item, values: Values) -> bool:
        for matcher in matchers:  # noqa: SIM110 - a generator would cost more than the loop
            if matcher(item, values):
                return True
        return False

    return matches


def _negation(matcher: Matcher) -> Matcher:
    return lambda item, values: not matcher(item, values)


# Operands


def _reader(operand: Operand, names: Names) -> Reader:
    match operand:
        case Value(name=name):
            return lambda _, values: values[name]
        case Path():
            read = lookup(resolve(operand, names))
            return lambda item, _: read(item)
        case Function(arguments=(argument,)):
            return _size(_reader(argument, names))
        case Truth(condition=condition):
            matches = compile_condition(condition, names)
            return lambda item, values: {"BOOL": matches(item, values)}
        case _:
            raise AssertionError("size, of one operand, is the only function that is an operand")


def _size(read: Reader) -> Reader:
    def size(item: Item, values: Values) -> AttributeValue | None:
        value = read(item, values)
        count = None if value is None else size_of(value)
        return None if count is None else {"N": str(count)}

    return size


def size_of(value: AttributeValue) -> int | None:
    """What `size()` gives: characters of a string, bytes of a binary, elements; else None.

    Characters are UTF-16 code units, as the service counts them.
    """
    match type_of(value):
        case "S":
            text = value["S"]
            return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
        case "B":
            return len(binary_bytes(value["B"]))
        case "N" | "BOOL" | "NULL":
            return None
        case tag:
            return len(value[tag])


# Comparisons


def order_of(a: AttributeValue, b: AttributeValue) -> int | None:
    """`compare_values`, with a short way for the most frequent numbers.

    Among canonical texts of digits only, the longer number is the larger.
    """
    left = a.get("N")
    if left is not None:
        right = b.get("N")
        if right is None:
            return None
        if left == right:
            return 0
        if left.isdigit() and right.isdigit():
            return -1 if (len(left), left) < (len(right), right) else 1
    return compare_values(a, b)


def _comparison(tree: Comparison, names: Names) -> Matcher:
    if tree.operator == "=":
        return _equality(tree, names)
    if tree.operator == "<>":
        return _negation(_equality(tree, names))
    accepted = _ACCEPTED[tree.operator]
    simple = _attribute_and_value(tree, names)
    if simple is not None:
        attribute, placeholder = simple

        def is_ordered_to_value(item: Item, values: Values) -> bool:
            found = item.get(attribute)
            return found is not None and order_of(found, values[placeholder]) in accepted

        return is_ordered_to_value
    read_left, read_right = _reader(tree.left, names), _reader(tree.right, names)

    def is_ordered(item: Item, values: Values) -> bool:
        left, right = read_left(item, values), read_right(item, values)
        return left is not None and right is not None and order_of(left, right) in accepted

    return is_ordered


def _attribute_and_value(tree: Comparison, names: Names) -> tuple[str, str] | None:
    """A top-level attribute's name and a placeholder, if `tree` compares these: most do."""
    match tree:
        case Comparison(left=Path(steps=(_,)) as path, right=Value(name=placeholder)):
            return str(resolve(path, names)[0]), placeholder
        case _:
            return None


def _equality(tree: Comparison, names: Names) -> Matcher:
    simple = _attribute_and_value(tree, names)
    if simple is not None:
        attribute, placeholder = simple

        def equals_value(item: Item, values: Values) -> bool:
            found, wanted = item.get(attribute), values[placeholder]
            return found == wanted or (found is not None and values_equal(found, wanted))

        return equals_value
    read_left, read_right = _reader(tree.left, names), _reader(tree.right, names)

    def equals(item: Item, values: Values) -> bool:
        left, right = read_left(item, values), read_right(item, values)
        return left is not None and right is not None and values_equal(left, right)

    return equals


def _between(tree: Between, names: Names) -> Matcher:
    read, read_lower, read_upper = (
        _reader(operand, names) for operand in (tree.operand, tree.lower, tree.upper)
    )

    def is_between(item: Item, values: Values) -> bool:
        value = read(item, values)
        lower, upper = read_lower(item, values), read_upper(item, values)
        if value is None or lower is None or upper is None:
            return False
        return order_of(value, lower) in (1, 0) and order_of(value, upper) in (-1, 0)

    return is_between


def _in(tree: In, names: Names) -> Matcher:
    read = _reader(tree.operand, names)
    candidates = [_reader(candidate, names) for candidate in tree.candidates]

    def is_in(item: Item, values: Values) -> bool:
        value = read(item, values)
        if value is None:
            return False
        for read_candidate in candidates:
            candidate = read_candidate(item, values)
            if candidate is not None and values_equal(value, candidate):
                return True
        return False

    return is_in


# Functions


def _function(tree: Function, names: Names) -> Matcher:
    read = _reader(tree.arguments[0], names)
    match tree.name:
        case "attribute_exists":
            return lambda item, values: read(item, values) is not None
        case "attribute_not_exists":
            return lambda item, values: read(item, values) is None
    test = _BINARY_FUNCTIONS[tree.name]
    read_second = _reader(tree.arguments[1], names)

    def matches(item: Item, values: Values) -> bool:
        first, second = read(item, values), read_second(item, values)
        return first is not None and second is not None and test(first, second)

    return matches


def _has_type(value: AttributeValue, type_name: AttributeValue) -> bool:
    return bool(type_of(value) == type_name["S"])


def _begins_with(value: AttributeValue, prefix: AttributeValue) -> bool:
    match type_of(prefix):
        case "S" if "S" in value:
            return bool(value["S"].startswith(prefix["S"]))
        case "B" if "B" in value:
            return binary_bytes(value["B"]).startswith(binary_bytes(prefix["B"]))
        case _:
            return False


def contains(value: AttributeValue, sought: AttributeValue) -> bool:
    """Whether a string or binary has a part, or a set or list a member, equal to `sought`."""
    match type_of(value), type_of(sought):
        case "S", "S":
            return sought["S"] in value["S"]
        case "B", "B":
            return binary_bytes(sought["B"]) in binary_bytes(value["B"])
        case ("SS", "S") | ("NS", "N") | ("BS", "B"):
            return sought[type_of(sought)] in value[type_of(value)]
        case "L", _:
            return any(values_equal(element, sought) for element in value["L"])
        case _:
            return False


_BINARY_FUNCTIONS: Final[dict[str, Callable[[AttributeValue, AttributeValue], bool]]] = {
    "attribute_type": _has_type,
    "begins_with": _begins_with,
    "contains": contains,
}
