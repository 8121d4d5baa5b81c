"""Clients whose random operations on a few lists make a history for the checker."""

from __future__ import annotations

import random
import threading
import time

from serializability.history import Operation
from support import tables
from support.client import Refused
from support.values import L, N, S

KEYS = ("a", "b", "c")
TABLE = "history"


def marks(item) -> tuple[int, ...]:
    return tuple(int(each["N"]) for each in item["log"]["L"])


def key(name):
    return {"pk": S(name)}


def create_lists(api):
    """The table of the lists, which are empty."""
    tables.create(api, TABLE, tables.table("pk", types={"pk": "S"}))
    for name in KEYS:
        api("PutItem", TableName=TABLE, Item={**key(name), "log": L()})


def read_lists(api):
    """What all the lists hold."""
    return {
        name: marks(api("GetItem", TableName=TABLE, Key=key(name), ConsistentRead=True)["Item"])
        for name in KEYS
    }


class Client(threading.Thread):
    """Sends random operations one after the other and writes down what it saw and when."""

    def __init__(self, api, seed, counter):
        """`api` is called for answers; `counter` gives the marks of all clients."""
        super().__init__()
        self.api, self.random, self.counter = api, random.Random(seed), counter
        self.history: list[Operation] = []
        self.failure: BaseException | None = None

    def run(self):
        try:
            self.work()
        except BaseException as error:
            self.failure = error

    def work(self):
        """Call `step` as often as is wanted."""
        raise NotImplementedError

    def step(self):
        kind = self.random.choice(
            [self.read, self.read_together, self.append, self.append_together,
             self.append_if, self.append_together_if]
        )  # fmt: skip
        mark = next(self.counter)
        sent = time.monotonic()
        appended, reads = kind(mark)
        self.history.append(
            Operation(
                mark=mark,
                sent=sent,
                answered=time.monotonic(),
                appended=frozenset(appended),
                reads=reads,
            )
        )

    def some(self):
        return self.random.sample(KEYS, self.random.randint(2, len(KEYS)))

    def read(self, mark):
        name = self.random.choice(KEYS)
        item = self.api("GetItem", TableName=TABLE, Key=key(name), ConsistentRead=True)["Item"]
        return (), {name: marks(item)}

    def read_together(self, mark):
        names = self.some()
        gets = [{"Get": {"TableName": TABLE, "Key": key(name)}} for name in names]
        answer = self.api("TransactGetItems", TransactItems=gets)["Responses"]
        return (), {n: marks(each["Item"]) for n, each in zip(names, answer, strict=True)}

    def update(self, name, mark, size=None):
        request = {
            "TableName": TABLE,
            "Key": key(name),
            "UpdateExpression": "SET #log = list_append(#log, :m)",
            "ExpressionAttributeNames": {"#log": "log"},
            "ExpressionAttributeValues": {":m": L(N(mark))},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if size is not None:
            request["ConditionExpression"] = "size(#log) = :size"
            request["ExpressionAttributeValues"][":size"] = N(size)
        return request

    def append(self, mark):
        name = self.random.choice(KEYS)
        answer = self.api("UpdateItem", self.update(name, mark), ReturnValues="ALL_NEW")
        seen = marks(answer["Attributes"])
        assert seen[-1] == mark
        return (name,), {name: seen[:-1]}

    def append_together(self, mark):
        names = self.some()
        actions = [{"Update": self.update(name, mark)} for name in names]
        self.api("TransactWriteItems", TransactItems=actions)
        return names, {}

    def append_if(self, mark):
        """Compare and swap: what it read first is another operation, of the same mark's kin."""
        name = self.random.choice(KEYS)
        seen = self.look(name)
        try:
            self.api("UpdateItem", self.update(name, mark, size=len(seen)))
        except Refused as refused:
            refused.must_be("ConditionalCheckFailedException")
            return (), {name: marks(refused.body["Item"])}
        return (name,), {name: seen}

    def append_together_if(self, mark):
        names = self.some()
        seen = {name: self.look(name) for name in names}
        checked, written = names[0], names[1:]
        actions = [{"Update": self.update(name, mark, size=len(seen[name]))} for name in written]
        actions.append(
            {
                "ConditionCheck": {
                    "TableName": TABLE,
                    "Key": key(checked),
                    "ConditionExpression": "size(#log) = :size",
                    "ExpressionAttributeNames": {"#log": "log"},
                    "ExpressionAttributeValues": {":size": N(len(seen[checked]))},
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            }
        )
        try:
            self.api("TransactWriteItems", TransactItems=actions)
        except Refused as refused:
            refused.must_be("TransactionCanceledException")
            reasons = refused.body["CancellationReasons"]
            pairs = zip([*written, checked], reasons, strict=True)
            return (), {name: marks(each["Item"]) for name, each in pairs if "Item" in each}
        # The conditions say that all these lists were as seen, at one moment.
        return written, seen

    def look(self, name):
        """A read that counts as an operation of its own."""
        mark, sent = next(self.counter), time.monotonic()
        _, reads = self.read_of(name)
        self.history.append(Operation(mark=mark, sent=sent, answered=time.monotonic(), reads=reads))
        return reads[name]

    def read_of(self, name):
        item = self.api("GetItem", TableName=TABLE, Key=key(name), ConsistentRead=True)["Item"]
        return (), {name: marks(item)}
