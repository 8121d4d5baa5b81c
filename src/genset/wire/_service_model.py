"""The request side of the published service model, corrected by `_shape_rules`.

`service_model.json` is generated from botocore's models by `tools/generate_service_model.py`.
It is read at the first use, and a shape is built when an operation first needs it. This module
knows what shapes look like, not how a request is checked against them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import orjson

from genset.wire import _shape_rules as rules

INT_MAX: Final = 2**31 - 1
LONG_MAX: Final = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Member:
    """A member of a structure: its shape and how its failures are printed."""

    name: str
    shape: Shape
    value_shown: bool = True
    api_path: bool = False

    @property
    def printed_name(self) -> str:
        """The name as it appears in a failure's path: lower camel case."""
        return lower_first(self.name)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Shape:
    """A shape of the model: its kind, its bounds, and the shapes it is made of.

    `kind` is the model's type. `minimum` and `maximum` bound a number's value, and the length
    of anything else. Shapes refer to each other by name, through `member` and `element`, since
    an attribute value contains attribute values.
    """

    name: str
    kind: str
    minimum: int | None = None
    maximum: int | None = None
    pattern: str | None = None
    enum: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    required_unless: tuple[str, tuple[str, ...]] | None = None
    member_shapes: Mapping[str, str] = field(default_factory=dict)
    element_name: str | None = None
    key_name: str | None = None
    is_table_name: bool = False

    @property
    def is_attribute_value(self) -> bool:
        """Whether this is AttributeValue, whose inside `model` checks and not this package."""
        return self.name == "AttributeValue"

    @property
    def element(self) -> Shape:
        """The shape of a list's elements or a map's values."""
        assert self.element_name is not None
        return shape(self.element_name)

    @property
    def key(self) -> Shape:
        """The shape of a map's keys."""
        assert self.key_name is not None
        return shape(self.key_name)

    @property
    def members(self) -> Mapping[str, Member]:
        """The members of a structure, in the order in which their failures are listed."""
        return _members(self.name)

    def requires(self, value: Mapping[str, Any]) -> tuple[str, ...]:
        """The members that must be in `value`."""
        if self.required_unless is None or value.get(self.required_unless[0]) is not None:
            return self.required
        return self.required + self.required_unless[1]


def lower_first(name: str) -> str:
    """An API name as the service prints it: `TableName` is `tableName`, `SS` is `sS`."""
    return name[:1].lower() + name[1:]


@cache
def operations(target_prefix: str) -> Mapping[str, str]:
    """The operations of a service by the first part of `X-Amz-Target`, with their input shapes.

    Empty for a service that the model does not have.
    """
    return MappingProxyType(_document()["services"].get(target_prefix, {}))


@cache
def input_shape(operation: str) -> Shape:
    """The input shape of an operation of either service. Raises KeyError if there is none."""
    for names in _document()["services"].values():
        if operation in names:
            return shape(names[operation])
    raise KeyError(operation)


@cache
def requires_table_name(operation: str) -> bool:
    """Whether this is a control-plane operation on a table that it names."""
    return operation not in rules.ITEM_OPERATIONS and "TableName" in input_shape(operation).required


@cache
def shape(name: str) -> Shape:
    """The shape called `name`, with the rules of `_shape_rules` applied."""
    facts = {**_document()["shapes"][name], **rules.CORRECTIONS.get(name, {})}
    return Shape(
        name=name,
        kind=facts["type"],
        minimum=facts.get("min"),
        maximum=None if name in rules.LENGTH_MAX_IGNORED else facts.get("max"),
        pattern=facts.get("pattern"),
        enum=rules.ENUM_ORDER.get(name, tuple(facts.get("enum", ()))),
        required=_in_failure_order(name, facts.get("required", ())),
        required_unless=rules.REQUIRED_UNLESS.get(name),
        member_shapes=MappingProxyType(facts.get("members", {})),
        element_name=facts.get("member", facts.get("value")),
        key_name=facts.get("key"),
    )


@cache
def pattern(source: str) -> re.Pattern[str]:
    """The model's regular expression, which is Java's, for `fullmatch`."""
    # Python has no \p{Print}, and writes a supplementary range without surrogates.
    source = source.replace(r"\p{Print}", "[ -~]")
    source = source.replace(r"\uD800\uDC00-\uDBFF\uDFFF", "\U00010000-\U0010ffff")
    return re.compile(source, re.ASCII)


@cache
def _document() -> dict[str, Any]:
    path = Path(__file__).with_name("service_model.json")
    document: dict[str, Any] = orjson.loads(path.read_bytes())
    return document


def _in_failure_order(name: str, members: Any) -> tuple[str, ...]:
    first = [member for member in rules.FAILURE_ORDER.get(name, ()) if member in members]
    return (*first, *(member for member in members if member not in first))


@cache
def _members(structure: str) -> Mapping[str, Member]:
    names = shape(structure).member_shapes
    ordered = _in_failure_order(structure, names)
    return MappingProxyType({name: _member(structure, name, names[name]) for name in ordered})


def _member(structure: str, name: str, shape_name: str) -> Member:
    place = (structure, name)
    return Member(
        name=name,
        shape=_shape_at(place, shape(shape_name)),
        value_shown=place not in rules.VALUE_NOT_SHOWN and place not in rules.VALUE_OMITTED,
        api_path=place in rules.VALUE_NOT_SHOWN,
    )


def _shape_at(place: tuple[str, str], found: Shape) -> Shape:
    """`found` with the bounds it has as this member of this structure."""
    is_table_name = found.name == "TableArn" and place[1] == "TableName"
    ignores_minimum = place in rules.LENGTH_MIN_IGNORED
    if not (is_table_name or ignores_minimum or place in rules.LENGTH_MAX):
        return found
    return Shape(
        name=found.name,
        kind=found.kind,
        minimum=None if ignores_minimum else found.minimum,
        maximum=rules.LENGTH_MAX.get(place, found.maximum),
        pattern=found.pattern,
        element_name=found.element_name,
        key_name=found.key_name,
        is_table_name=is_table_name,
    )
