"""Clients that write to several nodes and keep a ledger of what was answered."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from failover.callers import Caller, Nodes
from failover.ledger import Outcome, Write, removal_of
from support import tables
from support.client import Answer, Refused
from support.streams import enabled
from support.values import Item, N, S

TABLE = "ledger"
DEFINITION = {
    **tables.table("pk", types={"pk": "S", "g": "S"}, everywhere=[tables.index("gsi", "g")]),
    **enabled(),
}
COUNTERS = 3
_TOKEN_ATTEMPTS_MAX = 3


class Writer(threading.Thread):
    """Writes, one request after the other, until it is stopped, and keeps a ledger of it."""

    def __init__(self, nodes: Nodes, seed: int, shared: Iterator[int]) -> None:
        """`shared` numbers the items that all writers of a load want to put."""
        super().__init__(name=f"writer {seed}")
        self.ledger: list[Write] = []
        self.failure: BaseException | None = None
        self.stopped = threading.Event()
        self.caller = Caller(nodes, seed)
        self._random = random.Random(seed)
        self._seed = seed
        self._shared = shared
        self._count = 0

    def run(self) -> None:
        try:
            while not self.stopped.is_set():
                self._count += 1
                self._step(f"{self._seed}-{self._count}")
        except BaseException as error:
            self.failure = error
        finally:
            self.caller.close()

    def _step(self, mark: str) -> None:
        kinds = (self._put, self._put_and_remove, self._count_up, self._put_once, self._pair)
        # Most of them count, which shows best that something has happened twice.
        (kind,) = self._random.choices(kinds, weights=(1, 1, 4, 1, 1))
        kind(mark)

    def _note(
        self, mark: str, keys: Sequence[str], answer: Answer | None, *expected: str
    ) -> Outcome:
        """Write down what became of a write; `expected` are the errors it may meet."""
        told = {}
        if answer is None:
            outcome = Outcome.UNKNOWN
        elif answer.status == 200:
            outcome = Outcome.ACKNOWLEDGED
            told = _told(keys, answer)
        else:
            refused = Refused(answer)
            assert refused.type in (*expected, "ThrottlingException"), str(refused)
            outcome = Outcome.REFUSED
        write = Write(
            mark=mark, keys=tuple(keys), outcome=outcome, answered=time.monotonic(), told=told
        )
        self.ledger.append(write)
        return outcome

    def _put(self, mark: str) -> str:
        """An item that nobody else writes."""
        key = f"put {mark}"
        item = self._item(key, mark)
        answer = self.caller.attempt("PutItem", {"TableName": TABLE, "Item": item})
        self._note(mark, [key], answer)
        return key

    def _put_and_remove(self, mark: str) -> None:
        key = self._put(mark)
        # Without the condition, to remove what is not there would be no change, and yet a success.
        request = {
            "TableName": TABLE,
            "Key": {"pk": S(key)},
            "ConditionExpression": "attribute_exists(pk)",
        }
        answer = self.caller.attempt("DeleteItem", request)
        self._note(removal_of(key), [key], answer, "ConditionalCheckFailedException")

    def _count_up(self, mark: str) -> None:
        """A counter that all share."""
        key = f"counter {self._random.randrange(COUNTERS)}"
        update = {**self._addition(key, mark), "ReturnValues": "UPDATED_NEW"}
        self._note(mark, [key], self.caller.attempt("UpdateItem", update))

    def _put_once(self, mark: str) -> None:
        """An item that several writers want to be the first to put."""
        key = f"once {next(self._shared) // 3}"
        request = {
            "TableName": TABLE,
            "Item": self._item(key, mark),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        answer = self.caller.attempt("PutItem", request)
        self._note(mark, [key], answer, "ConditionalCheckFailedException")

    def _pair(self, mark: str) -> None:
        """Two counters together, asked for again with the same token until there is an answer."""
        number = self._random.randrange(COUNTERS)
        keys = [f"pair {number}{side}" for side in "ab"]
        actions = [{"Update": self._addition(key, mark)} for key in keys]
        request = {"TransactItems": actions, "ClientRequestToken": f"token-{mark}"}
        answer = self.caller.attempt("TransactWriteItems", request)
        attempts = 1
        while answer is None and attempts < _TOKEN_ATTEMPTS_MAX:
            answer = self._ask_again(request)
            attempts += 1
        self._note(mark, keys, answer)

    def _ask_again(self, request: dict[str, Any]) -> Answer | None:
        """None also for a refusal, which says nothing of the attempts before."""
        answer = self.caller.attempt("TransactWriteItems", request)
        if answer is None or answer.status == 200:
            return answer
        expected = ("ThrottlingException", "TransactionInProgressException")
        assert Refused(answer).type in expected, str(Refused(answer))
        return None

    def _item(self, key: str, mark: str) -> Item:
        return {"pk": S(key), "g": S(f"g{self._random.randrange(5)}"), "by": S(mark)}

    def _addition(self, key: str, mark: str) -> dict[str, Any]:
        return {
            "TableName": TABLE,
            "Key": {"pk": S(key)},
            "UpdateExpression": "ADD n :one SET #by = :mark, g = :group",
            "ExpressionAttributeNames": {"#by": "by"},
            "ExpressionAttributeValues": {
                ":one": N(1),
                ":mark": S(mark),
                ":group": S(f"g{self._random.randrange(5)}"),
            },
        }


def _told(keys: Sequence[str], answer: Answer) -> dict[str, int]:
    attributes = answer.json.get("Attributes", {})
    return {keys[0]: int(attributes["n"]["N"])} if "n" in attributes else {}
