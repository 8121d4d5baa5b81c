"""What the simulated server should hold, and what it should answer: plain dictionaries.

A `World` is all tables and client tokens at one moment. The actions of `Wish` are applied to it
naively, and so are the deletions of what has expired; a `Refusal` has changed nothing. Each table
keeps a log of its changes, which is what its stream is to hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

from model_based.naive_table import Index, NaiveTable, alike, comparable
from support import tables
from support.sizes import item_bytes
from support.values import Item, normal

DEFINITION = tables.table(
    "pk",
    "sk",
    types={"pk": "S", "sk": "N", "l": "S", "g": "S", "h": "N"},
    local=[tables.index("lsi", "pk", "l", projection=["v"])],
    everywhere=[
        tables.index("gsi", "g", "h"),
        tables.index("gsi-keys", "h", projection="KEYS_ONLY"),
    ],
)
INDEXES = {
    "lsi": Index(("pk",), ("l",), frozenset({"v"})),
    "gsi": Index(("g",), ("h",), None),
    "gsi-keys": Index(("h",), (), frozenset()),
}
LOCAL_INDEXES = ("lsi",)
TOKEN_SECONDS = 600
# The name of the index that UpdateTable creates and deletes, and what it is created as.
LATE = "late"
SHAPES: tuple[tuple[dict[str, Any], Index], ...] = (
    (tables.index(LATE, "l"), Index(("l",), (), None)),
    (
        tables.index(LATE, "l", "h", projection="KEYS_ONLY"),
        Index(("l",), ("h",), frozenset({"pk", "sk", "l", "h"})),
    ),
    (
        tables.index(LATE, "l", "n", projection=["v"]),
        Index(("l",), ("n",), frozenset({"pk", "sk", "l", "n", "v"})),
    ),
)
LATE_PARTITION = "l"
# Developer guide, "Using time to live": what expired longer ago stays.
EXPIRES_WITHIN_S = 5 * 365 * 86_400

Kind = Literal["Put", "Update", "Delete", "ConditionCheck"]
# Says what is wrong with an answer, or None.
Verdict = Callable[[Any], str | None]


class Refusal(Exception):
    """The answer is an error of this type, with these codes if a transaction is cancelled."""

    def __init__(self, kind: str, codes: Sequence[str] = ()) -> None:
        super().__init__(kind, *codes)
        self.kind = kind
        self.codes = list(codes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Refusal) and (self.kind, self.codes) == (other.kind, other.codes)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One action on one item; `condition` and `change` are Python for what the request says."""

    kind: Kind
    table: str
    item: Item
    condition: Callable[[Item | None], bool] = lambda _: True
    change: Callable[[Item], Item] = dict
    # What its condition's failure is called.
    failure: str = "ConditionalCheckFailed"


@dataclass(frozen=True)
class Change:
    """A change of one item, and by when it had happened."""

    before: Item | None
    after: Item | None
    second: int
    by_ttl: bool

    @property
    def partition(self) -> str:
        shown: Any = self.after or self.before
        return str(shown["pk"]["S"])


@dataclass
class FollowedTable(NaiveTable):
    """A table with what else is set on it, and all that has happened to its items."""

    ttl: str | None = None
    # The index of that name may still lack entries, and cannot be read.
    filling: bool = False
    log: list[Change] = field(default_factory=list)

    def copy(self) -> FollowedTable:
        """Items are never changed in place, so theirs need no copy."""
        return replace(self, items=dict(self.items), indexes=dict(self.indexes), log=list(self.log))

    def settings(self) -> Any:
        return self.ttl, self.indexes.get(LATE), self.filling

    def readable(self, index: str | None) -> None:
        if index == LATE and (LATE not in self.indexes or self.filling):
            raise Refusal("ValidationException")

    def has_changed(
        self, before: Item | None, after: Item | None, now: float, *, by_ttl: bool = False
    ) -> None:
        if before != after:
            self.log.append(Change(before, after, int(now), by_ttl))


def new_table() -> FollowedTable:
    return FollowedTable("pk", "sk", dict(INDEXES))


def has_expired(item: Item, attribute: str, now: float) -> bool:
    """Developer guide, "Using time to live"."""
    value = item.get(attribute, {}).get("N")
    return value is not None and 0 < int(now) - Decimal(value) <= EXPIRES_WITHIN_S


