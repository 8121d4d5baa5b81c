"""A load on several nodes, and the proof afterwards that they have kept every promise."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from failover import ledger
from failover.callers import Caller, Nodes
from failover.ledger import Change, Outcome, Write
from failover.writers import DEFINITION, TABLE, Writer
from serializability import history
from serializability.clients import Client, create_lists, read_lists
from support import tables
from support.client import Api, Refused
from support.streams import iterator_of, latest_arn, read_on, shards_of
from support.values import Item

# How long nodes may take until they answer well again.
RECOVERY_S_MAX = 20.0


class Unanswered(Exception):
    """There is no answer that says what became of a request."""


class Historian(Client):
    """A client of the history checker that goes on when it gets no answer."""

    def __init__(self, nodes: Nodes, seed: int, counter: Iterator[int]) -> None:
        super().__init__(self._ask, seed, counter)
        self.caller = Caller(nodes, seed)
        self.stopped = threading.Event()

    def work(self) -> None:
        while not self.stopped.is_set():
            try:
                self.step()
            except Unanswered:
                continue
        self.caller.close()

    def _ask(self, operation: str, request: Any = None, /, **members: Any) -> Any:
        answer = self.caller.attempt(operation, {**(request or {}), **members})
        if answer is None:
            raise Unanswered
        if answer.status != 200:
            refused = Refused(answer)
            if refused.type == "ThrottlingException":
                raise Unanswered
            raise refused
        return answer.json


class Load:
    """Makes the tables through `api`; `with` starts the clients and stops them."""

    def __init__(
        self, api: Api, nodes: Nodes, *, writers: int = 3, historians: int = 2, seed: int = 0
    ) -> None:
        tables.create(api, TABLE, DEFINITION)
        create_lists(api)
        shared, marks = itertools.count(), itertools.count(1)
        self._writers = [Writer(nodes, seed + n, shared) for n in range(writers)]
        self._historians = [Historian(nodes, seed + n, marks) for n in range(historians)]
        self._clients: list[Writer | Historian] = [*self._writers, *self._historians]

    def __enter__(self) -> Load:
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.stopped.set()
        for client in self._clients:
            client.join(timeout=60)
            assert not client.is_alive(), "a client waits without end"

    @property
    def writes(self) -> list[Write]:
        """The ledger of all writers."""
        return [write for writer in self._writers for write in list(writer.ledger)]

    @property
    def errors(self) -> list[str]:
        """What clients met instead of answers."""
        return [error for client in self._clients for error in list(client.caller.errors)]

    @property
    def slowest_s(self) -> float:
        """The longest that a client has waited for an answer, of whatever kind."""
        return max(client.caller.slowest_s for client in self._clients)

    def acknowledged(self, since: float = 0.0) -> int:
        """How many writes were, after a moment of the monotonic clock."""
        done = (each for each in self.writes if each.outcome is Outcome.ACKNOWLEDGED)
        return sum(each.answered > since for each in done)

    def wait_acknowledged(self, count: int) -> None:
        """Wait until so many more writes are acknowledged than are by now."""
        moment = time.monotonic()
        wait_until(
            lambda: self.acknowledged(moment) >= count,
            RECOVERY_S_MAX,
            lambda: f"too few acknowledged writes after {self.errors[-3:]}",
        )

    def verify(self, api: Api) -> None:
        """Check all that was answered against what the tables, their index and stream hold."""
        assert [client.failure for client in self._clients if client.failure] == []
        table, index = scan(api, TABLE), scan(api, TABLE, IndexName="gsi")
        ledger.check(self.writes, read_shards(api), table, index)
        described = api("DescribeTable", TableName=TABLE)["Table"]
        assert described["ItemCount"] == len(table)
        assert described["GlobalSecondaryIndexes"][0]["ItemCount"] == len(index)
        operations = [each for client in self._historians for each in client.history]
        assert operations
        history.check(operations, read_lists(api))


def wait_until(
    holds: Callable[[], bool], seconds: float, message: Callable[[], str] = lambda: "in vain"
) -> None:
    """Wait until something holds, but no longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, message()
        time.sleep(0.02)


def scan(api: Api, table: str, **members: Any) -> list[Item]:
    """All items of a table or an index."""
    request = {"TableName": table, **members}
    found: list[Item] = []
    while True:
        page = api("Scan", request)
        found += page["Items"]
        if "LastEvaluatedKey" not in page:
            return found
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def read_shards(api: Api) -> Sequence[Sequence[Change]]:
    """The records of the ledger's stream, shard after shard, parents before their children."""
    arn = latest_arn(api, TABLE)
    shards = []
    for shard in shards_of(api, arn):
        records, _ = read_on(api, iterator_of(api, arn, shard["ShardId"]))
        shards.append([_change(record) for record in records])
    return shards


def _change(record: dict[str, Any]) -> Change:
    data = record["dynamodb"]
    return Change(
        event=record["eventName"],
        key=data["Keys"]["pk"]["S"],
        sequence=int(data["SequenceNumber"]),
        old=data.get("OldImage"),
        new=data.get("NewImage"),
    )
