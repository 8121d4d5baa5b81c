"""The two layers in which the service checks requests, and which operation runs which.

The current layer words some rules anew, and the single-item writes prefix all it says; the older
layer is still that of BatchWriteItem, Scan and the transactions. Observed on the service in four
Regions, October 2026; where Regions differ (the transactions), us-east-1 is followed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.cases import DETECTED, INVALID
from support.values import BS, NS, SS, M, N, S, Value

OVERFLOW = (
    "Number overflow. Attempting to store a number with magnitude larger than supported range"
)
UNDERFLOW = (
    "Number underflow. Attempting to store a number with magnitude smaller than supported range"
)
NOT_A_NUMBER = "The parameter cannot be converted to a numeric value"
REPEATED = f"{INVALID}Input collection "

# What is wrong, the value, the current layer's message, the older one's.
FAULTS: list[tuple[str, Value, str, str]] = [
    ("letters", N("abc"), f"{NOT_A_NUMBER}: abc", f"{NOT_A_NUMBER}: abc"),
    ("no digits", N(""), f"{NOT_A_NUMBER}: ", NOT_A_NUMBER),
    ("too large", N("1e126"), OVERFLOW, OVERFLOW),
    # The older layer adds in 32 bits.
    ("far too large", N("1e2147483647"), OVERFLOW, UNDERFLOW),
    # In order up to the first repeat, and from there on as sent.
    ("strings twice", SS("b", "a", "b", "A"),
     REPEATED + '["a", "b", "b", "A"] contains duplicates.',
     REPEATED + "[b, a, b, A] contains duplicates."),
    ("binaries twice", BS(b"\xff", b"\x00", b"\x00"),
     REPEATED + '["AA==","/w==","AA=="]of type BS contains duplicates.',
     REPEATED + "[/w==, AA==, AA==]of type BS contains duplicates."),
    ("numbers twice", NS("2", "1", "2.0"), REPEATED + "contains duplicates.",
     "Input collection contains duplicates"),
]  # fmt: skip

KEY = {"pk": S("layers")}
CONDITION = {"ConditionExpression": "attribute_not_exists(pk) OR a = :v"}
UPDATE = {"UpdateExpression": "SET a = :v"}


def _transact(**action: Any) -> dict[str, Any]:
    return {"TransactItems": [action]}


def _at(operation: str, **members: Any) -> dict[str, Any]:
    return {operation: {"TableName": "strings", **members}}


Request = Callable[[Value], dict[str, Any]]
Row = tuple[str, str, Request]
PREFIXED: list[Row] = [
    ("an item", "PutItem", lambda v: {"Item": {**KEY, "a": v}}),
    ("a nested value", "PutItem", lambda v: {"Item": {**KEY, "a": {"M": {"x": {"L": [v]}}}}}),
    ("a condition's value", "PutItem",
     lambda v: {"Item": KEY, **CONDITION, "ExpressionAttributeValues": {":v": v}}),
    ("Expected", "PutItem", lambda v: {"Item": KEY, "Expected": {"a": {"Value": v}}}),
    ("a list of Expected", "PutItem", lambda v: {"Item": KEY, "Expected": {
        "a": {"ComparisonOperator": "EQ", "AttributeValueList": [v]}}}),
    ("an update's value", "UpdateItem",
     lambda v: {"Key": KEY, **UPDATE, "ExpressionAttributeValues": {":v": v}}),
    ("AttributeUpdates", "UpdateItem",
     lambda v: {"Key": KEY, "AttributeUpdates": {"a": {"Action": "PUT", "Value": v}}}),
    ("an update's key", "UpdateItem", lambda v: {"Key": {"pk": v}, "UpdateExpression": "REMOVE a"}),
    ("a delete's key", "DeleteItem", lambda v: {"Key": {"pk": v}}),
    ("a delete's condition", "DeleteItem",
     lambda v: {"Key": KEY, **CONDITION, "ExpressionAttributeValues": {":v": v}}),
]  # fmt: skip
BARE: list[Row] = [
    ("a key", "GetItem", lambda v: {"Key": {"pk": v}}),
    ("a batch's key", "BatchGetItem",
     lambda v: {"RequestItems": {"strings": {"Keys": [{"pk": v}]}}}),
]  # fmt: skip
OLDER: list[Row] = [
    ("a batch's item", "BatchWriteItem",
     lambda v: {"RequestItems": {"strings": [{"PutRequest": {"Item": {**KEY, "a": v}}}]}}),
    ("a batch's key", "BatchWriteItem",
     lambda v: {"RequestItems": {"strings": [{"DeleteRequest": {"Key": {"pk": v}}}]}}),
    ("a transaction's item", "TransactWriteItems",
     lambda v: _transact(**_at("Put", Item={**KEY, "a": v}))),
    ("a transaction's key", "TransactWriteItems",
     lambda v: _transact(**_at("Delete", Key={"pk": v}))),
    ("a key to get", "TransactGetItems", lambda v: _transact(**_at("Get", Key={"pk": v}))),
]  # fmt: skip
WRAPPED: list[Row] = [
    ("an update", "TransactWriteItems", lambda v: _transact(
        **_at("Update", Key=KEY, **UPDATE, ExpressionAttributeValues={":v": v}))),
    ("a check", "TransactWriteItems", lambda v: _transact(
        **_at("ConditionCheck", Key=KEY, **CONDITION, ExpressionAttributeValues={":v": v}))),
    ("a filter", "Scan",
     lambda v: {"FilterExpression": "a = :v", "ExpressionAttributeValues": {":v": v}}),
]  # fmt: skip


def named(rows: list[Row]) -> list[Any]:
    return [pytest.param(*row[1:], id=f"{row[1]}, {row[0]}") for row in rows]


def refusal(api, operation: str, request: dict[str, Any]) -> str:
    single = operation in ("PutItem", "UpdateItem", "DeleteItem", "GetItem", "Scan")
    answer = api.refused(operation, request, **({"TableName": "strings"} if single else {}))
    assert answer.type == "ValidationException"
    return str(answer.message)


@pytest.mark.parametrize(("operation", "request_"), named(PREFIXED))
def test_a_single_item_write_prefixes_the_current_words(api, operation, request_):
    said = [refusal(api, operation, request_(value)) for _, value, _, _ in FAULTS]
    assert said == [DETECTED + current for _, _, current, _ in FAULTS]


@pytest.mark.parametrize(("operation", "request_"), named(BARE))
def test_a_get_says_the_current_words_bare(api, operation, request_):
    said = [refusal(api, operation, request_(value)) for _, value, _, _ in FAULTS]
    assert said == [current for _, _, current, _ in FAULTS]


@pytest.mark.parametrize(("operation", "request_"), named(OLDER))
def test_batch_writes_and_transactions_say_the_older_words(api, operation, request_):
    said = [refusal(api, operation, request_(value)) for _, value, _, _ in FAULTS]
    assert said == [older for _, _, _, older in FAULTS]


@pytest.mark.parametrize(("operation", "request_"), named(WRAPPED))
def test_the_older_layer_names_the_placeholder_of_a_bad_value(api, operation, request_):
    said = [refusal(api, operation, request_(value)) for _, value, _, _ in FAULTS]
    wrapper = "ExpressionAttributeValues contains invalid value: {} for key :v"
    assert said == [wrapper.format(older) for _, _, _, older in FAULTS]


def test_expected_values_are_checked_before_anything_is_written(api, fresh):
    key = {"pk": S(fresh())}
    api.refused("PutItem", TableName="strings", Item=key, Expected={"n": {"Value": N("x")}})
    assert "Item" not in api("GetItem", TableName="strings", Key=key, ConsistentRead=True)


# Requests that are nested too deep for the current layer's reader: the older layer answers them,
# and no table is looked at. 62 maps round a value are the most that the current layer reads.


def deep(maps: int) -> Value:
    value = S("leaf")
    for _ in range(maps):
        value = M(n=value)
    return value


NESTED = (
    "Nesting Levels have exceeded supported limits: "
    "Attributes in the item have nested levels beyond supported limit"
)
ENUM = "Failed to satisfy constraint: Member must satisfy enum value set: "
OLDER_ENUM = "failed to satisfy constraint: Member must satisfy enum value set: "
RETURNS = "[ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]"
OLDER_RETURNS = "[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"
ONLY_OLD = "ReturnValues can only be ALL_OLD or NONE"
DELETE = {"Key": {"pk": S("a")}, "ConditionExpression": "a = :v"}


def no_table(api, operation: str, request: dict[str, Any]) -> str:
    answer = api.refused(operation, request, TableName="no-such-table")
    assert answer.type == "ValidationException"
    return str(answer.message)


@pytest.mark.parametrize(
    ("maps", "says"), [(33, DETECTED), (62, DETECTED), (63, ""), (100, "")], ids=str
)
def test_the_older_layer_answers_a_write_nested_past_62_maps(api, maps, says):
    value = deep(maps)
    requests = [
        ("PutItem", {"Item": {"pk": S("a"), "v": value}}),
        ("UpdateItem", {"Key": {"pk": value}}),
        ("DeleteItem", {**DELETE, "ExpressionAttributeValues": {":v": value}}),
    ]
    for operation, request in requests:
        assert no_table(api, operation, request) == says + NESTED, operation


@pytest.mark.parametrize(
    ("operation", "base"),
    [
        ("PutItem", {"Item": {"pk": S("a")}}),
        ("UpdateItem", {"Key": {"pk": S("a")}, "AttributeUpdates": {"x": {"Value": S("1")}}}),
        ("DeleteItem", {"Key": {"pk": S("a")}}),
    ],
)
def test_a_conditional_operator_is_judged_before_the_values_of_expected(api, operation, base):
    def says(maps: int, operator: str, **more: Any) -> str:
        expected = {"a": {"Value": deep(maps)}, **more}
        return no_table(
            api, operation, {**base, "Expected": expected, "ConditionalOperator": operator}
        )

    second = {"b": {"Exists": False}}
    assert says(40, "XOR", **second) == f"{DETECTED}{ENUM}[ALL, OR]"
    assert says(100, "XOR", **second) == (
        f"{DETECTED}Value 'XOR' at 'conditionalOperator' {OLDER_ENUM}[OR, AND]"
    )
    assert says(40, "AND").startswith(f"{DETECTED}ConditionalOperator can only be used when")
    assert says(40, "AND", **second) == DETECTED + NESTED


def test_return_values_are_judged_before_values_in_the_older_layer(api):
    def says(maps: int, returns: str) -> str:
        values = {":v": deep(maps)}
        request = {**DELETE, "ExpressionAttributeValues": values, "ReturnValues": returns}
        return no_table(api, "DeleteItem", request)

    assert says(40, "BOGUS") == f"{DETECTED}{ENUM}{RETURNS}"
    assert (
        says(63, "BOGUS")
        == f"{DETECTED}Value 'BOGUS' at 'returnValues' {OLDER_ENUM}{OLDER_RETURNS}"
    )
    assert says(100, "UPDATED_NEW") == ONLY_OLD
