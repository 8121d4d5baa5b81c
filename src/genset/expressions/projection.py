"""ProjectionExpression: text to a plan that picks parts of an item.

Sources: developer guide, "Using projection expressions in DynamoDB"; that list elements come back
packed in ascending order, and that paths under one element merge, as observed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from genset.expressions.cache import cached_by_text
from genset.expressions.errors import ExpressionKind
from genset.expressions.parser import parse_projection_tree
from genset.expressions.paths import Names, PathTree, Steps, join_paths, resolve
from genset.expressions.static_checks import check_form, compile_checks, names_used
from genset.expressions.tree import Projection
from genset.model.attribute_values import AttributeValue, Item

Projector: TypeAlias = Callable[[Item], Item]


class ProjectionPlan:
    """A parsed projection. `paths` are resolved; `names_used` are placeholders as written."""

    project: Projector
    """`project(item)`: a new item of the parts that are there, sharing them with the old one."""

    def __init__(self, paths: Sequence[Steps], used: frozenset[str], tree: Projection) -> None:
        self.tree: Final = tree
        self.paths: Final = tuple(paths)
        self.names_used: Final = used
        self.top_level_names: Final = frozenset(str(steps[0]) for steps in paths)
        self.project = compile_projection(paths)


def parse_projection(text: str, names: Mapping[str, str] | None) -> ProjectionPlan:
    """The plan of a ProjectionExpression.

    Raises ValidationException for whatever is wrong with it, undefined names and overlapping
    paths included: a projection has no values, so nothing is left to check later.
    """
    return _parse(text, names)


def _build(text: str, names: Names) -> ProjectionPlan:
    tree = parse_projection_tree(text)
    check_form(tree, ExpressionKind.PROJECTION)
    checks, _ = compile_checks(tree, ExpressionKind.PROJECTION, names)
    for check in checks:
        check({})
    return ProjectionPlan([resolve(path, names) for path in tree.paths], names_used(tree), tree)


_parse: Final = cached_by_text(_build)


def compile_projection(paths: Sequence[Steps]) -> Projector:
    """A function that picks `paths`, of which none may overlap another, from an item."""
    if all(len(steps) == 1 for steps in paths):
        wanted = [str(steps[0]) for steps in paths]
        return lambda item: {name: item[name] for name in wanted if name in item}
    tree = join_paths(paths)
    return lambda item: _pick_attributes(item, tree)


def _pick_attributes(attributes: Item, tree: PathTree) -> Item:
    picked: Item = {}
    for step, below in tree.children.items():
        value = attributes.get(step)  # type: ignore[arg-type] # an index is simply not there
        part = None if value is None else _pick(value, below)
        if part is not None:
            picked[str(step)] = part
    return picked


def _pick(value: AttributeValue, tree: PathTree) -> AttributeValue | None:
    if tree.ends:
        return value
    if "M" in value:
        attributes = _pick_attributes(value["M"], tree)
        return {"M": attributes} if attributes else None
    if "L" in value:
        elements = _pick_elements(value["L"], tree)
        return {"L": elements} if elements else None
    return None


def _pick_elements(elements: list[AttributeValue], tree: PathTree) -> list[AttributeValue]:
    picked = []
    for index in sorted(step for step in tree.children if isinstance(step, int)):
        if index >= len(elements):
            break
        part = _pick(elements[index], tree.children[index])
        if part is not None:
            picked.append(part)
    return picked
