"""Document paths with their placeholders resolved: reading, grouping and comparing them.

Source: developer guide, "Referring to item attributes when using expressions in DynamoDB".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from genset.expressions.errors import ExpressionKind, expression_error
from genset.expressions.tree import Path
from genset.model.attribute_values import AttributeValue, Item

Steps: TypeAlias = tuple[str | int, ...]
Names: TypeAlias = Mapping[str, str]
Lookup: TypeAlias = Callable[[Item], AttributeValue | None]

NO_NAMES: Final[Names] = {}


def resolve(path: Path, names: Names) -> Steps:
    """The steps of `path` with every `#placeholder` replaced; KeyError if one is undefined."""
    return tuple(
        names[step] if isinstance(step, str) and step[0] == "#" else step for step in path.steps
    )


def steps_text(steps: Sequence[str | int]) -> str:
    """A path as the service prints it in errors: `[a, [0], b]`."""
    return "[" + ", ".join(f"[{s}]" if isinstance(s, int) else s for s in steps) + "]"


def lookup(steps: Steps) -> Lookup:
    """A function that reads the value at `steps` from an item, None where there is none."""
    head, *rest = steps
    assert isinstance(head, str), "a path begins with a name"
    if not rest:
        return lambda item: item.get(head)

    def read(item: Item) -> AttributeValue | None:
        value = item.get(head)
        for step in rest:
            if value is None:
                return None
            value = _step_into(value, step)
        return value

    return read


def _step_into(value: AttributeValue, step: str | int) -> AttributeValue | None:
    if isinstance(step, str):
        attributes = value.get("M")
        return None if attributes is None else attributes.get(step)
    elements = value.get("L")
    return None if elements is None or step >= len(elements) else elements[step]


@dataclass(slots=True)
class PathTree:
    """Several paths, joined where they begin alike.

    `ends` numbers the paths that end here, by their place in the expression; `first` is the
    first path that came through here. Where paths neither overlap nor conflict, a node either
    ends one path or has children, and the children are all names or all indexes.
    """

    first: int = 0
    ends: list[int] = field(default_factory=list)
    children: dict[str | int, PathTree] = field(default_factory=dict)

    @property
    def indexed(self) -> bool:
        """Whether the steps below are list indexes."""
        return any(isinstance(step, int) for step in self.children)


def join_paths(paths: Sequence[Steps]) -> PathTree:
    """The tree of `paths`."""
    root = PathTree()
    for number, steps in enumerate(paths):
        node = root
        for step in steps:
            child = node.children.get(step)
            if child is None:
                child = node.children[step] = PathTree(first=number)
            node = child
        node.ends.append(number)
    return root


def check_overlaps(paths: Sequence[Steps], kind: ExpressionKind) -> None:
    """Refuse paths of which one is, or contains, another, or that use one place two ways.

    Of several clashes the service reports one of the path that came last; this finds the same
    one, by visiting the tree of paths with the newest branches first.
    """
    for what, one, other in _clashes(join_paths(paths)):
        first, second = sorted((one, other))
        raise expression_error(
            kind,
            f"Two document paths {what} with each other; must remove or rewrite one of these "
            f"paths; path one: {steps_text(paths[first])}, path two: {steps_text(paths[second])}",
        )


def _clashes(node: PathTree) -> Iterator[tuple[str, int, int]]:
    entries = _newest_first(node)
    # Names alone, or indexes alone, are apart, however many there are.
    apart = len({type(step) for step, _, _ in entries}) < 2 and not node.ends
    for step, child, number in entries:
        if child is not None:
            yield from _clashes(child)
        if apart:
            continue
        for other_step, other_child, other_number in entries:
            if (other_step, other_number) == (step, number):
                continue
            ends = _newest_end(child, number), _newest_end(other_child, other_number)
            if child is None or other_child is None:
                yield "overlap", *ends
            elif isinstance(step, int) is not isinstance(other_step, int):
                yield "conflict", *ends


def _newest_first(node: PathTree) -> list[tuple[str | int | None, PathTree | None, int]]:
    """What is below `node`: its children, and the paths that end here (with no step)."""
    entries: list[tuple[str | int | None, PathTree | None, int]] = [
        (step, child, child.first) for step, child in node.children.items()
    ]
    entries += [(None, None, number) for number in node.ends]
    entries.sort(key=lambda entry: (-entry[2], entry[1] is None))
    return entries


def _newest_end(node: PathTree | None, number: int) -> int:
    while node is not None:
        _, node, number = _newest_first(node)[0]
    return number
