"""A durable server is killed with SIGKILL again and again under load, and started again.

After each start: every acknowledged write is there, what was under way happened wholly or not at
all, and the store is sound.
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import threading
import time

import pytest

from support import tables
from support.client import Api, Refused
from support.engines import with_one_and_two_workers
from support.soundness import assert_sound
from support.values import N, S

pytestmark = [pytest.mark.crash, pytest.mark.timeout(120)]

ROUNDS = int(os.environ.get("GENSET_CRASH_ROUNDS", "5"))
ITEMS = tables.table(
    "pk",
    "sk",
    types={"pk": "S", "sk": "N", "l": "S", "g": "S"},
    local=[tables.index("lsi", "pk", "l", projection="KEYS_ONLY")],
    everywhere=[tables.index("gsi", "g", projection=["v"])],
)
PAIRS = tables.table("pk", types={"pk": "S"})
GONE = (ConnectionError, http.client.HTTPException, OSError)


class Writer(threading.Thread):
    """Writes until the server is gone. `maybe` is what was under way then."""

    def __init__(self, name, seed):
        super().__init__(name=name)
        self.random = random.Random(seed)
        self.failure = None

    def begin(self, url):
        self.url = url

    def run(self):
        try:
            with Api(self.url, timeout=10) as api:
                while True:
                    self.step(api)
        except GONE:
            pass
        except BaseException as error:
            self.failure = error

    def step(self, api):
        raise NotImplementedError


class Items(Writer):
    """Puts, updates, deletes and batches over keys of its own."""

    def __init__(self, name, seed):
        super().__init__(name, seed)
        self.known = {}
        self.maybe = {}

    def item(self, number):
        item = {"pk": S(self.name), "sk": N(number), "v": N(self.random.randint(0, 10**6))}
        for attribute in ("l", "g"):
            if self.random.random() < 0.7:
                item[attribute] = S(f"{attribute}{self.random.randint(0, 3)}")
        return item

    def step(self, api):
        kind = self.random.random()
        numbers = self.random.sample(range(40), 5 if kind < 0.2 else 1)
        after = {n: self.item(n) if self.random.random() < 0.7 else None for n in numbers}
        self.maybe = dict(after)
        if len(after) > 1:
            requests = [
                {"PutRequest": {"Item": item}} if item else {"DeleteRequest": {"Key": self.key(n)}}
                for n, item in after.items()
            ]
            api("BatchWriteItem", RequestItems={"items": requests})
        else:
            ((number, item),) = after.items()
            if item is None:
                api("DeleteItem", TableName="items", Key=self.key(number))
            elif kind < 0.6 and self.known.get(number):
                self.update(api, number, item)
            else:
                api("PutItem", TableName="items", Item=item)
        self.known.update(after)
        self.maybe = {}

    def update(self, api, number, item):
        """The same as putting the item, in an update's words."""
        names = [name for name in ("v", "l", "g") if name in item]
        request = {
            "UpdateExpression": "SET " + ", ".join(f"{name} = :{name}" for name in names),
            "ExpressionAttributeValues": {f":{name}": item[name] for name in names},
        }
        gone = [name for name in ("l", "g") if name not in item]
        if gone:
            request["UpdateExpression"] += " REMOVE " + ", ".join(gone)
        api("UpdateItem", request, TableName="items", Key=self.key(number))

    def key(self, number):
        return {"pk": S(self.name), "sk": N(number)}

    def verify(self, api, rows):
        found = {int(row["sk"]["N"]): row for row in rows if row["pk"] == S(self.name)}
        for number in range(40):
            allowed = [self.known.get(number)]
            if number in self.maybe:
                allowed.append(self.maybe[number])
            assert found.get(number) in allowed, (
                f"{self.name} {number}: found {found.get(number)}, allowed {allowed}"
            )
            self.known[number] = found.get(number)
        self.maybe = {}


class Pairs(Writer):
    """Transactions that give two items of two tables one mark."""

    def __init__(self, name, seed):
        super().__init__(name, seed)
        self.acknowledged = 0
        self.sent = 0

    def step(self, api):
        self.sent = self.acknowledged + 1
        mark = N(self.sent)
        api(
            "TransactWriteItems",
            TransactItems=[
                {"Put": {"TableName": "pairs", "Item": {"pk": S(self.name), "mark": mark}}},
                {"Update": {"TableName": "items", "Key": {"pk": S(self.name), "sk": N(0)},
                            "UpdateExpression": "SET mark = :m, g = :g, l = :g",
                            "ExpressionAttributeValues": {
                                ":m": mark, ":g": S(f"pair{self.sent % 5}")}}},
                {"Put": {"TableName": "items",
                         "Item": {"pk": S(f"{self.name}-log"), "sk": mark, "g": S("log")}}},
            ],
        )  # fmt: skip
        self.acknowledged = self.sent

    def verify(self, api, rows):
        here = api("GetItem", TableName="pairs", Key={"pk": S(self.name)}).get("Item")
        there = [row for row in rows if row["pk"] == S(self.name)]
        marks = [int(here["mark"]["N"]) if here else 0]
        marks.append(int(there[0]["mark"]["N"]) if there else 0)
        assert marks[0] == marks[1], f"half a transaction: {marks}"
        assert marks[0] in (self.acknowledged, self.sent)
        logged = [int(row["sk"]["N"]) for row in rows if row["pk"] == S(f"{self.name}-log")]
        assert sorted(logged) == list(range(1, marks[0] + 1))
        self.acknowledged = self.sent = marks[0]


