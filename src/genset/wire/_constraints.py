"""The constraint failures of a request, in the service's words and order; the slow path.

A request that a predicate has refused, and whose JSON types are right, is walked member by
member in the order in which the service lists failures. Each failure is
`Value '<echo>' at '<path>' failed to satisfy constraint: <rule>`; paths are lower camel case,
with `.member` after a list's 1-based index or a map's key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from genset.model.table_names import (
    TABLE_NAME_LENGTH_MAX,
    TABLE_NAME_LENGTH_MIN,
    TABLE_NAME_PATTERN,
)
from genset.wire import _shape_rules as rules
from genset.wire import _table_names
from genset.wire._java_text import ECHO_CHARACTERS_MAX, java_text
from genset.wire._service_model import INT_MAX, LONG_MAX, Member, Shape, pattern

NOT_NULL = "Member must not be null"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where in the request a value is, as printed and as the API spells it."""

    path: str = ""
    api_path: str = ""
    value_shown: bool = True
    api_path_shown: bool = False

    def member(self, member: Member) -> Place:
        """The place of a structure's member."""
        return Place(
            path=_dotted(self.path, member.printed_name),
            api_path=_dotted(self.api_path, member.name),
            value_shown=member.value_shown,
            api_path_shown=member.api_path,
        )

    def element(self, key: str) -> Place:
        """The place of a list's element, by its 1-based index, or of a map's value, by its key."""
        return Place(path=f"{self.path}.{key}.member", api_path=f"{self.api_path}.{key}.member")

    def named_by_api(self) -> Place:
        """The same place, printed as the API spells it and without the value."""
        return replace(self, value_shown=False, api_path_shown=True)

    def failure(self, echo: str | None, rule: str) -> str:
        """The failure of `rule` here by a value that prints as `echo`; None is null."""
        path = self.api_path if self.api_path_shown else self.path
        if echo is None:
            shown = " null"
        else:
            shown = f" '{echo}'" if self.value_shown else ""
        return f"Value{shown} at '{path}' failed to satisfy constraint: {rule}"


def detected(failures: list[str]) -> str:
    """The message of a ValidationException that lists `failures`, of which there is one or more."""
    count = len(failures)
    errors = "error" if count == 1 else "errors"
    return f"{count} validation {errors} detected: {'; '.join(failures)}"


def structure_failures(
    shape: Shape, value: Mapping[str, Any], place: Place | None = None
) -> Iterator[str]:
    """Every failure in a structure, members in the order of the service."""
    place = place or Place()
    required = shape.requires(value)
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from failures(member.shape, value[name], place.member(member))
        elif name in required:
            yield place.member(member).failure(None, NOT_NULL)


def failures(shape: Shape, value: Any, place: Place) -> Iterator[str]:
    """Every failure of `value`, which has the JSON type of `shape`, and of what it holds."""
    if value is None:
        yield place.failure(None, NOT_NULL)
        return
    if shape.is_attribute_value:
        return
    if shape.kind == "structure":
        yield from structure_failures(shape, value, place)
        return
    for rule in broken_rules(shape, value):
        yield place.failure(java_text(shape, value), rule)
    if shape.kind == "map":
        yield from _map_failures(shape, value, place)
    elif shape.kind == "list":
        for index, element in enumerate(value, start=1):
            yield from failures(shape.element, element, place.element(str(index)))


def broken_rules(shape: Shape, value: Any) -> list[str]:
    """The constraints of `shape` itself that `value` breaks, in the order they are listed."""
    if shape.is_table_name:
        return _table_names.broken_rules(value, length_min=1)
    if shape.enum:
        rule = f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
        return [] if value in shape.enum else [rule]
    broken = []
    if shape.pattern is not None and pattern(shape.pattern).fullmatch(value) is None:
        broken.append(f"Member must satisfy regular expression pattern: {shape.pattern}")
    bounds = _broken_bounds(shape, value)
    return bounds + broken if shape.name in rules.LENGTH_FIRST else broken + bounds


def _broken_bounds(shape: Shape, value: Any) -> list[str]:
    if shape.kind in ("boolean", "double", "timestamp"):
        return []
    is_number = shape.kind in ("integer", "long")
    measure, noun = (value, "value") if is_number else (len(value), "length")
    assert not is_number or abs(value) <= (INT_MAX if shape.kind == "integer" else LONG_MAX) + 1
    broken = []
    if shape.minimum is not None and measure < shape.minimum:
        broken.append(f"Member must have {noun} greater than or equal to {shape.minimum}")
    if shape.maximum is not None and measure > shape.maximum:
        broken.append(f"Member must have {noun} less than or equal to {shape.maximum}")
    return broken


def _map_failures(shape: Shape, value: Mapping[str, Any], place: Place) -> Iterator[str]:
    """Failures of keys and scalar values are the map's own; structures in it have their own."""
    element = shape.element
    if element.is_attribute_value:
        return
    if shape.key.name == "TableArn":
        if any(_table_names.broken_rules(key, TABLE_NAME_LENGTH_MIN) for key in value):
            echo = _json_echo if shape.name in rules.ECHOED_AS_JSON else java_text
            yield place.failure(echo(shape, value), TABLE_KEYS_RULE)
    elif any(broken_rules(shape.key, key) for key in value):
        yield place.failure(java_text(shape, value), f"Map keys {_must_satisfy(shape.key)}")
    if element.kind == "structure":
        for key, member in value.items():
            yield from failures(element, member, place.element(key))
        return
    if any(member is not None and broken_rules(element, member) for member in value.values()):
        yield place.failure(java_text(shape, value), f"Map value {_must_satisfy(element)}")
    for key, member in value.items():
        if member is None:
            yield place.element(key).failure(None, NOT_NULL)
        elif element.kind == "list":
            for index, part in enumerate(member, start=1):
                yield from failures(element.element, part, place.element(key).element(str(index)))


def _must_satisfy(shape: Shape) -> str:
    """All constraints of a map's keys or values, whichever was broken."""
    constraints = []
    if shape.maximum is not None:
        constraints.append(f"Member must have length less than or equal to {shape.maximum}")
    if shape.minimum is not None:
        constraints.append(f"Member must have length greater than or equal to {shape.minimum}")
    if shape.pattern is not None:
        constraints.append(f"Member must satisfy regular expression pattern: {shape.pattern}")
    return f"must satisfy constraint: [{', '.join(constraints)}]"


# The bounds are those of a name, not of an ARN. Observed on BatchGetItem and BatchWriteItem in two
# Regions in October 2026.
TABLE_KEYS_RULE = (
    "Map keys must satisfy constraint: "
    f"[Member must have length less than or equal to {TABLE_NAME_LENGTH_MAX}, "
    f"Member must have length greater than or equal to {TABLE_NAME_LENGTH_MIN}, "
    f"Member must satisfy regular expression pattern: {TABLE_NAME_PATTERN}]"
)


def _json_echo(shape: Shape, value: Any) -> str:
    try:
        return orjson.dumps(value).decode()[:ECHO_CHARACTERS_MAX]
    except orjson.JSONEncodeError:  # nested deeper than orjson writes
        return java_text(shape, value)


def _dotted(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
