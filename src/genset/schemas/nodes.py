"""Values that know where they are written: what all kinds of files are read into.

`Node` is one value with its place. The functions here read a node as what it has to be, and raise
SchemaError with its place where it is something else. Templates write numbers and truth values as
texts and the other way round, and so these take one for the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from genset.schemas.problems import Place, SchemaError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that only the deployment knows; `reason` says why, and how it can be given."""

    reason: str


Data: TypeAlias = "str | int | float | bool | Unknown | dict[str, Node] | list[Node] | None"


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its place; that of a mapping's value is the line of its name."""

    data: Data
    place: Place

    def get(self, name: str) -> Node | None:
        """The value of that name in a mapping; None if it is null or not there."""
        found = self.data.get(name) if isinstance(self.data, dict) else None
        return None if found is None or found.data is None else found

    def error(self, message: str) -> SchemaError:
        """An error at this place."""
        return SchemaError.at(self.place, message)

    def with_data(self, data: Data) -> Node:
        """Another value at this place."""
        return Node(data, self.place)


def node_of(value: Any, place: Place) -> Node:
    """The node of a plain value, all at one place."""
    match value:
        case dict():
            return Node({str(name): node_of(each, place) for name, each in value.items()}, place)
        case list() | tuple():
            return Node([node_of(each, place) for each in value], place)
        case _:
            return Node(value, place)


def find_unknown(node: Node) -> Unknown | None:
    """The first value in `node` that is unknown."""
    match node.data:
        case Unknown() as unknown:
            return unknown
        case dict() as members:
            children: list[Node] = list(members.values())
        case list() as children:
            pass
        case _:
            return None
    return next(filter(None, map(find_unknown, children)), None)


def plain(node: Node) -> Any:
    """The value without places; raises SchemaError if a part of it is unknown."""
    match node.data:
        case Unknown(reason):
            raise node.error(reason)
        case dict() as members:
            return {name: plain(each) for name, each in members.items()}
        case list() as items:
            return [plain(each) for each in items]
        case data:
            return data


def text(node: Node, what: str) -> str:
    """The node as a text."""
    match node.data:
        case str() as found:
            return found
        case bool() as truth:
            return str(truth).lower()
        case int() | float() as number:
            return str(number)
    raise _not(node, what, "a text")


def integer(node: Node, what: str) -> int:
    """The node as an integer."""
    match node.data:
        case bool():
            pass
        case int() as number:
            return number
        case float() as number if number.is_integer():
            return int(number)
        case str() as digits:
            try:
                return int(digits)
            except ValueError:
                pass
    raise _not(node, what, "an integer")


def boolean(node: Node, what: str) -> bool:
    """The node as a truth value."""
    match node.data:
        case bool() as truth:
            return truth
        case str() as word if word.lower() in ("true", "false"):
            return word.lower() == "true"
    raise _not(node, what, "true or false")


def members(node: Node, what: str) -> dict[str, Node]:
    """The members of a mapping that are not null."""
    if isinstance(node.data, dict):
        return {name: each for name, each in node.data.items() if each.data is not None}
    raise _not(node, what, "a mapping")


def items(node: Node, what: str) -> list[Node]:
    """The elements of a list that are not null."""
    if isinstance(node.data, list):
        return [each for each in node.data if each.data is not None]
    raise _not(node, what, "a list")


def required(node: Node, name: str, what: str) -> Node:
    """The member `name` of a mapping, which has to be there."""
    found = members(node, what).get(name)
    if found is None:
        raise node.error(f"{what} has no {name}")
    return found


def one_of(node: Node, what: str, choices: Mapping[str, T]) -> T:
    """What `choices` has for the node's text."""
    found = text(node, what)
    if found not in choices:
        raise node.error(f"{what} must be one of {', '.join(choices)}, not {found}")
    return choices[found]


def walk(node: Node) -> Iterator[Node]:
    """The node and all in it."""
    yield node
    if isinstance(node.data, dict):
        for each in node.data.values():
            yield from walk(each)
    elif isinstance(node.data, list):
        for each in node.data:
            yield from walk(each)


def _not(node: Node, what: str, kind: str) -> SchemaError:
    match node.data:
        case Unknown(reason):
            return node.error(f"{what}: {reason}")
        case dict():
            found = "a mapping"
        case list():
            found = "a list"
        case None:
            found = "nothing"
        case data:
            found = str(data).lower() if isinstance(data, bool) else str(data)
    return node.error(f"{what} must be {kind}, not {found}")
