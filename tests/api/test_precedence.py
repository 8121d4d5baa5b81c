"""Which error wins: for each operation an ordered ladder of checks.

A rung is a set of checks of one stage; each check breaks a good request in one way. Every two
checks of different rungs are broken at once, and the one on the earlier rung must answer. Within a
rung nothing is claimed. The order is that of observed 1 (and 10 for transactions): shape, then
values and expressions, then the table, then its keys, then the condition.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from support.cases import DETECTED, overlay
from support.sizes import item_of
from support.values import SS, N, S, nested


@dataclass(frozen=True, kw_only=True)
class Check:
    """One way to break a request; `says` is found in the message."""

    name: str
    breaks: Mapping[str, Any]
    says: str
    type: str = "ValidationException"


def check(name: str, breaks: Mapping[str, Any], says: str, type: str = "ValidationException"):  # noqa: A002
    return Check(name=name, breaks=breaks, says=says, type=type)


NO_TABLE = check("no table", {"TableName": "no-such-table"}, "Requested resource not found",
                 "ResourceNotFoundException")  # fmt: skip
NUMBER_MEMBER = check("JSON type", {"ReturnConsumedCapacity": 1}, "", "SerializationException")
EMPTY_NAME = check("empty table name", {"TableName": ""}, "greater than or equal to 1")
ENUM = check("enum", {"ReturnConsumedCapacity": "x"}, "enum value set")
NULL_FALSE = check("NULL false", {"Item": {"f": {"NULL": False}}}, "must have the value of true")
EMPTY_SET = check("empty set", {"Item": {"e": {"SS": []}}}, "may not be empty")
NOT_A_NUMBER = check("bad number", {"Item": {"n": N("x")}}, "converted to a numeric value: x")
DEEP = check("nesting", {"Item": {"d": nested(33)}}, "Nesting Levels")
MIXED = check("mixing", {"ConditionExpression": "attribute_exists(a)",
                         "Expected": {"a": {"Exists": False}}}, "Can not use both")  # fmt: skip
SYNTAX = check("syntax", {"ConditionExpression": "a ="}, "Syntax error")
RESERVED = check("reserved word", {"ConditionExpression": "attribute_exists(name)"}, "reserved")
UNDEFINED = check("undefined value", {"ConditionExpression": "a = :nope"}, "is not defined")
UNUSED = check(
    "unused name",
    {"ConditionExpression": "attribute_exists(a)", "ExpressionAttributeNames": {"#x": "x"}},
    "unused in expressions",
)
TOO_LARGE = check(
    "item size", {"Item": item_of({"fat": S("")}, 409_700, name="f2")}, "Item size has exceeded"
)
FALSE = check("condition", {"ConditionExpression": "attribute_exists(never)"},
              "The conditional request failed", "ConditionalCheckFailedException")  # fmt: skip

PUT = {"TableName": "strings", "Item": {"pk": S("precedence")}}
LADDERS: dict[str, tuple[Mapping[str, Any], list[list[Check]]]] = {
    "PutItem": (
        PUT,
        [
            [NUMBER_MEMBER],
            [EMPTY_NAME],
            [ENUM],
            [NULL_FALSE],
            [EMPTY_SET, NOT_A_NUMBER, DEEP],
            [MIXED],
            [SYNTAX, RESERVED, UNDEFINED, UNUSED],
            [check("ReturnValues", {"ReturnValues": "ALL_NEW"}, "can only be ALL_OLD or NONE")],
            [TOO_LARGE],
            [NO_TABLE],
            [
                check("missing key", {"Item": {"pk": ...}}, "Missing the key pk"),
                check("key type", {"Item": {"pk": N(1)}}, "Type mismatch for key pk"),
                check("empty key", {"Item": {"pk": S("")}}, "cannot contain an empty string"),
            ],
            [FALSE],
        ],
    ),
    "GetItem": (
        {"TableName": "strings", "Key": {"pk": S("precedence")}},
        [
            [NUMBER_MEMBER],
            [EMPTY_NAME, ENUM],
            [
                check("mixing", {"ProjectionExpression": "a", "AttributesToGet": ["a"]},
                      "Can not use both"),
                check("syntax", {"ProjectionExpression": "a,"}, "Syntax error"),
                check("overlap", {"ProjectionExpression": "a, a.b"}, "overlap"),
                check("undefined name", {"ProjectionExpression": "#a"}, "is not defined"),
                check("bad key value", {"Key": {"pk": N("x")}}, "numeric value"),
            ],
            [NO_TABLE],
            [
                check("key of a wrong name", {"Key": {"pk": ..., "x": S("a")}}, "match the schema"),
                check("one key too many", {"Key": {"x": S("a")}}, "match the schema"),
            ],
        ],
    ),
    "UpdateItem": (
        {"TableName": "strings", "Key": {"pk": S("precedence")}},
        [
            [NUMBER_MEMBER],
            [EMPTY_NAME],
            [check("ReturnValues", {"ReturnValues": "x"}, "enum value set: [A"), ENUM],
            [
                check("mixing", {"UpdateExpression": "SET a = b",
                                 "AttributeUpdates": {"a": {"Action": "DELETE"}}},
                      "Can not use both"),
                check("syntax", {"UpdateExpression": "SET a ="}, "Syntax error"),
                check("overlap", {"UpdateExpression": "SET a = b, a.c = b"}, "overlap"),
                check("undefined", {"UpdateExpression": "SET a = :a"}, "is not defined"),
                check("section twice", {"UpdateExpression": "SET a = b SET c = b"}, "only be used"),
                SYNTAX,
                UNDEFINED,
            ],
            [NO_TABLE],
            [
                check("a wrong key", {"Key": {"x": S("a")}}, "match the schema"),
            ],
            [FALSE],
            [check("operand type", {"UpdateExpression": "SET z = nope"}, "does not exist in")],
        ],
    ),
    "DeleteItem": (
        {"TableName": "strings", "Key": {"pk": S("precedence")}},
        [
            [NUMBER_MEMBER],
            [EMPTY_NAME],
            [ENUM],
            [MIXED, SYNTAX, RESERVED, UNDEFINED, UNUSED,
             check("ReturnValues", {"ReturnValues": "ALL_NEW"}, "can only be ALL_OLD or NONE")],
            [NO_TABLE],
            [check("a wrong key", {"Key": {"x": S("a")}}, "match the schema")],
            [FALSE],
        ],
    ),
    "Query": (
        {
            "TableName": "ranged",
            "KeyConditionExpression": "pk = :p",
            "ExpressionAttributeValues": {":p": S("a")},
        },
        [
            [check("JSON type", {"Limit": "1"}, "", "SerializationException")],
            [EMPTY_NAME, ENUM, check("limit", {"Limit": 0}, "greater than or equal to 1"),
             check("select", {"Select": "x"}, "enum value set")],
            [
                check("filter syntax", {"FilterExpression": "a ="}, "Syntax error"),
                check("reserved word", {"FilterExpression": "attribute_exists(name)"}, "reserved"),
                check("unused", {"ExpressionAttributeNames": {"#x": "x"}}, "unused in"),
                check("projection", {"ProjectionExpression": "a, a"}, "overlap"),
                check("nesting", {"ExpressionAttributeValues": {":p": nested(33)}}, "Nesting"),
            ],
            [NO_TABLE],
            [check("no index", {"IndexName": "nope"}, "does not have the specified index")],
            [
                check("key condition", {"KeyConditionExpression": "sk = :p"}, "missed key schema"),
                check("key in the filter", {"FilterExpression": "attribute_exists(sk)"},
                      "non-primary key attributes"),
                check("start key", {"ExclusiveStartKey": {"x": S("a")}}, "starting key is invalid"),
            ],
        ],
    ),
    "Scan": (
        {"TableName": "ranged"},
        [
            [check("JSON type", {"Limit": "1"}, "", "SerializationException")],
            [EMPTY_NAME, ENUM, check("limit", {"Limit": 0}, "greater than or equal to 1"),
             check("negative segment", {"Segment": -1, "TotalSegments": 2}, "or equal to 0")],
            [
                check("filter syntax", {"FilterExpression": "a ="}, "Syntax error"),
                check("segments", {"Segment": 3, "TotalSegments": 3}, "zero-based"),
                check("projection", {"ProjectionExpression": "a, a"}, "overlap"),
                check("select", {"Select": "SPECIFIC_ATTRIBUTES"}, "Must specify the Attributes"),
            ],
            [NO_TABLE],
            [check("no index", {"IndexName": "nope"}, "does not have the specified index")],
            [check("start key", {"ExclusiveStartKey": {"x": S("a")}}, "starting key is invalid")],
        ],
    ),
    "BatchGetItem": (
        {"RequestItems": {"strings": {"Keys": [{"pk": S("a")}]}}},
        [
            [check("JSON type", {"ReturnConsumedCapacity": 1}, "", "SerializationException")],
            [ENUM, check("no keys", {"RequestItems": {"numbers": {"Keys": []}}}, "or equal to 1")],
            [
                check("syntax", {"RequestItems": {"strings": {"ProjectionExpression": "a,"}}},
                      "Syntax error"),
                check("bad number", {"RequestItems": {"ranged": {"Keys": [{"pk": N("x")}]}}},
                      "numeric value: x"),
            ],
            [
                check("no table", {"RequestItems": {"nope": {"Keys": [{"pk": S("a")}]}}},
                      "Requested resource not found", "ResourceNotFoundException"),
            ],
        ],
    ),
    "BatchWriteItem": (
        {"RequestItems": {"strings": [{"DeleteRequest": {"Key": {"pk": S("a")}}}]}},
        [
            [check("JSON type", {"ReturnConsumedCapacity": 1}, "", "SerializationException")],
            [ENUM, check("no requests", {"RequestItems": {"numbers": []}}, "or equal to 1")],
            [
                check("empty set", {"RequestItems": {
                    "ranged": [{"PutRequest": {"Item": {"pk": S("a"), "sk": S("a"),
                                                        "v": {"SS": []}}}}]}}, "may not be empty"),
                check("item size", {"RequestItems": {
                    "ranged-numbers": [{"PutRequest": {
                        "Item": item_of({"pk": S("a"), "sk": N(1)}, 409_601)}}]}}, "Item size"),
            ],
            [
                check("no table", {"RequestItems": {
                    "nope": [{"DeleteRequest": {"Key": {"pk": S("a")}}}]}},
                      "Requested resource not found", "ResourceNotFoundException"),
            ],
        ],
    ),
    "TransactWriteItems": (
        {"TransactItems": [{"Put": {"TableName": "strings", "Item": {"pk": S("precedence")}}}]},
        [
            [check("JSON type", {"ReturnConsumedCapacity": 1}, "", "SerializationException")],
            [ENUM, check("token", {"ClientRequestToken": "x" * 37}, "or equal to 36")],
            [
                check("syntax", {"TransactItems": [{"Delete": {
                    "TableName": "strings", "Key": {"pk": S("a")}, "ConditionExpression": "a ="}}]},
                      "Syntax error"),
                check("item size", {"TransactItems": [{"Put": {
                    "TableName": "strings", "Item": item_of({"pk": S("a")}, 409_601)}}]},
                      "Item size"),
                check("two actions", {"TransactItems": [{
                    "Put": {"TableName": "strings", "Item": {"pk": S("a")}},
                    "Delete": {"TableName": "strings", "Key": {"pk": S("a")}}}]}, "only contain"),
            ],
        ],
    ),
}  # fmt: skip


def leaves(change: Mapping[str, Any], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """The places a change touches, and what it puts there."""
    found: dict[tuple[str, ...], Any] = {}
    for name, value in change.items():
        here = (*path, name)
        if isinstance(value, Mapping) and here[0] in ("Item", "Key", "RequestItems"):
            found.update(leaves(value, here) if len(here) == 1 else {here: value})
        else:
            found[here] = value
    return found


# What one check sets can make another check meaningless, though both leave the request well-formed.
EXPRESSIONS = ("ConditionExpression", "UpdateExpression", "ProjectionExpression")


def compatible(one: Check, two: Check) -> bool:
    places, others = leaves(one.breaks), leaves(two.breaks)
    if set(places) & set(others):
        return False
    names = {place[0] for place in places} | {place[0] for place in others}
    legacy = names & {"Expected", "AttributeUpdates", "AttributesToGet"}
    return not (legacy and len(names & set(EXPRESSIONS)) > 1)


def pairs() -> list[Any]:
    found = []
    for operation, (good, ladder) in LADDERS.items():
        for (early, rung), (late, other) in itertools.combinations(enumerate(ladder), 2):
            for winner, loser in itertools.product(rung, other):
                if compatible(winner, loser):
                    request = overlay(overlay(good, loser.breaks), winner.breaks)
                    name = f"{operation}: {winner.name} ({early}) before {loser.name} ({late})"
                    found.append(pytest.param(operation, request, winner, id=name))
    return found


def alone() -> list[Any]:
    return [
        pytest.param(operation, overlay(good, each.breaks), each, id=f"{operation}: {each.name}")
        for operation, (good, ladder) in LADDERS.items()
        for each in itertools.chain.from_iterable(ladder)
    ]


def judge(api, operation, request, expected):
    answer = api.refused(operation, request)
    assert (answer.type, answer.message) == (expected.type, answer.message)
    assert re.search(re.escape(expected.says), answer.message), answer.message


@pytest.fixture(scope="module", autouse=True)
def stored(session_api):
    session_api("PutItem", TableName="strings", Item={"pk": S("precedence"), "s": SS("a")})


@pytest.mark.parametrize(("operation", "request_", "expected"), alone())
def test_each_check_alone_answers(api, operation, request_, expected):
    judge(api, operation, request_, expected)


@pytest.mark.parametrize(("operation", "request_", "winner"), pairs())
def test_of_two_violations_the_earlier_check_answers(api, operation, request_, winner):
    judge(api, operation, request_, winner)


def test_put_reports_every_bad_enum_at_once(api):
    """observed 1 [A]."""
    answer = api.refused(
        "PutItem",
        PUT,
        ReturnConsumedCapacity="x",
        ReturnItemCollectionMetrics="x",
        ReturnValues="x",
    )
    assert answer.message.startswith("3 validation errors detected: ")
    assert (
        answer.message.count("failed to satisfy constraint")
        + answer.message.count("Failed to satisfy constraint")
        == 3
    )


def test_update_stops_at_the_first_bad_enum(api):
    """observed 1 [A]: ReturnValues first."""
    answer = api.refused(
        "UpdateItem",
        TableName="strings",
        Key={"pk": S("a")},
        ReturnValues="x",
        ReturnConsumedCapacity="x",
    )
    assert answer.message.startswith(DETECTED)
    assert "UPDATED_OLD" in answer.message


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem"])
def test_a_bad_table_name_is_reported_alone(api, operation):
    """observed 1 [A]: before the item, key and Return* checks."""
    for name in ("", "x!"):
        answer = api.refused(operation, TableName=name, Item={}, Key={}, ReturnValues="x")
        assert answer.message.startswith(DETECTED)
        assert "ablename" in answer.message.lower()
        assert "returnvalues" not in answer.message.lower()


def test_every_operation_looks_at_the_table_last(api):
    """observed 1 [A]: a bad request to a missing table is a ValidationException."""
    missing = {"TableName": "no-such-table"}
    key = {"pk": S("a")}
    for operation, request in [
        ("GetItem", {"Key": key, "ProjectionExpression": "a,"}),
        ("PutItem", {"Item": {**key, "v": {"SS": []}}}),
        ("UpdateItem", {"Key": key, "UpdateExpression": "SET a = :nope"}),
        ("UpdateItem", {"Key": key, "AttributeUpdates": {"a": {"Action": "PUT"}}}),
        ("DeleteItem", {"Key": key, "Expected": {"a": {}}}),
        ("Query", {"KeyConditions": {"pk": {"ComparisonOperator": "EQ"}}}),
        ("Query", {}),
        ("Scan", {"ScanFilter": {"a": {"ComparisonOperator": "EQ"}}}),
        ("Scan", {"Segment": 1}),
    ]:
        answer = api.refused(operation, {**missing, **request})
        assert answer.type == "ValidationException", (operation, request, answer)
