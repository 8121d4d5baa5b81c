"""Closures that say whether a request is right, built from shapes; the fast path.

A predicate answers yes only if the value has exactly the JSON types, bounds and members that an
operation may rely on, with no null member and no number or boolean in another spelling. It
never says what is wrong and never raises: `_json_types` and `_constraints` do, on the slow path.
The two agree: what a predicate accepts has no failure, which a property test checks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias

from genset.model.table_names import TABLE_NAME_LENGTH_MIN
from genset.wire._service_model import INT_MAX, LONG_MAX, Shape, pattern
from genset.wire._table_names import names_a_table

Predicate: TypeAlias = Callable[[Any], bool]


@cache
def predicate(shape: Shape) -> Predicate:
    """The predicate of `shape`. Attribute values need only be objects: `model` looks inside."""
    if shape.is_attribute_value:
        return _is_object
    if shape.is_table_name:
        return names_a_table
    return _BUILDERS[shape.kind](shape)


def _structure(shape: Shape) -> Predicate:
    checks = {name: predicate(member.shape) for name, member in shape.members.items()}
    accepts = _structure_of(checks, shape.required)
    if shape.required_unless is None:
        return accepts
    substitute, members = shape.required_unless
    accepts_all = _structure_of(checks, shape.required + members)
    return lambda value: accepts_all(value) or (accepts(value) and substitute in value)


def _structure_of(checks: Mapping[str, Predicate], required: tuple[str, ...]) -> Predicate:
    get = checks.get

    def accepts(value: Any) -> bool:
        if type(value) is not dict:
            return False
        for name, member in value.items():
            check = get(name)
            if check is not None and not check(member):
                return False
        # A generator expression here would cost more than the rest of the function.
        for name in required:  # noqa: SIM110
            if name not in value:
                return False
        return True

    return accepts


def _list(shape: Shape) -> Predicate:
    check, fits = predicate(shape.element), _length_fits(shape)
    return lambda value: type(value) is list and fits(value) and all(map(check, value))


def _map(shape: Shape) -> Predicate:
    if shape.element.is_attribute_value:
        # Keys and items: `model` decodes every value, so looking at each here would be twice.
        return _is_object
    check, fits = predicate(shape.element), _length_fits(shape)
    if not _has_bounds(shape.key):
        return lambda value: type(value) is dict and fits(value) and all(map(check, value.values()))
    key_check = _is_table_key if shape.key.name == "TableArn" else _length_fits(shape.key)
    return lambda value: (
        type(value) is dict
        and fits(value)
        and all(map(key_check, value))
        and all(map(check, value.values()))
    )


def _string(shape: Shape) -> Predicate:
    if shape.enum:
        allowed = frozenset(shape.enum)
        return lambda value: type(value) is str and value in allowed
    fits = _length_fits(shape)
    if shape.pattern is not None:
        matches = pattern(shape.pattern).fullmatch
        return lambda value: type(value) is str and fits(value) and matches(value) is not None
    if _has_bounds(shape):
        return lambda value: type(value) is str and fits(value)
    return _is_string


def _whole_number(shape: Shape) -> Predicate:
    limit = INT_MAX if shape.kind == "integer" else LONG_MAX
    low = -limit - 1 if shape.minimum is None else shape.minimum
    high = limit if shape.maximum is None else shape.maximum
    return lambda value: type(value) is int and low <= value <= high


def _has_bounds(shape: Shape) -> bool:
    return shape.minimum is not None or shape.maximum is not None


def _length_fits(shape: Shape) -> Predicate:
    if not _has_bounds(shape):
        return _always
    low = shape.minimum or 0
    if shape.maximum is None:
        return lambda value: len(value) >= low
    high = shape.maximum
    return lambda value: low <= len(value) <= high


def _always(_value: Any) -> bool:
    return True


def _is_table_key(value: Any) -> bool:
    return len(value) >= TABLE_NAME_LENGTH_MIN and names_a_table(value)


def _is_object(value: Any) -> bool:
    return type(value) is dict


def _is_string(value: Any) -> bool:
    return type(value) is str


def _is_boolean(value: Any) -> bool:
    return value is True or value is False


def _is_number(value: Any) -> bool:
    return type(value) is int or type(value) is float


_BUILDERS: dict[str, Callable[[Shape], Predicate]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "blob": _string,
    "integer": _whole_number,
    "long": _whole_number,
    "boolean": lambda _shape: _is_boolean,
    "double": lambda _shape: _is_number,
    "timestamp": lambda _shape: _is_number,
}