@dataclass
class World:
    tables: dict[str, FollowedTable] = field(default_factory=dict)
    # When each client token expires.
    tokens: dict[str, float] = field(default_factory=dict)

    def copy(self) -> World:
        copied = {name: table.copy() for name, table in self.tables.items()}
        return World(copied, dict(self.tokens))

    def contents(self, now: float) -> Any:
        """What two worlds must have in common to be the same, beside the logs."""
        return (
            {
                name: {
                    "settings": table.settings(),
                    **{key: normal(item) for key, item in table.items.items()},
                }
                for name, table in self.tables.items()
            },
            {token for token, expiry in self.tokens.items() if now < expiry},
        )

    def table(self, name: str) -> FollowedTable:
        if name not in self.tables:
            raise Refusal("ResourceNotFoundException")
        return self.tables[name]

    def create_table(self, name: str) -> None:
        if name in self.tables:
            raise Refusal("ResourceInUseException")
        self.tables[name] = new_table()

    def delete_table(self, name: str) -> None:
        if self.table(name).filling:
            raise Refusal("ResourceInUseException")
        del self.tables[name]

    def set_ttl(self, name: str, attribute: str, *, enabled: bool) -> None:
        table = self.table(name)
        if enabled == (table.ttl is not None) or table.ttl not in (None, attribute):
            raise Refusal("ValidationException")
        table.ttl = attribute if enabled else None

    def create_index(self, name: str, index: Index) -> None:
        table = self.table(name)
        if LATE in table.indexes:
            raise Refusal("ValidationException")
        table.indexes[LATE] = index
        table.filling = True

    def delete_index(self, name: str) -> None:
        table = self.table(name)
        if LATE not in table.indexes:
            raise Refusal("ResourceNotFoundException")
        del table.indexes[LATE]
        table.filling = False

    def write(self, wish: Wish, now: float) -> tuple[Item | None, Item | None]:
        """The item before and after."""
        table = self.table(wish.table)
        before = table.get(wish.item)
        if not wish.condition(before):
            raise Refusal(f"{wish.failure}Exception")
        if wish.kind == "Put":
            table.put(wish.item)
        elif wish.kind == "Delete":
            table.delete(wish.item)
        elif wish.kind == "Update":
            table.update(wish.item, wish.change)
        after = table.get(wish.item)
        table.has_changed(before, after, now)
        return before, after

    def expire(self, name: str, item: Item, now: float) -> None:
        """The background deletes an item."""
        table = self.table(name)
        table.has_changed(table.delete(item), None, now, by_ttl=True)

    def batch(self, wishes: Sequence[Wish], now: float) -> None:
        for wish in wishes:
            self.table(wish.table)
        for wish in wishes:
            self.write(wish, now)

    def transact(self, wishes: Sequence[Wish], token: str | None, now: float) -> None:
        found = [self.table(wish.table).get(wish.item) for wish in wishes]
        if token is not None and now < self.tokens.get(token, 0):
            return
        held = [wish.condition(item) for wish, item in zip(wishes, found, strict=True)]
        if not all(held):
            codes = [
                "None" if each else wish.failure for wish, each in zip(wishes, held, strict=True)
            ]
            raise Refusal("TransactionCanceledException", codes)
        for wish in wishes:
            self.write(wish, now)
        if token is not None:
            self.tokens[token] = now + TOKEN_SECONDS


# Verdicts on answers.


def exactly(expected: Any) -> Verdict:
    wanted = normal(expected)

    def verdict(answer: Any) -> str | None:
        return None if normal(answer) == wanted else f"expected {expected}"

    return verdict


def same_items(expected: Iterable[Item], member: str) -> Verdict:
    """The items are in `Responses[member]`, in any order, and nothing is left over."""
    wanted = list(expected)

    def verdict(answer: Any) -> str | None:
        if answer["UnprocessedKeys"] == {} and alike(answer["Responses"][member], wanted):
            return None
        return f"expected {wanted}"

    return verdict


def rows_of(expected: Sequence[Item], sort: str | None = None) -> Verdict:
    """All these and no others are in `Items`, in the order of `sort` or, without it, in any."""

    def verdict(answer: Any) -> str | None:
        if answer.keys() != {"Items"} or not alike(answer["Items"], expected):
            return f"expected {expected}"
        order = [comparable(item[sort]) for item in answer["Items"]] if sort else []
        return None if order == sorted(order) else f"expected the order of {expected}"

    return verdict


def page(rows: Sequence[Item], limit: int | None, sort: str | None) -> Verdict:
    """The first `limit` of `rows`, in the order of attribute `sort` or, without it, in any."""
    wanted = len(rows) if limit is None else min(limit, len(rows))

    def verdict(answer: Any) -> str | None:
        items = answer["Items"]
        if not len(items) == answer["Count"] == answer["ScannedCount"] == wanted:
            return f"expected {wanted} of {len(rows)} items"
        known = [normal(row) for row in rows]
        if any(normal(item) not in known for item in items):
            return f"expected items of {rows}"
        if wanted == len(rows) and not alike(items, rows):
            return f"expected {rows}"
        if sort is not None and [comparable(item[sort]) for item in items] != [
            comparable(row[sort]) for row in rows[:wanted]
        ]:
            return f"expected the order of {rows}"
        more = "LastEvaluatedKey" in answer
        # At exactly the limit the service cannot know that nothing follows.
        if len(rows) != limit and more != (wanted < len(rows)):
            return f"expected {'a' if not more else 'no'} LastEvaluatedKey"
        return None

    return verdict


def described(table: FollowedTable) -> Verdict:
    """ItemCount and sizes of the table and its indexes, and the state of each."""
    wanted: dict[str, tuple[int, int]] = {
        name: (len(rows), sum(map(item_bytes, rows)))
        for name in table.indexes
        for rows in [table.rows(name)]
    }
    late = "CREATING" if table.filling else "ACTIVE"
    # How far the background is shows only here, and belongs to no moment between requests.
    most = wanted.pop(LATE, (0, 0)) if table.filling else (0, 0)
    rows = table.rows(None)
    whole = (len(rows), sum(map(item_bytes, rows)))

    def verdict(answer: Any) -> str | None:
        told = answer["Table"]
        arms = told["LocalSecondaryIndexes"] + told["GlobalSecondaryIndexes"]
        found = {arm["IndexName"]: (arm["ItemCount"], arm["IndexSizeBytes"]) for arm in arms}
        states = {arm["IndexName"]: arm.get("IndexStatus") for arm in arms}
        items, size = found.pop(LATE, (0, 0)) if table.filling else (0, 0)
        if not (0 <= items <= most[0] and 0 <= size <= most[1]):
            return f"expected at most {most} in the index that is being filled"
        if states.get(LATE, late) != late:
            return f"expected the index to be {late}"
        if found == wanted and (told["ItemCount"], told["TableSizeBytes"]) == whole:
            return None
        return f"expected {whole} and {wanted}"

    return verdict
