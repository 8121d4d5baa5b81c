"""Fn::ForEach, of the transform AWS::LanguageExtensions: unrolled before anything is evaluated.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from genset.schemas import nodes
from genset.schemas.nodes import Data, Node

_PREFIX: Final = "Fn::ForEach"
_NOT_ALPHANUMERIC: Final = re.compile(r"[^A-Za-z0-9]")


def unroll(node: Node, evaluate: Callable[[Node], Node]) -> Node:
    """The node with every loop in it replaced by what it makes; `evaluate` gives collections.

    Raises SchemaError for a loop that is wrong, or over what is not known.
    """
    match node.data:
        case dict() as members:
            unrolled: dict[str, Node] = {}
            for name, each in members.items():
                if name.startswith(_PREFIX):
                    made = _loop(each, evaluate)
                else:
                    made = {name: unroll(each, evaluate)}
                _add(unrolled, made, each)
            return node.with_data(unrolled)
        case list() as elements:
            return node.with_data([unroll(each, evaluate) for each in elements])
        case _:
            return node


def _loop(given: Node, evaluate: Callable[[Node], Node]) -> dict[str, Node]:
    parts = nodes.items(given, _PREFIX)
    if len(parts) != 3:
        raise given.error(f"{_PREFIX} must have an identifier, a collection and what it makes")
    identifier = nodes.text(parts[0], "the identifier")
    collection = evaluate(parts[1])
    made: dict[str, Node] = {}
    for each in nodes.items(collection, "the collection"):
        value = nodes.text(each, "an element of the collection")
        replaced = _replaced(parts[2], identifier, value)
        _add(made, nodes.members(unroll(replaced, evaluate), "what the loop makes"), given)
    return made


def _add(members: dict[str, Node], more: dict[str, Node], node: Node) -> None:
    for name, each in more.items():
        if name in members:
            raise node.error(f"{_PREFIX} makes {name} twice")
        members[name] = each


def _replaced(node: Node, identifier: str, value: str) -> Node:
    """The node with the value in place of the identifier."""
    data: Data = node.data
    match data:
        case {"Ref": Node(data=name), **others} if name == identifier and not others:
            data = value
        case dict():
            data = {
                _text(name, identifier, value): _replaced(each, identifier, value)
                for name, each in data.items()
            }
        case list():
            data = [_replaced(each, identifier, value) for each in data]
        case str():
            data = _text(data, identifier, value)
    return node.with_data(data)


def _text(text: str, identifier: str, value: str) -> str:
    text = text.replace("${" + identifier + "}", value)
    return text.replace("&{" + identifier + "}", _NOT_ALPHANUMERIC.sub("", value))
