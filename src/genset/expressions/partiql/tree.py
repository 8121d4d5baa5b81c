"""The statements that DynamoDB has, typed.

Conditions, operands and changes are the trees of all other expressions. What a Value stands for
is in the statement's `literals`, or it is a parameter, `?0` and so on. Paths hold attribute names
as they are, but for a name that begins with `#`, which gets another `#` before it: `NAMES` says
what stands for what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from genset.expressions.tree import Condition, Path, Update, Value
from genset.model.attribute_values import AttributeValue
from genset.model.errors import ValidationException

Literals: TypeAlias = Mapping[str, AttributeValue]


class _Names(Mapping[str, str]):
    """Every name stands for what follows its first `#`."""

    def __getitem__(self, key: str) -> str:
        return key[1:]

    def __contains__(self, key: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


NAMES: Final[Mapping[str, str]] = _Names()


def path_step(name: str) -> str:
    """An attribute's name as a step of a Path."""
    return f"#{name}" if name.startswith("#") else name


def step_name(step: str) -> str:
    """The attribute's name that a step of a Path stands for."""
    return step[1:] if step.startswith("#") else step


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One attribute of ORDER BY."""

    attribute: str
    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """SELECT. `columns` None is `*`.

    `fault` is what is wrong with the select list: the service tells it after some faults that
    only the table shows.
    """

    table: str
    index: str | None
    columns: tuple[Path, ...] | None
    where: Condition | None
    order: tuple[Order, ...]
    literals: Literals = field(default_factory=dict)
    parameters: int = 0
    fault: ValidationException | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """INSERT INTO ... VALUE: attributes to the values they get."""

    table: str
    item: Mapping[str, Value]
    literals: Literals = field(default_factory=dict)
    parameters: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SetArgument:
    """A parameter that set_add or set_delete is given, and the error if it is no set."""

    parameter: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """UPDATE. `returning` is ALL or MODIFIED, and OLD or NEW."""

    table: str
    update: Update
    where: Condition | None
    returning: tuple[str, str] | None
    literals: Literals = field(default_factory=dict)
    parameters: int = 0
    set_arguments: tuple[SetArgument, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """DELETE. `returning` is whether the old item is."""

    table: str
    where: Condition | None
    returning: bool
    literals: Literals = field(default_factory=dict)
    parameters: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exists:
    """EXISTS(SELECT ...): a condition of a transaction that writes."""

    select: Select

    @property
    def table(self) -> str:
        """The table's name."""
        return self.select.table

    @property
    def literals(self) -> Literals:
        """What its Values stand for."""
        return self.select.literals

    @property
    def parameters(self) -> int:
        """How many parameters it takes."""
        return self.select.parameters


Statement: TypeAlias = Select | Insert | Change | Delete | Exists
