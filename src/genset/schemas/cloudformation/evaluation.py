"""CloudFormation's functions and conditions.

What only a deployment knows is `Unknown`, and so is all that is made of it; it is an error only
where a table cannot do without it.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from genset.schemas import nodes
from genset.schemas.nodes import Node, Unknown

_VARIABLE: Final = re.compile(r"\$\{(!?)\s*([^}]*?)\s*\}")
_DYNAMIC: Final = "{{resolve:"
_NESTING_MAX: Final = 60


class NoValue:
    """AWS::NoValue: whoever has it as a member or element has none."""


class Names(Protocol):
    """What names in a template stand for."""

    def reference(self, name: str, node: Node) -> Node | NoValue:
        """What `Ref` of a parameter or resource gives; raises SchemaError if there is none."""

    def attribute(self, resource: str, attribute: str, node: Node) -> Node:
        """What `Fn::GetAtt` gives; raises SchemaError if there is no such resource."""

    def exported(self, name: str, node: Node) -> Node:
        """What `Fn::ImportValue` gives."""


class Evaluator:
    """Answers the functions of one template."""

    def __init__(
        self, names: Names, mappings: Mapping[str, Node], conditions: Mapping[str, Node]
    ) -> None:
        self._names = names
        self._mappings = mappings
        self._conditions = conditions
        self._depth = 0
        self._functions: Mapping[str, Callable[[Node], Node | NoValue]] = {
            "Ref": self._ref,
            "Condition": self._named_condition,
            "Fn::If": self._if,
            "Fn::Equals": self._equals,
            "Fn::And": lambda given: self._logic(given, all),
            "Fn::Or": lambda given: self._logic(given, any),
            "Fn::Not": lambda given: self._logic(given, lambda truths: not any(truths)),
            "Fn::Sub": self._sub,
            "Fn::GetAtt": self._get_att,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
            "Fn::ImportValue": self._import_value,
            "Fn::Base64": self._base64,
            "Fn::Length": self._length,
            "Fn::ToJsonString": self._to_json_string,
        }

    def value(self, node: Node) -> Node:
        """The value of a node, null for AWS::NoValue."""
        found = self._value(node)
        return node.with_data(None) if isinstance(found, NoValue) else found

    def truth(self, name: str, node: Node) -> bool:
        """Whether the condition `name` holds; raises SchemaError if that cannot be known."""
        if name not in self._conditions:
            raise node.error(f"there is no condition {name}")
        return nodes.boolean(self.value(self._conditions[name]), f"the condition {name}")

    def _value(self, node: Node) -> Node | NoValue:
        self._depth += 1
        try:
            if self._depth > _NESTING_MAX:
                raise node.error("is defined by itself")
            return self._evaluated(node)
        finally:
            self._depth -= 1

    def _evaluated(self, node: Node) -> Node | NoValue:
        match node.data:
            case dict() as members:
                function = _function_name(members)
                if function is not None:
                    return self._call(function, members[function])
                found = {name: self._value(each) for name, each in members.items()}
                return node.with_data(
                    {name: each for name, each in found.items() if isinstance(each, Node)}
                )
            case list() as elements:
                values = [self._value(each) for each in elements]
                return node.with_data([each for each in values if isinstance(each, Node)])
            case str() as text if _DYNAMIC in text:
                return node.with_data(Unknown(f"{text} is looked up when it is deployed"))
            case _:
                return node

    def _call(self, function: str, given: Node) -> Node | NoValue:
        answer = self._functions.get(function)
        if answer is None:
            return given.with_data(Unknown(f"{function} is answered only by CloudFormation"))
        return answer(given)

    def _ref(self, given: Node) -> Node | NoValue:
        return self._names.reference(nodes.text(given, "Ref"), given)

    def _named_condition(self, given: Node) -> Node:
        return given.with_data(self.truth(nodes.text(given, "Condition"), given))

    def _if(self, given: Node) -> Node | NoValue:
        name, then, otherwise = self._arguments(given, "Fn::If", 3)
        return self._value(then if self.truth(nodes.text(name, "Fn::If"), name) else otherwise)

    def _equals(self, given: Node) -> Node:
        left, right = map(self.value, self._arguments(given, "Fn::Equals", 2))
        for side in (left, right):
            unknown = nodes.find_unknown(side)
            if unknown is not None:
                return side.with_data(unknown)
        return given.with_data(_comparable(left) == _comparable(right))

    def _logic(self, given: Node, combine: Callable[[list[bool]], bool]) -> Node:
        values = [self.value(each) for each in nodes.items(given, "the conditions")]
        return given.with_data(combine([nodes.boolean(each, "a condition") for each in values]))

    def _sub(self, given: Node) -> Node:
        template, variables = given, {}
        if isinstance(given.data, list):
            template, second = self._arguments(given, "Fn::Sub", 2)
            variables = {n: self.value(v) for n, v in nodes.members(second, "Fn::Sub").items()}
        pieces: list[Node] = []
        text, at = nodes.text(template, "Fn::Sub"), 0
        for found in _VARIABLE.finditer(text):
            literal, name = found.groups()
            pieces.append(template.with_data(text[at : found.start()]))
            if literal:
                pieces.append(template.with_data("${" + name + "}"))
            else:
                pieces.append(variables.get(name) or self._named(name, template))
            at = found.end()
        return _joined([*pieces, template.with_data(text[at:])], "", template)

    def _named(self, name: str, node: Node) -> Node:
        resource, dot, attribute = name.partition(".")
        if dot:
            return self._names.attribute(resource, attribute, node)
        found = self._names.reference(name, node)
        return node.with_data("") if isinstance(found, NoValue) else found

    def _get_att(self, given: Node) -> Node:
        if isinstance(given.data, str):
            resource, _, attribute = given.data.partition(".")
        else:
            first, second = self._arguments(given, "Fn::GetAtt", 2)
            resource = nodes.text(first, "Fn::GetAtt")
            attribute = nodes.text(self.value(second), "Fn::GetAtt")
        return self._names.attribute(resource, attribute, given)

    def _join(self, given: Node) -> Node:
        delimiter, listed = self._arguments(given, "Fn::Join", 2)
        values = self.value(listed)
        if isinstance(values.data, Unknown):
            return values
        return _joined(
            nodes.items(values, "Fn::Join"), nodes.text(delimiter, "the delimiter"), given
        )

    def _select(self, given: Node) -> Node:
        index, listed = map(self.value, self._arguments(given, "Fn::Select", 2))
        if isinstance(listed.data, Unknown):
            return listed
        number, values = nodes.integer(index, "Fn::Select"), nodes.items(listed, "Fn::Select")
        if not 0 <= number < len(values):
            raise given.error(f"Fn::Select: there is no element {number} of {len(values)}")
        return values[number]

    def _split(self, given: Node) -> Node:
        delimiter, source = map(self.value, self._arguments(given, "Fn::Split", 2))
        if isinstance(source.data, Unknown):
            return source
        between = nodes.text(delimiter, "the delimiter")
        if not between:
            raise given.error("Fn::Split: the delimiter is empty")
        parts = nodes.text(source, "Fn::Split").split(between)
        return given.with_data([given.with_data(part) for part in parts])

    def _find_in_map(self, given: Node) -> Node:
        arguments = nodes.items(given, "Fn::FindInMap")
        if len(arguments) not in (3, 4):
            raise given.error("Fn::FindInMap must have a map, a top-level key and a second one")
        keys = [self.value(each) for each in arguments[:3]]
        for each in keys:
            if isinstance(each.data, Unknown):
                return each
        name, *path = (nodes.text(each, "Fn::FindInMap") for each in keys)
        found = self._mappings.get(name)
        for key in path:
            found = None if found is None else found.get(key)
        if found is not None:
            return found
        if len(arguments) == 4:
            default = arguments[3].get("DefaultValue")
            if default is not None:
                return self.value(default)
        raise given.error(f"Fn::FindInMap: there is no {'.'.join((name, *path))}")

    def _import_value(self, given: Node) -> Node:
        name = self.value(given)
        if isinstance(name.data, Unknown):
            return name
        return self._names.exported(nodes.text(name, "Fn::ImportValue"), given)

    def _base64(self, given: Node) -> Node:
        value = self.value(given)
        if isinstance(value.data, Unknown):
            return value
        encoded = base64.b64encode(nodes.text(value, "Fn::Base64").encode())
        return given.with_data(encoded.decode())

    def _length(self, given: Node) -> Node:
        value = self.value(given)
        if isinstance(value.data, Unknown):
            return value
        return given.with_data(len(nodes.items(value, "Fn::Length")))

    def _to_json_string(self, given: Node) -> Node:
        value = self.value(given)
        unknown = nodes.find_unknown(value)
        if unknown is not None:
            return given.with_data(unknown)
        return given.with_data(json.dumps(nodes.plain(value), separators=(",", ":")))

    def _arguments(self, given: Node, function: str, count: int) -> list[Node]:
        # Null may be meant, as a value of Fn::If; nothing else may be left out.
        if not isinstance(given.data, list) or len(given.data) != count:
            raise given.error(f"{function} must have a list of {count}")
        return given.data


def _function_name(members: Mapping[str, Node]) -> str | None:
    if len(members) != 1:
        return None
    (name,) = members
    if name.startswith("Fn::") and not name.startswith("Fn::ForEach"):
        return name
    if name == "Ref" or (name == "Condition" and isinstance(members[name].data, str)):
        return name
    return None


def _joined(pieces: list[Node], delimiter: str, whole: Node) -> Node:
    for piece in pieces:
        if isinstance(piece.data, Unknown):
            return whole.with_data(piece.data)
    return whole.with_data(delimiter.join(nodes.text(each, "a part of it") for each in pieces))


def _comparable(node: Node) -> object:
    """The value as CloudFormation compares it: whatever is no list or mapping is a text."""
    if isinstance(node.data, dict | list):
        return nodes.plain(node)
    return "" if node.data is None else nodes.text(node, "Fn::Equals")
