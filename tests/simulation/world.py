"""What the simulated server should hold, and what it should answer: plain dictionaries.

A `World` is all tables and client tokens at one moment. The actions of `Wish` are applied to it
naively; a `Refusal` has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
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


def new_table() -> NaiveTable:
    return NaiveTable("pk", "sk", INDEXES)


@dataclass
class World:
    tables: dict[str, NaiveTable] = field(default_factory=dict)
    # When each client token expires.
    tokens: dict[str, float] = field(default_factory=dict)

    def copy(self) -> World:
        """Items are never changed in place, so theirs need no copy."""
        copied = {name: replace(t, items=dict(t.items)) for name, t in self.tables.items()}
        return World(copied, dict(self.tokens))

    def contents(self, now: float) -> Any:
        """What two worlds must have in common to be the same."""
        return (
            {
                name: {key: normal(item) for key, item in table.items.items()}
                for name, table in self.tables.items()
            },
            {token for token, expiry in self.tokens.items() if now < expiry},
        )

    def table(self, name: str) -> NaiveTable:
        if name not in self.tables:
            raise Refusal("ResourceNotFoundException")
        return self.tables[name]

    def create_table(self, name: str) -> None:
        if name in self.tables:
            raise Refusal("ResourceInUseException")
        self.tables[name] = new_table()

    def delete_table(self, name: str) -> None:
        self.table(name)
        del self.tables[name]

    def write(self, wish: Wish) -> tuple[Item | None, Item | None]:
        """The item before and after."""
        table = self.table(wish.table)
        before = table.get(wish.item)
        if not wish.condition(before):
            raise Refusal("ConditionalCheckFailedException")
        if wish.kind == "Put":
            table.put(wish.item)
        elif wish.kind == "Delete":
            table.delete(wish.item)
        elif wish.kind == "Update":
            table.update(wish.item, wish.change)
        return before, table.get(wish.item)

    def batch(self, wishes: Sequence[Wish]) -> None:
        for wish in wishes:
            self.table(wish.table)
        for wish in wishes:
            self.write(wish)

    def transact(self, wishes: Sequence[Wish], token: str | None, now: float) -> None:
        found = [self.table(wish.table).get(wish.item) for wish in wishes]
        if token is not None and now < self.tokens.get(token, 0):
            return
        held = [wish.condition(item) for wish, item in zip(wishes, found, strict=True)]
        if not all(held):
            codes = ["None" if each else "ConditionalCheckFailed" for each in held]
            raise Refusal("TransactionCanceledException", codes)
        for wish in wishes:
            self.write(wish)
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


def described(table: NaiveTable) -> Verdict:
    """ItemCount and sizes of the table and its indexes."""
    wanted: dict[str, tuple[int, int]] = {
        name: (len(rows), sum(map(item_bytes, rows)))
        for name in INDEXES
        for rows in [table.rows(name)]
    }
    rows = table.rows(None)
    whole = (len(rows), sum(map(item_bytes, rows)))

    def verdict(answer: Any) -> str | None:
        told = answer["Table"]
        arms = told["LocalSecondaryIndexes"] + told["GlobalSecondaryIndexes"]
        found = {arm["IndexName"]: (arm["ItemCount"], arm["IndexSizeBytes"]) for arm in arms}
        if found == wanted and (told["ItemCount"], told["TableSizeBytes"]) == whole:
            return None
        return f"expected {whole} and {wanted}"

    return verdict
