"""Statements leave behind, and cost, what the native operations do that they stand for.

Random statements on one table, and the operations they mean on another: one by one, and two in a
transaction. Afterwards both hold the same items and index entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from support import tables
from support.client import Refused
from support.values import N, S

STATEMENTS, NATIVE = "partiql-statements", "partiql-native"
DEFINITION = tables.table(
    "pk",
    "sk",
    types={"pk": "S", "sk": "N", "g": "S"},
    local=[tables.index("lsi", "pk", "g")],
    everywhere=[tables.index("gsi", "g", "sk", projection="KEYS_ONLY")],
)
KINDS = {"DuplicateItemException": "ConditionalCheckFailedException"}
CODES = {"DuplicateItem": "ConditionalCheckFailed"}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A statement with its parameters, and the operation that it means."""

    statement: str
    parameters: tuple[Any, ...]
    operation: str
    request: dict[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        key = self.request.get("Key") or self.request["Item"]
        return key["pk"]["S"], key["sk"]["N"]


def insert(pk: str, sk: int, g: str | None, v: int) -> Wish:
    item = {"pk": S(pk), "sk": N(sk), "v": N(v)} | ({} if g is None else {"g": S(g)})
    members = ", ".join(f"'{name}': ?" for name in item)
    return Wish(
        statement=f'INSERT INTO "{STATEMENTS}" VALUE {{{members}}}',
        parameters=tuple(item.values()),
        operation="Put",
        request={"Item": item, "ConditionExpression": "attribute_not_exists(pk)"},
    )


def update(pk: str, sk: int, g: str | None, v: int) -> Wish:
    change, values = "REMOVE g", {}
    if g is not None:
        change, values = f"SET g = '{g}'", {":g": S(g)}
    native = "REMOVE g" if g is None else "SET g = :g"
    return Wish(
        statement=f'UPDATE "{STATEMENTS}" {change} WHERE pk = ? AND sk = ? AND v >= ?',
        parameters=(S(pk), N(sk), N(v)),
        operation="Update",
        request={
            "Key": {"pk": S(pk), "sk": N(sk)},
            "UpdateExpression": native,
            "ConditionExpression": "attribute_exists(pk) AND v >= :v",
            "ExpressionAttributeValues": {":v": N(v), **values},
        },
    )


def add(pk: str, sk: int, g: str | None, v: int) -> Wish:
    return Wish(
        statement=f'UPDATE "{STATEMENTS}" SET v = v + ? WHERE pk = ? AND sk = ?',
        parameters=(N(v), S(pk), N(sk)),
        operation="Update",
        request={
            "Key": {"pk": S(pk), "sk": N(sk)},
            "UpdateExpression": "SET v = v + :v",
            "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeValues": {":v": N(v)},
        },
    )


def delete(pk: str, sk: int, g: str | None, v: int) -> Wish:
    return Wish(
        statement=f'DELETE FROM "{STATEMENTS}" WHERE pk = ? AND sk = ? AND NOT v = ?',
        parameters=(S(pk), N(sk), N(v)),
        operation="Delete",
        request={
            "Key": {"pk": S(pk), "sk": N(sk)},
            "ConditionExpression": "attribute_not_exists(pk) OR NOT v = :v",
            "ExpressionAttributeValues": {":v": N(v)},
        },
    )


wishes = st.builds(
    lambda make, *rest: make(*rest),
    st.sampled_from([insert, insert, update, add, delete]),
    st.sampled_from("ab"),
    st.integers(1, 2),
    st.sampled_from([None, "x", "y"]),
    st.integers(0, 3),
)
pairs = st.tuples(wishes, wishes).filter(lambda pair: pair[0].key != pair[1].key)


def member(wish: Wish) -> dict[str, Any]:
    return {"Statement": wish.statement, "Parameters": list(wish.parameters)}


def outcome(api, operation: str, request: dict[str, Any]) -> Any:
    """What came of it: its cost without the table's name, or how it was refused."""
    try:
        answer = api(operation, request, ReturnConsumedCapacity="INDEXES")
    except Refused as refused:
        reasons = refused.body.get("CancellationReasons", [])
        codes = [CODES.get(each["Code"], each["Code"]) for each in reasons]
        return KINDS.get(refused.type, refused.type), codes
    costs = answer["ConsumedCapacity"]
    costs = costs if isinstance(costs, list) else [costs]
    return [{name: cost for name, cost in each.items() if name != "TableName"} for each in costs]


def contents(api, table: str, index: str | None = None) -> list[str]:
    request = {"TableName": table} | ({"IndexName": index} if index else {})
    return sorted(repr(sorted(item.items())) for item in api("Scan", request)["Items"])


@pytest.fixture(scope="module")
def both(session_api):
    for name in (STATEMENTS, NATIVE):
        tables.create(session_api, name, DEFINITION)
    return session_api


def test_statements_do_what_the_native_operations_do(both):
    api = both

    @settings(
        settings.get_profile("genset"), max_examples=30, phases=(Phase.generate, Phase.shrink)
    )
    @given(st.lists(st.one_of(wishes, pairs), min_size=5, max_size=10))
    def compare(sequence):
        for step in sequence:
            if isinstance(step, Wish):
                native = f"{step.operation}Item", {"TableName": NATIVE, **step.request}
                mine = outcome(api, "ExecuteStatement", member(step))
            else:
                actions = [{wish.operation: {"TableName": NATIVE, **wish.request}} for wish in step]
                native = "TransactWriteItems", {"TransactItems": actions}
                statements = [member(wish) for wish in step]
                mine = outcome(api, "ExecuteTransaction", {"TransactStatements": statements})
            assert mine == outcome(api, *native), step
        for index in (None, "lsi", "gsi"):
            assert contents(api, STATEMENTS, index) == contents(api, NATIVE, index)

    compare()
