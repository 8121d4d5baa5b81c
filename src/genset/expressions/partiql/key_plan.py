"""Which keys a WHERE clause reads.

The service takes a condition apart into reads, of which each has one partition key: a disjunction
of key conditions, or IN on a key attribute, gives several. If some part of it has no partition
key, it reads everything. Disjunctions that name no key attribute are filters like any other.

Observed on the service, September and October 2026: which conditions are key conditions, 50 reads
at the most, and that a negated condition on the sort key is a filter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from genset.expressions.partiql.tree import NAMES
from genset.expressions.paths import resolve
from genset.expressions.tree import (
    And,
    Between,
    Comparison,
    Condition,
    Function,
    In,
    Not,
    Operand,
    Or,
    Path,
    Value,
    walk,
)
from genset.model.errors import ValidationException

READS_MAX: Final = 50
_TURNED: Final = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerm:
    """A condition on a key attribute. `operands` are names of values."""

    attribute: str
    operator: str
    operands: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One read: what it asks of the key, and what is left to filter by.

    `negated` says that a filter excludes some sort keys.
    """

    partition: tuple[KeyTerm, ...]
    sort: tuple[KeyTerm, ...]
    filters: tuple[Condition, ...]
    negated: bool

    @property
    def is_key(self) -> bool:
        """Whether it consists of nothing but equalities with key attributes."""
        return not self.filters and all(term.operator == "=" for term in self.sort)

    def key_operands(self, sort: str | None) -> tuple[tuple[str, str], ...] | None:
        """The attributes of the one key that it reads, with the names of their values.

        An attribute may come several times; None if it may read more than one key.
        """
        if not self.is_key or bool(self.sort) != (sort is not None):
            return None
        return tuple((term.attribute, term.operands[0]) for term in self.partition + self.sort)


_Leaf: TypeAlias = "KeyTerm | Condition"


def key_branches(
    where: Condition | None, partition: str, sort: str | None
) -> tuple[Branch, ...] | None:
    """The reads that a condition asks for; None if it reads everything.

    Raises ValidationException if it asks for too many.
    """
    if where is None:
        return None
    expander = _Expander(partition, sort)
    try:
        expanded = expander.expand(where)
    except _TooManyError:
        if expander.pins_partition(where):
            raise ValidationException(
                "Too many decomposed read operations for a given query."
            ) from None
        return None
    branches = tuple(expander.branch(leaves) for leaves in expanded)
    return branches if all(branch.partition for branch in branches) else None


class _TooManyError(Exception):
    """There are more branches than may be read."""


class _Expander:
    def __init__(self, partition: str, sort: str | None) -> None:
        self._partition = partition
        self._sort = sort

    def branch(self, leaves: Sequence[_Leaf]) -> Branch:
        terms = [leaf for leaf in leaves if isinstance(leaf, KeyTerm)]
        filters = tuple(leaf for leaf in leaves if not isinstance(leaf, KeyTerm))
        return Branch(
            partition=tuple(term for term in terms if term.attribute == self._partition),
            sort=tuple(term for term in terms if term.attribute == self._sort),
            filters=filters,
            negated=any(map(self._excludes_sort_keys, filters)),
        )

    def _excludes_sort_keys(self, condition: Condition) -> bool:
        if not isinstance(condition, Not | Comparison):
            return False
        return self._sort is not None and any(
            resolve(node, NAMES)[0] == self._sort
            for node in walk(condition)
            if isinstance(node, Path)
        )

    def pins_partition(self, condition: Condition) -> bool:
        """Whether whatever matches has one of some partition keys."""
        match condition:
            case And(conditions=conditions):
                return any(map(self.pins_partition, conditions))
            case Or(conditions=conditions):
                return all(map(self.pins_partition, conditions))
            case _:
                return any(term.attribute == self._partition for term in self._terms(condition))

    def expand(self, condition: Condition) -> list[list[_Leaf]]:
        """The alternatives that the condition is, each a conjunction."""
        match condition:
            case And(conditions=conditions):
                product: list[list[_Leaf]] = [[]]
                for below in conditions:
                    alternatives = self.expand(below)
                    if len(product) * len(alternatives) > READS_MAX:
                        raise _TooManyError
                    product = [one + other for one in product for other in alternatives]
                return product
            case Or(conditions=conditions) if any(map(self._names_key, conditions)):
                union: list[list[_Leaf]] = []
                for below in conditions:
                    union += self.expand(below)
                    if len(union) > READS_MAX:
                        raise _TooManyError
                return union
        terms = self._terms(condition)
        if not terms:
            return [[condition]]
        if len(terms) > READS_MAX:
            raise _TooManyError
        return [[term] for term in terms]

    def _names_key(self, condition: Condition) -> bool:
        if isinstance(condition, And | Or):
            return any(map(self._names_key, condition.conditions))
        return bool(self._terms(condition))

    def _terms(self, condition: Condition) -> list[KeyTerm]:
        """The key conditions of which this one is any: one, or several for IN; [] if none."""
        match condition:
            case Comparison(operator="<>"):
                return []
            case Comparison(operator=operator, left=Value() as value, right=Path() as path):
                return self._term(path, _TURNED[operator], (value,))
            case Comparison(operator=operator, left=Path() as path, right=right):
                return self._term(path, operator, (right,))
            case Between(operand=Path() as path, lower=lower, upper=upper):
                return self._term(path, "BETWEEN", (lower, upper))
            case Function(name="begins_with", arguments=(Path() as path, prefix)):
                return self._term(path, "begins_with", (prefix,))
            case In(operand=Path() as path, candidates=candidates):
                terms = [self._term(path, "=", (candidate,)) for candidate in candidates]
                return [term for found in terms for term in found] if all(terms) else []
            case _:
                return []

    def _term(self, path: Path, operator: str, operands: Sequence[Operand]) -> list[KeyTerm]:
        steps = resolve(path, NAMES)
        values = tuple(operand.name for operand in operands if isinstance(operand, Value))
        if len(steps) > 1 or len(values) != len(operands):
            return []
        attribute = str(steps[0])
        if attribute == self._sort or (attribute == self._partition and operator == "="):
            return [KeyTerm(attribute=attribute, operator=operator, operands=values)]
        return []
