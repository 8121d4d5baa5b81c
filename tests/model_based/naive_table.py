"""A DynamoDB table in plain dictionaries: naive, slow, and easy to believe.

It knows only what the state machine asks: whole-item puts, simple updates, deletes, conditions
given as Python functions, and reads of the table and its indexes by filtering and sorting every
item.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from support.values import Item, Value, normal

Key = tuple[Any, ...]


def comparable(value: Value) -> Any:
    """A key value as something that Python orders as DynamoDB does."""
    ((tag, inner),) = value.items()
    if tag == "N":
        return Decimal(inner)
    if tag == "B":
        return base64.b64decode(inner)
    return str(inner).encode()


@dataclass(frozen=True)
class Index:
    """A secondary index: its key attributes, and the attributes it projects (None is all)."""

    partition: tuple[str, ...]
    sort: tuple[str, ...]
    projected: frozenset[str] | None


@dataclass
class NaiveTable:
    partition: str
    sort: str
    indexes: dict[str, Index]
    items: dict[Key, Item] = field(default_factory=dict)

    def key(self, item: Item) -> Key:
        return (comparable(item[self.partition]), comparable(item[self.sort]))

    def put(self, item: Item) -> Item | None:
        old = self.items.get(self.key(item))
        self.items[self.key(item)] = item
        return old

    def delete(self, key: Item) -> Item | None:
        return self.items.pop(self.key(key), None)

    def get(self, key: Item) -> Item | None:
        return self.items.get(self.key(key))

    def update(self, key: Item, change: Callable[[Item], Item]) -> Item:
        new = change(dict(self.get(key) or {self.partition: key[self.partition],
                                           self.sort: key[self.sort]}))  # fmt: skip
        self.items[self.key(key)] = new
        return new

    def rows(self, index_name: str | None) -> list[Item]:
        """The items that the index holds, as it holds them."""
        if index_name is None:
            return list(self.items.values())
        index = self.indexes[index_name]
        names = (*index.partition, *index.sort)
        held = [item for item in self.items.values() if all(name in item for name in names)]
        if index.projected is None:
            return held
        kept = index.projected | {*names, self.partition, self.sort}
        return [{name: item[name] for name in item if name in kept} for item in held]

    def query(
        self,
        index_name: str | None,
        partition: Value,
        wanted: Callable[[Any], bool] = lambda _: True,
        *,
        forward: bool = True,
    ) -> list[Item]:
        """Items of one partition whose (first) sort value is wanted, in sort order."""
        name, sorts = self.partition, (self.sort,)
        if index_name is not None:
            name, sorts = self.indexes[index_name].partition[0], self.indexes[index_name].sort
        rows = [
            row
            for row in self.rows(index_name)
            if row[name] == partition and (not sorts or wanted(comparable(row[sorts[0]])))
        ]
        rows.sort(key=lambda row: [comparable(row[each]) for each in sorts], reverse=not forward)
        return rows


def alike(some: Iterable[Item], others: Iterable[Item]) -> bool:
    """The same items, whatever their order."""
    return sorted(map(repr, map(_sorted, some))) == sorted(map(repr, map(_sorted, others)))


def _sorted(value: Any) -> Any:
    value = normal(value)
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_sorted(each) for each in value]
    return value
