"""YAML texts as nodes, with CloudFormation's short forms of functions in their long form.

Scalars are read as CloudFormation and the Serverless Framework do, who use YAML 1.1's truth
values, but hold what looks like a date, an octal or a sexagesimal number for a text.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from typing import Any, Final

from genset.schemas.nodes import Node
from genset.schemas.problems import Place, SchemaError

_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
_TRUE: Final = frozenset({"true", "yes", "on"})
_PLAIN: Final = "tag:yaml.org,2002:"
_MERGE: Final = "<<"
# Aliases may make a small text a huge value.
_NODES_MAX: Final = 200_000


def parse_yaml(text: str, file: str) -> Node:
    """The value that `text`, one YAML document, is. Raises SchemaError where it is none."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        composed = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        message = f"is no YAML: {error.problem or error.context}"
        raise SchemaError.at(Place(file, line), message) from None
    except yaml.YAMLError as error:
        raise SchemaError.at(Place(file, 1), f"is no YAML: {error}") from None
    if composed is None:
        raise SchemaError.at(Place(file, 1), "is empty")
    return _Reader(file).value(composed)


class _Reader:
    """Makes nodes of those that PyYAML composes."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._open: set[int] = set()
        self._count = 0

    def value(self, composed: Any, place: Place | None = None) -> Node:
        """The node of a composed one, which is at `place` if a name before it is."""
        place = place or self._place(composed)
        self._count += 1
        if id(composed) in self._open or self._count > _NODES_MAX:
            raise SchemaError.at(place, "an alias repeats what it is a part of, or too much")
        self._open.add(id(composed))
        try:
            return self._called(composed, self._bare(composed, place), place)
        finally:
            self._open.discard(id(composed))

    def _bare(self, composed: Any, place: Place) -> Node:
        if composed.id == "mapping":
            return self._mapping(composed, place)
        if composed.id == "sequence":
            return Node([self.value(each) for each in composed.value], place)
        return Node(_scalar(composed), place)

    def _mapping(self, composed: Any, place: Place) -> Node:
        members: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in composed.value:
            key_place = self._place(key)
            name = str(key.value)
            if key.id != "scalar":
                raise SchemaError.at(key_place, "the name of a member must be a text")
            if name == _MERGE:
                merged = self._merged(self.value(value, key_place)) | merged
            elif name in members:
                raise SchemaError.at(key_place, f"{name} is there twice")
            else:
                members[name] = self.value(value, key_place)
        return Node(merged | members, place)

    def _merged(self, node: Node) -> dict[str, Node]:
        """What `<<` adds: the members of a mapping, or of several, of which the first wins."""
        parts = node.data if isinstance(node.data, list) else [node]
        found: dict[str, Node] = {}
        for part in parts:
            if not isinstance(part.data, dict):
                raise part.error("<< must have a mapping, or a list of them")
            found = part.data | found
        return found

    def _called(self, composed: Any, node: Node, place: Place) -> Node:
        """The node, or the long form of the function that its tag is."""
        tag = composed.tag
        if not tag.startswith("!") or tag == "!":
            return node
        name = tag[1:]
        if name in ("Ref", "Condition"):
            return Node({name: node}, place)
        if name == "GetAtt" and isinstance(node.data, str):
            resource, _, attribute = node.data.partition(".")
            node = Node([Node(resource, place), Node(attribute, place)], place)
        return Node({f"Fn::{name}": node}, place)

    def _place(self, composed: Any) -> Place:
        return Place(self._file, composed.start_mark.line + 1)


def _scalar(composed: Any) -> str | int | float | bool | None:
    found: str = composed.value
    kind = composed.tag.removeprefix(_PLAIN)
    if kind == "null":
        return None
    if kind == "bool":
        return found.lower() in _TRUE
    if kind == "int" and _INTEGER.fullmatch(found):
        return int(found)
    if kind == "float" and _FLOAT.fullmatch(found):
        return float(found)
    return found
