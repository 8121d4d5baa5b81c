"""The two checks of attribute values, and which operation runs which.

Observed in us-east-1, eu-west-1 and us-west-2 in October 2026. The newer check is that of the
operations on one item, BatchGetItem and Query; BatchWriteItem, Scan and the transactions run the
older one, which words some faults in another way.
"""

from __future__ import annotations

import pytest

from support.cases import INVALID, ids
from support.values import S, nested

NOT_A_NUMBER = "The parameter cannot be converted to a numeric value"
OVERFLOW = (
    "Number overflow. Attempting to store a number with magnitude larger than supported range"
)
UNDERFLOW = (
    "Number underflow. Attempting to store a number with magnitude smaller than supported range"
)
DEEP = (
    "Nesting Levels have exceeded supported limits: "
    "Attributes in the item have nested levels beyond supported limit"
)
TABLE = {"TableName": "strings"}
KEY = {"pk": S("a")}

# The fault, the value, what the newer check says, and what the older one does.
FAULTS = [
    ("not a number", {"N": "abc"}, f"{NOT_A_NUMBER}: abc", f"{NOT_A_NUMBER}: abc"),
    ("empty number", {"N": ""}, f"{NOT_A_NUMBER}: ", NOT_A_NUMBER),
    ("empty number in a set", {"NS": ["1", ""]}, f"{NOT_A_NUMBER}: ", NOT_A_NUMBER),
    ("just too large", {"N": "1e126"}, OVERFLOW, OVERFLOW),
    ("the last 32-bit exponent", {"N": "1e2147483647"}, OVERFLOW, UNDERFLOW),
    ("past the 32-bit exponents", {"N": "1e2147483648"}, OVERFLOW,
     f"{NOT_A_NUMBER}: 1e2147483648"),
    ("far below them", {"N": "1e-99999999999"}, UNDERFLOW, f"{NOT_A_NUMBER}: 1e-99999999999"),
    ("string twice", {"SS": ["b", "a", "b"]},
     f'{INVALID}Input collection ["a", "b", "b"] contains duplicates.',
     f"{INVALID}Input collection [b, a, b] contains duplicates."),
    ("binary twice", {"BS": ["/w==", "AA==", "AA=="]},
     f'{INVALID}Input collection ["AA==","/w==","AA=="]of type BS contains duplicates.',
     f"{INVALID}Input collection [/w==, AA==, AA==]of type BS contains duplicates."),
    ("number twice", {"NS": ["2", "1", "2"]}, f"{INVALID}Input collection contains duplicates.",
     "Input collection contains duplicates"),
]  # fmt: skip
NEWER = [(name, value, newer) for name, value, newer, _ in FAULTS]
OLDER = [(name, value, older) for name, value, _, older in FAULTS]


def using(expression, value):
    return {expression: "a = :v", "ExpressionAttributeValues": {":v": value}}


def query(value):
    condition = {"KeyConditionExpression": "pk = :p AND sk = :v"}
    return {
        "TableName": "ranged",
        **condition,
        "ExpressionAttributeValues": {":p": S("a"), ":v": value},
    }


def legacy(value):
    return {"ComparisonOperator": "EQ", "AttributeValueList": [value]}


BARE_AND_NEW = {
    "GetItem": lambda value: ("GetItem", {**TABLE, "Key": {"pk": value}}),
    "BatchGetItem": lambda value: (
        "BatchGetItem",
        {"RequestItems": {"strings": {"Keys": [{"pk": value}]}}},
    ),
    "Query by value": lambda value: ("Query", query(value)),
    "Query filter": lambda value: (
        "Query",
        {**TABLE, "KeyConditions": {"pk": legacy(S("a"))}, "QueryFilter": {"a": legacy(value)}},
    ),
    "Query from a key": lambda value: (
        "Query",
        {**query(S("b")), "ExclusiveStartKey": {"pk": value}},
    ),
}
BARE_AND_OLD = {
    "BatchWriteItem put": lambda value: (
        "BatchWriteItem",
        {"RequestItems": {"strings": [{"PutRequest": {"Item": {**KEY, "a": value}}}]}},
    ),
    "BatchWriteItem delete": lambda value: (
        "BatchWriteItem",
        {"RequestItems": {"strings": [{"DeleteRequest": {"Key": {"pk": value}}}]}},
    ),
    "Scan filter": lambda value: ("Scan", {**TABLE, "ScanFilter": {"a": legacy(value)}}),
    "transacted Put": lambda value: (
        "TransactWriteItems",
        {"TransactItems": [{"Put": {**TABLE, "Item": {**KEY, "a": value}}}]},
    ),
    "transacted Delete": lambda value: (
        "TransactWriteItems",
        {"TransactItems": [{"Delete": {**TABLE, "Key": {"pk": value}}}]},
    ),
    "transacted Get": lambda value: (
        "TransactGetItems",
        {"TransactItems": [{"Get": {**TABLE, "Key": {"pk": value}}}]},
    ),
}
WRAPPED = {
    "Scan": lambda value: ("Scan", {**TABLE, **using("FilterExpression", value)}),
    "transacted Update": lambda value: (
        "TransactWriteItems",
        {
            "TransactItems": [
                {
                    "Update": {
                        **TABLE,
                        "Key": KEY,
                        "UpdateExpression": "SET a = :v",
                        "ExpressionAttributeValues": {":v": value},
                    }
                }
            ]
        },
    ),
    "transacted check": lambda value: (
        "TransactWriteItems",
        {
            "TransactItems": [
                {"ConditionCheck": {**TABLE, "Key": KEY, **using("ConditionExpression", value)}}
            ]
        },
    ),
}


def judge(api, request, message):
    answer = api.refused(*request)
    assert (answer.type, answer.message) == ("ValidationException", message)


@pytest.mark.parametrize("place", BARE_AND_NEW)
@pytest.mark.parametrize(("value", "message"), ids(NEWER))
def test_reads_but_scans_run_the_newer_check(api, place, value, message):
    judge(api, BARE_AND_NEW[place](value), message)


@pytest.mark.parametrize("place", BARE_AND_OLD)
@pytest.mark.parametrize(("value", "message"), ids(OLDER))
def test_scans_batches_of_writes_and_transactions_run_the_older_check(api, place, value, message):
    judge(api, BARE_AND_OLD[place](value), message)


@pytest.mark.parametrize("place", WRAPPED)
@pytest.mark.parametrize(
    ("value", "message"), [*ids(OLDER), pytest.param(nested(40), DEEP, id="depth")]
)
def test_the_older_check_names_the_placeholder(api, place, value, message):
    wrapped = f"ExpressionAttributeValues contains invalid value: {message} for key :v"
    judge(api, WRAPPED[place](value), wrapped)
