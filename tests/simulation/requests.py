"""Random requests, each with what it means to a `World`."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simulation.world import (
    DEFINITION,
    EXPIRES_WITHIN_S,
    LATE,
    LATE_PARTITION,
    SHAPES,
    Refusal,
    Verdict,
    Wish,
    World,
    described,
    exactly,
    page,
    rows_of,
    same_items,
)
from support.streams import enabled
from support.tables import definitions
from support.values import Item, N, S

MAIN = "items"
SCRATCH = "scratch"
# DynamoDB ignores members it does not know; so a request can carry its number to the handler.
NUMBER = "SimulationNumber"

PARTITIONS = ("a", "b", "ab", "é")
SORTS = tuple(range(8))
TEXTS = ("x", "y", "xy")
NUMBERS = ("0", "7", "-7", "70")
# The attributes by which items may expire: at each time by one of them.
EXPIRY = ("e", "f")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

# Applies a request to a world at a time; answers what the answer must be, or raises Refusal.
Meaning = Callable[[World, float], Verdict]


@dataclass(kw_only=True, eq=False)
class Call:
    """A request, and what has become of it."""

    operation: str
    document: dict[str, Any]
    meaning: Meaning
    writes: bool
    token: str | None = None
    number: int = 0
    # Set by the ledger: what the operation made of it, and whether that has been stored.
    outcome: Any = None
    stored: bool = False

    def again(self) -> Call:
        """The same request, to be sent once more."""
        return Call(
            operation=self.operation,
            document=self.document,
            meaning=self.meaning,
            writes=self.writes,
            token=self.token,
        )


def _late_is(status: str) -> Verdict:
    def verdict(answer: Any) -> str | None:
        arms = answer["TableDescription"]["GlobalSecondaryIndexes"]
        found = [arm["IndexStatus"] for arm in arms if arm["IndexName"] == LATE]
        return None if found == [status] else f"expected the index to be {status}"

    return verdict


class Requests:
    """Draws requests."""

    def __init__(self, chance: random.Random, now: Callable[[], float]) -> None:
        self._chance = chance
        self._now = now
        self._marks = 0
        # The attribute by which items expire, if the last request to say so succeeds.
        self._expires_by = EXPIRY[0]
        # What a client does next now and then, before the background is done with what was before.
        self._following: list[Callable[[], Call]] = []

    def any(self) -> Call:
        if self._following and self._chance.random() < 0.7:
            return self._following.pop(0)()
        kinds = {
            self.put: 20,
            self.update: 20,
            self.delete: 8,
            self.transact: 12,
            self.batch: 8,
            self.get: 8,
            self.batch_get: 3,
            self.transact_get: 3,
            self.query: 10,
            self.scan: 5,
            self.select: 4,
            self.select_index: 3,
            self.insert: 6,
            self.change: 6,
            self.remove: 3,
            self.execute_transaction: 4,
            self.describe: 2,
            self.create_scratch: 1,
            self.delete_scratch: 1,
            self.set_ttl: 4,
            self.create_index: 3,
            self.delete_index: 2,
        }
        (kind,) = self._chance.choices(list(kinds), list(kinds.values()))
        return kind()

    # Writes.

    def create(self, name: str) -> Call:
        def meaning(world: World, _: float) -> Verdict:
            world.create_table(name)
            return lambda answer: (
                None if answer["TableDescription"]["TableName"] == name else "expected the table"
            )

        document = {**DEFINITION, **enabled(), "TableName": name}
        return Call(operation="CreateTable", document=document, meaning=meaning, writes=True)

    def create_scratch(self) -> Call:
        return self.create(SCRATCH)

    def delete_scratch(self) -> Call:
        def meaning(world: World, _: float) -> Verdict:
            world.delete_table(SCRATCH)
            return lambda answer: (
                None
                if answer["TableDescription"]["TableStatus"] == "DELETING"
                else "expected it to be DELETING"
            )

        document = {"TableName": SCRATCH}
        return Call(operation="DeleteTable", document=document, meaning=meaning, writes=True)

    def set_ttl(self) -> Call:
        table, enabled = self._table(), self._chance.random() < 0.6
        attribute = self._chance.choice(EXPIRY)
        if not enabled:
            if self._chance.random() < 0.8:
                attribute = self._expires_by
            self._following += [self.update, self.set_ttl]
        else:
            self._expires_by = attribute

        def meaning(world: World, _: float) -> Verdict:
            world.set_ttl(table, attribute, enabled=enabled)
            return exactly({"TimeToLiveSpecification": specification})

        specification = {"Enabled": enabled, "AttributeName": attribute}
        document = {"TableName": table, "TimeToLiveSpecification": specification}
        return Call(operation="UpdateTimeToLive", document=document, meaning=meaning, writes=True)

    def create_index(self) -> Call:
        table = self._table()
        definition, index = self._chance.choice(SHAPES)

        def meaning(world: World, _: float) -> Verdict:
            world.create_index(table, index)
            return _late_is("CREATING")

        types = {"pk": "S", "l": "S", "h": "N", "n": "N"}
        keys = [element["AttributeName"] for element in definition["KeySchema"]]
        document = {
            "TableName": table,
            "AttributeDefinitions": definitions(**{name: types[name] for name in keys}),
            "GlobalSecondaryIndexUpdates": [{"Create": definition}],
        }
        return Call(operation="UpdateTable", document=document, meaning=meaning, writes=True)

    def delete_index(self) -> Call:
        table = self._table()
        self._following.append(self.create_index)

        def meaning(world: World, _: float) -> Verdict:
            world.delete_index(table)
            return _late_is("DELETING")

        updates = [{"Delete": {"IndexName": LATE}}]
        document = {"TableName": table, "GlobalSecondaryIndexUpdates": updates}
        return Call(operation="UpdateTable", document=document, meaning=meaning, writes=True)

    def put(self) -> Call:
        item = self._item()
        return self._single("PutItem", "Put", {"Item": item}, item, "ALL_OLD")

    def delete(self) -> Call:
        key = self._key()
        return self._single("DeleteItem", "Delete", {"Key": key}, key, "ALL_OLD")

    def update(self) -> Call:
        key = self._key()
        text, values, change = self._update()
        members = {"Key": key, "UpdateExpression": text, "ExpressionAttributeValues": values}
        return self._single("UpdateItem", "Update", members, key, "ALL_NEW", change)

    def _single(
        self,
        operation: str,
        kind: Any,
        members: dict[str, Any],
        item: Item,
        returns: str,
        change: Callable[[Item], Item] = dict,
    ) -> Call:
        condition_members, condition = self._condition(members.get("ExpressionAttributeValues"))
        wish = Wish(kind=kind, table=self._table(), item=item, condition=condition, change=change)
        document = {**members, **condition_members, "TableName": wish.table}
        told = self._chance.random() < 0.6
        if told:
            document["ReturnValues"] = returns

        def meaning(world: World, now: float) -> Verdict:
            before, after = world.write(wish, now)
            shown = before if returns == "ALL_OLD" else after
            return exactly({"Attributes": shown} if told and shown is not None else {})

        return Call(operation=operation, document=document, meaning=meaning, writes=True)

    def batch(self) -> Call:
        wishes, requests = [], {}
        for key in self._keys(self._chance.randint(1, 6)):
            table = self._table()
            if self._chance.random() < 0.7:
                item = {**self._item(), **key}
                wishes.append(Wish(kind="Put", table=table, item=item))
                requests.setdefault(table, []).append({"PutRequest": {"Item": item}})
            else:
                wishes.append(Wish(kind="Delete", table=table, item=key))
                requests.setdefault(table, []).append({"DeleteRequest": {"Key": key}})

        def meaning(world: World, now: float) -> Verdict:
            world.batch(wishes, now)
            return exactly({"UnprocessedItems": {}})

        document = {"RequestItems": requests}
        return Call(operation="BatchWriteItem", document=document, meaning=meaning, writes=True)

    def transact(self) -> Call:
        wishes, actions = [], []
        for key in self._keys(self._chance.randint(1, 5)):
            wish, action = self._action(key)
            wishes.append(wish)
            actions.append({wish.kind: action})
        token = None
        document: dict[str, Any] = {"TransactItems": actions}
        if self._chance.random() < 0.5:
            token = document["ClientRequestToken"] = f"token-{self._mark()}"

        def meaning(world: World, now: float) -> Verdict:
            world.transact(wishes, token, now)
            return exactly({})

        return Call(
            operation="TransactWriteItems",
            document=document,
            meaning=meaning,
            writes=True,
            token=token,
        )

    def _action(self, key: Item) -> tuple[Wish, dict[str, Any]]:
        kind: Any = self._chance.choice(("Put", "Put", "Update", "Update", "Delete", "Check"))
        table, item, change = self._table(), key, dict
        action: dict[str, Any] = {"Key": key}
        conditional = self._chance.random() < 0.3
        if kind == "Put":
            item = {**self._item(), **key}
            action = {"Item": item}
        elif kind == "Update":
            text, values, change = self._update()
            action = {
                "Key": key, "UpdateExpression": text, "ExpressionAttributeValues": values
            }  # fmt: skip
        elif kind == "Check":
            kind, conditional = "ConditionCheck", True
        more, condition = self._condition(
            action.get("ExpressionAttributeValues"), always=conditional, never=not conditional
        )
        wish = Wish(kind=kind, table=table, item=item, condition=condition, change=change)
        return wish, {**action, **more, "TableName": table}

    # PartiQL.

    def select(self) -> Call:
        key, table = self._key(), self._table()
        text = f'SELECT * FROM "{table}" WHERE pk = ? AND sk = ?'

        def meaning(world: World, _: float) -> Verdict:
            item = world.table(table).get(key)
            return exactly({"Items": [] if item is None else [item]})

        return self._statement(text, list(key.values()), meaning, writes=False)

    def select_index(self) -> Call:
        table, where = self._table(), self._chance.choice(("gsi", LATE))
        name = {"gsi": "g", LATE: LATE_PARTITION}[where]
        partition = S(self._chance.choice(TEXTS))
        text = f'SELECT * FROM "{table}"."{where}" WHERE {name} = ?'

        def meaning(world: World, _: float) -> Verdict:
            found = world.table(table)
            found.readable(where)
            sorts = found.indexes[where].sort
            return rows_of(found.query(where, partition), sorts[0] if sorts else None)

        return self._statement(text, [partition], meaning, writes=False)

    def insert(self) -> Call:
        wish, text, parameters = self._inserted(self._key(), self._table())

        def meaning(world: World, now: float) -> Verdict:
            world.write(wish, now)
            return exactly({"Items": []})

        return self._statement(text, parameters, meaning, writes=True)

    def change(self) -> Call:
        wish, text, parameters = self._changed(self._key(), self._table())
        told = self._chance.random() < 0.5

        def meaning(world: World, now: float) -> Verdict:
            _, after = world.write(wish, now)
            return exactly({"Items": [after] if told else []})

        returning = " RETURNING ALL NEW *" if told else ""
        return self._statement(text + returning, parameters, meaning, writes=True)

    def remove(self) -> Call:
        wish, text, parameters = self._removed(self._key(), self._table())
        told = self._chance.random() < 0.5

        def meaning(world: World, now: float) -> Verdict:
            before, _ = world.write(wish, now)
            return exactly({"Items": [before] if told and before is not None else []})

        returning = " RETURNING ALL OLD *" if told else ""
        return self._statement(text + returning, parameters, meaning, writes=True)

    def execute_transaction(self) -> Call:
        """Of writes; the table that is always there, since a lost one is told otherwise here."""
        wishes, statements = [], []
        for key in self._keys(self._chance.randint(1, 4)):
            kind = self._chance.choice((self._inserted, self._changed, self._removed))
            wish, text, parameters = kind(key, MAIN)
            wishes.append(wish)
            statements.append({"Statement": text, "Parameters": parameters})
        token = None
        document: dict[str, Any] = {"TransactStatements": statements}
        if self._chance.random() < 0.6:
            token = document["ClientRequestToken"] = f"token-{self._mark()}"

        def meaning(world: World, now: float) -> Verdict:
            if MAIN not in world.tables:
                codes = ["ResourceNotFound"] * len(wishes)
                raise Refusal("TransactionCanceledException", codes)
            world.transact(wishes, token, now)
            return exactly({"Responses": []})

        return Call(
            operation="ExecuteTransaction",
            document=document,
            meaning=meaning,
            writes=True,
            token=token,
        )

    def _statement(
        self, text: str, parameters: list[Any], meaning: Meaning, *, writes: bool
    ) -> Call:
        document = {"Statement": text, "Parameters": parameters}
        return Call(operation="ExecuteStatement", document=document, meaning=meaning, writes=writes)

    def _inserted(self, key: Item, table: str) -> tuple[Wish, str, list[Any]]:
        item = {**self._item(), **key}
        members = ", ".join(f"'{name}': ?" for name in item)
        wish = Wish(
            kind="Put",
            table=table,
            item=item,
            condition=lambda old: old is None,
            failure="DuplicateItem",
        )
        return wish, f'INSERT INTO "{table}" VALUE {{{members}}}', list(item.values())

    def _changed(self, key: Item, table: str) -> tuple[Wish, str, list[Any]]:
        """An update of an item that must be there, and maybe more of it."""
        puts = {"v": self._attribute("v")}
        for name in ("l", "g", "h", *EXPIRY):
            if self._chance.random() < 0.3:
                puts[name] = self._attribute(name)
        gone = [
            name for name in ("l", "g", "n") if name not in puts and self._chance.random() < 0.2
        ]
        where, bounds, holds = self._where()
        text = (
            f'UPDATE "{table}" '
            + " ".join([f"SET {name} = ?" for name in puts] + [f"REMOVE {name}" for name in gone])
            + where
        )

        def change(item: Item) -> Item:
            return {**{name: item[name] for name in item if name not in gone}, **puts}

        wish = Wish(
            kind="Update",
            table=table,
            item=key,
            condition=lambda old: old is not None and holds(old),
            change=change,
        )
        return wish, text, [*puts.values(), *key.values(), *bounds]

    def _removed(self, key: Item, table: str) -> tuple[Wish, str, list[Any]]:
        where, bounds, holds = self._where()
        wish = Wish(
            kind="Delete",
            table=table,
            item=key,
            condition=lambda old: old is None or holds(old),
        )
        return wish, f'DELETE FROM "{table}"{where}', [*key.values(), *bounds]

    def _where(self) -> tuple[str, list[Any], Callable[[Item], bool]]:
        where = " WHERE pk = ? AND sk = ?"
        if self._chance.random() < 0.6:
            return where, [], lambda _: True
        bound = self._chance.randint(0, 6)
        return (
            f"{where} AND n < ?",
            [N(bound)],
            lambda old: "n" in old and int(old["n"]["N"]) < bound,
        )

    # Reads.

    def get(self) -> Call:
        key, table = self._key(), self._table()

        def meaning(world: World, _: float) -> Verdict:
            item = world.table(table).get(key)
            return exactly({} if item is None else {"Item": item})

        document = {"TableName": table, "Key": key, "ConsistentRead": self._chance.random() < 0.5}
        return Call(operation="GetItem", document=document, meaning=meaning, writes=False)

    def batch_get(self) -> Call:
        keys = self._keys(self._chance.randint(1, 8))

        def meaning(world: World, _: float) -> Verdict:
            found = [world.table(MAIN).get(key) for key in keys]
            return same_items([item for item in found if item is not None], MAIN)

        document = {"RequestItems": {MAIN: {"Keys": keys}}}
        return Call(operation="BatchGetItem", document=document, meaning=meaning, writes=False)

    def transact_get(self) -> Call:
        keys = self._keys(self._chance.randint(1, 5))

        def meaning(world: World, _: float) -> Verdict:
            found = [world.table(MAIN).get(key) for key in keys]
            return exactly(
                {"Responses": [{} if item is None else {"Item": item} for item in found]}
            )

        document = {"TransactItems": [{"Get": {"TableName": MAIN, "Key": key}} for key in keys]}
        return Call(operation="TransactGetItems", document=document, meaning=meaning, writes=False)

    def query(self) -> Call:
        table, limit = self._table(), self._limit()
        where = self._chance.choice((None, None, "lsi", "gsi", "gsi-keys", LATE))
        partition_name, sort, partition, low = {
            None: ("pk", "sk", self._partition(), N(self._chance.choice(SORTS))),
            "lsi": ("pk", "l", self._partition(), S(self._chance.choice(TEXTS))),
            "gsi": ("g", "h", S(self._chance.choice(TEXTS)), N(self._chance.choice(NUMBERS))),
            "gsi-keys": ("h", None, N(self._chance.choice(NUMBERS)), None),
            LATE: (LATE_PARTITION, None, S(self._chance.choice(TEXTS)), None),
        }[where]
        forward = self._chance.random() < 0.6
        document: dict[str, Any] = {
            "TableName": table,
            "KeyConditionExpression": f"{partition_name} = :p",
            "ExpressionAttributeValues": {":p": partition},
            "ScanIndexForward": forward,
        }
        wanted: Callable[[Any], bool] = lambda _: True  # noqa: E731
        if sort is not None and self._chance.random() < 0.4:
            sign = self._chance.choice(list(_COMPARISONS))
            document["KeyConditionExpression"] += f" AND {sort} {sign} :low"
            document["ExpressionAttributeValues"][":low"] = low
            bound: Any = Decimal(low["N"]) if "N" in low else low["S"].encode()
            wanted = lambda value: _COMPARISONS[sign](value, bound)  # noqa: E731
        if where is not None:
            document["IndexName"] = where
        if limit is not None:
            document["Limit"] = limit

        def meaning(world: World, _: float) -> Verdict:
            found = world.table(table)
            found.readable(where)
            rows = found.query(where, partition, wanted, forward=forward)
            sorts = ("sk",) if where is None else found.indexes[where].sort
            return page(rows, limit, sorts[0] if sorts else None)

        return Call(operation="Query", document=document, meaning=meaning, writes=False)

    def scan(self) -> Call:
        table, limit = self._table(), self._limit()
        where = self._chance.choice((None, None, "lsi", "gsi", "gsi-keys", LATE))
        document: dict[str, Any] = {"TableName": table}
        if where is not None:
            document["IndexName"] = where
        if limit is not None:
            document["Limit"] = limit

        def meaning(world: World, _: float) -> Verdict:
            found = world.table(table)
            found.readable(where)
            return page(found.rows(where), limit, None)

        return Call(operation="Scan", document=document, meaning=meaning, writes=False)

    def describe(self) -> Call:
        table = self._table()

        def meaning(world: World, _: float) -> Verdict:
            return described(world.table(table))

        document = {"TableName": table}
        return Call(operation="DescribeTable", document=document, meaning=meaning, writes=False)

    # Their parts.

    def _mark(self) -> int:
        self._marks += 1
        return self._marks

    def _table(self) -> str:
        return SCRATCH if self._chance.random() < 0.05 else MAIN

    def _limit(self) -> int | None:
        return self._chance.choice((None, None, 1, 2, 5))

    def _partition(self) -> Item:
        return S(self._chance.choice(PARTITIONS))

    def _key(self) -> Item:
        return {"pk": self._partition(), "sk": N(self._chance.choice(SORTS))}

    def _keys(self, wanted: int) -> list[Item]:
        every = [{"pk": S(pk), "sk": N(sk)} for pk in PARTITIONS for sk in SORTS]
        return self._chance.sample(every, wanted)

    def _attribute(self, name: str) -> Any:
        if name in ("l", "g"):
            return S(self._chance.choice(TEXTS))
        if name == "h":
            return N(self._chance.choice(NUMBERS))
        if name in EXPIRY:
            return self._expiry()
        text = f"mark {self._mark()} "
        # Mostly small; now and then over several pages of the database.
        return S(text * self._chance.choice((1, 1, 1, 1, 10, 10, 100, 1500)))

    def _expiry(self) -> Any:
        """Mostly soon; sometimes past, or so long past, or such, that the item never expires."""
        after = self._chance.choice((0, 1, 1, 2, 5, 500, -1, -100, -EXPIRES_WITHIN_S - 10**6))
        second = str(int(self._now()) + after)
        return S(second) if self._chance.random() < 0.1 else N(second)

    def _item(self) -> Item:
        item = {**self._key(), "v": self._attribute("v")}
        for name in EXPIRY:
            if self._chance.random() < 0.2:
                item[name] = self._attribute(name)
        for name in ("l", "g", "h"):
            if self._chance.random() < 0.6:
                item[name] = self._attribute(name)
        if self._chance.random() < 0.5:
            item["n"] = N(self._chance.randint(0, 9))
        return item

    def _update(self) -> tuple[str, dict[str, Any], Callable[[Item], Item]]:
        """An expression that always counts, so that a repetition shows, and maybe does more."""
        values: dict[str, Any] = {":one": N(1)}
        puts, removes = {}, []
        for name in ("l", "g", "h", "v", *EXPIRY):
            dice = self._chance.random()
            if dice < 0.3:
                puts[name] = values[f":{name}"] = self._attribute(name)
            elif dice < 0.45:
                removes.append(name)
        text = "ADD n :one"
        if puts:
            text += " SET " + ", ".join(f"{name} = :{name}" for name in puts)
        if removes:
            text += " REMOVE " + ", ".join(removes)

        def change(item: Item) -> Item:
            new = {name: value for name, value in item.items() if name not in removes}
            return {**new, **puts, "n": N(int(item.get("n", N(0))["N"]) + 1)}

        return text, values, change

    def _condition(
        self, values: dict[str, Any] | None, *, always: bool = False, never: bool = False
    ) -> tuple[dict[str, Any], Callable[[Item | None], bool]]:
        """Members of a request, its values among them, and what they mean."""
        if never or (not always and self._chance.random() < 0.6):
            return {}, lambda _: True
        kind = self._chance.choice(("exists", "absent", "number"))
        if kind == "exists":
            return {"ConditionExpression": "attribute_exists(pk)"}, lambda old: old is not None
        if kind == "absent":
            return {"ConditionExpression": "attribute_not_exists(pk)"}, lambda old: old is None
        bound = self._chance.randint(0, 6)
        members = {
            "ConditionExpression": "n < :bound",
            "ExpressionAttributeValues": {**(values or {}), ":bound": N(bound)},
        }
        return members, lambda old: old is not None and "n" in old and int(old["n"]["N"]) < bound
