"""The one tree of all expressions: conditions, filters, key conditions, projections, updates.

Nodes hold what was written (placeholders, not what they stand for) and nothing of its layout:
redundant spaces and parentheses are gone, grouping shows in the nesting. `print_tree` writes a
tree as text again, and parsing that text gives an equal tree.

Trees are at most a few hundred nodes deep, but as deep as the text that made them: walk them with
a stack, as `print_tree` does, wherever depth is not already bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True, kw_only=True, slots=True)
class Path:
    """A document path: names (bare or `#placeholder`) and list indexes, a name first."""

    steps: tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """A value placeholder, with its colon."""

    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """A function call: a condition, or an operand (`size`, `if_not_exists`, `list_append`)."""

    name: str
    arguments: tuple[Operand, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Arithmetic:
    """`left + right` or `left - right` in a SET action; only PartiQL has more than one."""

    operator: str
    left: Operand | Arithmetic
    right: Operand | Arithmetic


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """`left operator right`, the operator one of = <> < <= > >=."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, kw_only=True, slots=True)
class Between:
    """`operand BETWEEN lower AND upper`, both ends included."""

    operand: Operand
    lower: Operand
    upper: Operand


@dataclass(frozen=True, kw_only=True, slots=True)
class In:
    """`operand IN (candidate, ...)`."""

    operand: Operand
    candidates: tuple[Operand, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Not:
    """`NOT condition`."""

    condition: Condition


@dataclass(frozen=True, kw_only=True, slots=True)
class And:
    """Two or more conditions joined by AND at one level of parentheses."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Or:
    """Two or more conditions joined by OR at one level of parentheses."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """A condition as an operand, for the boolean that it gives: only PartiQL has it."""

    condition: Condition


@dataclass(frozen=True, kw_only=True, slots=True)
class Projection:
    """The paths of a projection, in the order written."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SetAction:
    """`path = value`."""

    path: Path
    value: Operand | Arithmetic


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveAction:
    """`path` in a REMOVE section."""

    path: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class AddAction:
    """`path value` in an ADD section: a number to add, or members to add to a set."""

    path: Path
    value: Value


@dataclass(frozen=True, kw_only=True, slots=True)
class DeleteAction:
    """`path value` in a DELETE section: members to take out of a set."""

    path: Path
    value: Value


Operand: TypeAlias = Path | Value | Function | Truth
Condition: TypeAlias = Comparison | Between | In | Not | And | Or | Function
Action: TypeAlias = SetAction | RemoveAction | AddAction | DeleteAction


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One section of an update: its keyword (SET, REMOVE, ADD, DELETE) and its actions."""

    keyword: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """The sections of an update, in the order written."""

    sections: tuple[Section, ...]

    @property
    def actions(self) -> tuple[Action, ...]:
        """All actions, in the order written."""
        return tuple(action for section in self.sections for action in section.actions)


Node: TypeAlias = Operand | Condition | Arithmetic | Action | Section | Update | Projection


def children(node: Node) -> Sequence[Node]:
    """The nodes directly below `node`, left to right."""
    match node:
        case Path() | Value():
            return ()
        case Function(arguments=arguments):
            return arguments
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            return (left, right)
        case Between(operand=operand, lower=lower, upper=upper):
            return (operand, lower, upper)
        case In(operand=operand, candidates=candidates):
            return (operand, *candidates)
        case Not(condition=condition) | Truth(condition=condition):
            return (condition,)
        case And(conditions=conditions) | Or(conditions=conditions):
            return conditions
        case Projection(paths=paths):
            return paths
        case RemoveAction(path=path):
            return (path,)
        case SetAction(path=path, value=value):
            return (path, value)
        case AddAction(path=path, value=placeholder) | DeleteAction(path=path, value=placeholder):
            return (path, placeholder)
        case Section(actions=actions):
            return actions
        case Update(sections=sections):
            return sections


def walk(tree: Node) -> list[Node]:
    """Every node of `tree`, children before their parent, left to right."""
    # Parent before children and right to left is the same order backwards, and needs one stack.
    backwards: list[Node] = []
    stack: list[Node] = [tree]
    while stack:
        node = stack.pop()
        backwards.append(node)
        stack.extend(children(node))
    backwards.reverse()
    return backwards


def print_tree(tree: Node) -> str:
    """The canonical text of `tree`: single spaces, only the parentheses it needs."""
    written: list[str] = []
    stack: list[Node | str] = [tree]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            written.append(part)
        else:
            stack.extend(reversed(_parts(part)))
    return "".join(written)


# How tightly a condition binds; a condition inside one that binds as tightly needs parentheses,
# but for NOT, which may follow itself.
_OR: Final = 1
_AND: Final = 2
_NOT: Final = 3
_LEAF: Final = 4


def _parts(node: Node) -> list[Node | str]:
    match node:
        case Path():
            return [_path_text(node)]
        case Value(name=name):
            return [name]
        case Function(name=name, arguments=arguments):
            return [name, "(", *_joined(arguments, ", "), ")"]
        case Arithmetic() | Comparison():
            return [node.left, f" {node.operator} ", node.right]
        case Between():
            return [node.operand, " BETWEEN ", node.lower, " AND ", node.upper]
        case In():
            return [node.operand, " IN (", *_joined(node.candidates, ", "), ")"]
        case Not(condition=condition):
            return ["NOT ", *_grouped(condition, _NOT - 1)]
        case Truth(condition=condition):
            return ["(", condition, ")"]
        case And(conditions=conditions):
            return _joined_conditions(conditions, " AND ", _AND)
        case Or(conditions=conditions):
            return _joined_conditions(conditions, " OR ", _OR)
        case Projection(paths=paths):
            return _joined(paths, ", ")
        case Update(sections=sections):
            return _joined(sections, " ")
        case Section(keyword=keyword, actions=actions):
            return [keyword, " ", *_joined(actions, ", ")]
        case SetAction(path=path, value=value):
            return [path, " = ", value]
        case RemoveAction(path=path):
            return [path]
        case AddAction(path=path, value=placeholder) | DeleteAction(path=path, value=placeholder):
            return [path, " ", placeholder]


def _path_text(path: Path) -> str:
    head, *rest = path.steps
    return str(head) + "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in rest
    )


def _joined(nodes: Sequence[Node], separator: str) -> list[Node | str]:
    parts: list[Node | str] = []
    for node in nodes:
        parts += (separator, node) if parts else (node,)
    return parts


def _joined_conditions(
    conditions: Sequence[Condition], separator: str, binding: int
) -> list[Node | str]:
    parts: list[Node | str] = []
    for condition in conditions:
        if parts:
            parts.append(separator)
        parts += _grouped(condition, binding)
    return parts


def _grouped(condition: Condition, binding: int) -> list[Node | str]:
    if _binding(condition) <= binding:
        return ["(", condition, ")"]
    return [condition]


def _binding(condition: Condition) -> int:
    match condition:
        case Or():
            return _OR
        case And():
            return _AND
        case Not():
            return _NOT
        case _:
            return _LEAF
