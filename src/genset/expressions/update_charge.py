"""What an UpdateExpression is charged against the 400 KB limit, which is not the item it makes.

UpdateItem refuses a statement that is charged more than an item may have bytes, whatever the item
is and whether or not its condition holds. The figures have no documentation; they were bisected
on the service, byte by byte, in August to October 2026. They hold in 22 of 33 Regions, us-east-1
among them. Transactions and the legacy AttributeUpdates are not charged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from genset.expressions.paths import Names, Steps, resolve
from genset.expressions.tree import (
    Action,
    AddAction,
    Arithmetic,
    Function,
    Node,
    Path,
    SetAction,
    Value,
    walk,
)
from genset.model.attribute_values import AttributeValue
from genset.model.sizes import text_bytes, value_bytes

_UPDATE: Final = 3
_WRITE: Final = 19  # SET and ADD
_TAKE: Final = 1  # REMOVE and DELETE
_TARGET_STEP: Final = 4  # each step of a target after its first
_OPERAND: Final = 1
_OPERAND_STEP: Final = 14  # each step of a path that is read, the first too
_OPERATORS: Final = {"+": 34, "-": 37, "list_append": 37, "if_not_exists": 39}


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateCharge:
    """The charge of a parsed update: a fixed part, and the size of each value at each use."""

    fixed: int
    values: tuple[str, ...]

    def bytes_of(self, values: Mapping[str, AttributeValue]) -> int:
        """The whole charge, with a request's values."""
        return self.fixed + sum(value_bytes(values[name]) for name in self.values)


def update_charge(actions: Sequence[Action], names: Names) -> UpdateCharge:
    """The charge of `actions`; all names must be defined."""
    fixed = _UPDATE
    values: list[str] = []
    for action in actions:
        fixed += _target_bytes(resolve(action.path, names))
        if isinstance(action, SetAction):
            fixed += _WRITE
            for node in walk(action.value):
                fixed += _node_bytes(node, names)
                if isinstance(node, Value):
                    values.append(node.name)
        elif isinstance(action, AddAction):
            fixed += _WRITE
            values.append(action.value.name)
        else:
            # What DELETE takes away is not charged.
            fixed += _TAKE
    return UpdateCharge(fixed=fixed, values=tuple(values))


def _node_bytes(node: Node, names: Names) -> int:
    match node:
        case Path():
            # What is read there is not charged, however large it is.
            steps = resolve(node, names)
            return _OPERAND + sum(_OPERAND_STEP + _step_bytes(step) for step in steps)
        case Arithmetic(operator=operator) | Function(name=operator):
            return _OPERATORS[operator]
        case _:
            return 0


def _target_bytes(steps: Steps) -> int:
    return sum(map(_step_bytes, steps)) + _TARGET_STEP * (len(steps) - 1)


def _step_bytes(step: str | int) -> int:
    return text_bytes(step if isinstance(step, str) else str(step))