class Counter(Writer):
    """Adds one to a counter that all share, by compare and swap."""

    acknowledged = 0
    under_way = 0
    lock = threading.Lock()

    def step(self, api):
        item = api("GetItem", TableName="pairs", Key={"pk": S("counter")})["Item"]
        with Counter.lock:
            Counter.under_way += 1
        try:
            api(
                "UpdateItem",
                TableName="pairs",
                Key={"pk": S("counter")},
                UpdateExpression="SET n = n + :one",
                ConditionExpression="n = :old",
                ExpressionAttributeValues={":one": N(1), ":old": item["n"]},
            )
        except Refused as refused:
            refused.must_be("ConditionalCheckFailedException")
            with Counter.lock:
                Counter.under_way -= 1
            return
        with Counter.lock:
            Counter.under_way -= 1
            Counter.acknowledged += 1

    def verify(self, api, rows):
        item = api("GetItem", TableName="pairs", Key={"pk": S("counter")})["Item"]
        found = int(item["n"]["N"])
        with Counter.lock:
            low = Counter.acknowledged
            assert low <= found <= low + Counter.under_way
            Counter.acknowledged, Counter.under_way = found, 0


def scan(api, table, **request):
    rows, key = [], None
    while True:
        more = {"ExclusiveStartKey": key} if key else {}
        page = api("Scan", request, TableName=table, ConsistentRead="IndexName" not in request
                   or request["IndexName"] == "lsi", **more)  # fmt: skip
        rows += page["Items"]
        key = page.get("LastEvaluatedKey")
        if key is None:
            return rows


def replaced(old):
    """A thread runs once; its knowledge goes on in a new one."""
    new = type(old)(old.name, old.random.random())
    for name in ("known", "maybe", "acknowledged", "sent"):
        if name in old.__dict__:
            setattr(new, name, getattr(old, name))
    return new


@with_one_and_two_workers
def test_a_killed_server_keeps_every_acknowledged_write(durable_server, durable_store, workers):
    chance = random.Random(workers)
    Counter.acknowledged = Counter.under_way = 0
    writers = [
        Items("i1", 1), Items("i2", 2), Items("i3", 3), Pairs("p1", 4), Pairs("p2", 5),
        Counter("c1", 6), Counter("c2", 7),
    ]  # fmt: skip
    options = ("--workers", workers, "--durability", "full")
    written = 0
    for number in range(ROUNDS + 1):
        server = durable_server(*options)
        with Api(server.url) as api:
            if number == 0:
                tables.create(api, "items", ITEMS)
                tables.create(api, "pairs", PAIRS)
                api("PutItem", TableName="pairs", Item={"pk": S("counter"), "n": N(0)})
            rows = scan(api, "items")
            for writer in writers:
                writer.verify(api, rows)
            assert_sound(durable_store)
        if number == ROUNDS:
            assert server.stop() == 0
            break
        writers = [replaced(writer) for writer in writers]
        for writer in writers:
            writer.begin(server.url)
            writer.start()
        time.sleep(chance.uniform(0.25, 0.8))
        server.kill()
        for writer in writers:
            writer.join(timeout=30)
            assert not writer.is_alive()
        assert [writer.failure for writer in writers if writer.failure] == []
        written = sum(writer.acknowledged for writer in writers if isinstance(writer, Pairs))
    assert written > 0
    assert Counter.acknowledged > 0


def test_a_killed_parent_takes_its_workers_along(durable_server):
    """SIGKILL reaches the parent alone; nobody must go on writing into the data directory."""
    server = durable_server("--workers", "2")
    with Api(server.url) as api:
        tables.create(api, "kept", PAIRS)
        api("PutItem", TableName="kept", Item={"pk": S("a")})
    os.kill(server.pid, signal.SIGKILL)
    server.process.wait(timeout=10)
    deadline = time.monotonic() + 10
    while _group_lives(server.pid):
        assert time.monotonic() < deadline, "workers outlive their parent"
        time.sleep(0.02)
    again = durable_server("--workers", "2")
    with Api(again.url) as api:
        assert api("GetItem", TableName="kept", Key={"pk": S("a")})["Item"] == {"pk": S("a")}


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
