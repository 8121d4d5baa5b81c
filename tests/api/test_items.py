"""PutItem, GetItem, UpdateItem and DeleteItem: what they do and what they answer."""

from __future__ import annotations

import re

import pytest

from support.cases import DETECTED, INVALID, Cases, check_refused, ids
from support.sizes import item_bytes, item_of
from support.values import NULL, SS, B, L, M, N, S, nested


def test_a_put_answers_an_empty_object(api, fresh):
    assert api("PutItem", TableName="strings", Item={"pk": S(fresh())}) == {}


def test_a_put_replaces_the_whole_item(api, fresh):
    key = {"pk": S(fresh())}
    api("PutItem", TableName="strings", Item={**key, "a": N(1)})
    api("PutItem", TableName="strings", Item={**key, "b": N(2)})
    assert api("GetItem", TableName="strings", Key=key) == {"Item": {**key, "b": N(2)}}


def test_a_missing_item_has_no_item_member(api, fresh):
    assert api("GetItem", TableName="strings", Key={"pk": S(fresh())}) == {}


@pytest.mark.parametrize("consistent", [True, False])
def test_a_write_is_seen_by_the_next_read(api, fresh, consistent):
    key = {"pk": S(fresh())}
    for n in range(5):
        api("PutItem", TableName="strings", Item={**key, "n": N(n)})
        got = api("GetItem", TableName="strings", Key=key, ConsistentRead=consistent)
        assert got["Item"]["n"] == N(n)


def test_deleting(api, fresh):
    key = {"pk": S(fresh())}
    assert api("DeleteItem", TableName="strings", Key=key) == {}
    api("PutItem", TableName="strings", Item=key)
    assert api("DeleteItem", TableName="strings", Key=key) == {}
    assert api("GetItem", TableName="strings", Key=key) == {}


def test_a_delete_gives_the_old_item_where_asked(api, fresh):
    item = {"pk": S(fresh()), "a": N(1)}
    key = {"pk": item["pk"]}
    request = {"TableName": "strings", "Key": key, "ReturnValues": "ALL_OLD"}
    assert api("DeleteItem", request) == {}
    api("PutItem", TableName="strings", Item=item)
    assert api("DeleteItem", request) == {"Attributes": item}
    api("PutItem", TableName="strings", Item=item)
    assert api("DeleteItem", request, ReturnValues="NONE") == {}


def test_a_put_gives_the_old_item_where_asked(api, fresh):
    """observed 4 [S]: nothing replaced, no Attributes."""
    item = {"pk": S(fresh()), "a": N(1)}
    request = {"TableName": "strings", "Item": item, "ReturnValues": "ALL_OLD"}
    assert api("PutItem", request) == {}
    assert api("PutItem", request, Item={"pk": item["pk"]}) == {"Attributes": item}
    assert api("PutItem", request, ReturnValues="NONE") == {}


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem", "DeleteItem"])
def test_a_failed_condition(api, fresh, operation):
    item = {"pk": S(fresh()), "a": N(1), "m": M(x=SS("a"))}
    key = {"pk": item["pk"]}
    api("PutItem", TableName="strings", Item=item)
    request = {
        "TableName": "strings",
        "ConditionExpression": "a > :a",
        "ExpressionAttributeValues": {":a": N(1)},
    }
    if operation == "PutItem":
        request["Item"] = {**key, "b": N(2)}
    else:
        request["Key"] = key
    if operation == "UpdateItem":
        request["UpdateExpression"] = "SET b = :a"
    answer = api.refused(operation, request)
    assert answer.status == 400
    assert answer.body == {
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed",
    }
    answer = api.refused(operation, request, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert answer.body == {
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed",
        "Item": item,
    }
    answer = api.refused(operation, request, ReturnValuesOnConditionCheckFailure="NONE")
    assert "Item" not in answer.body
    assert api("GetItem", TableName="strings", Key=key)["Item"] == item


def test_a_failed_condition_on_no_item_has_no_item(api, fresh):
    answer = api.refused(
        "PutItem",
        TableName="strings",
        Item={"pk": S(fresh())},
        ConditionExpression="attribute_exists(pk)",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    assert "Item" not in answer.body


KEYS = [
    ("strings", {"pk": S("a")}),
    ("strings", {"pk": S("a" * 2048)}),
    ("strings", {"pk": S("é" * 1024)}),
    ("numbers", {"pk": N("-0.5")}),
    ("numbers", {"pk": N("1" * 38)}),
    ("binaries", {"pk": B(b"\x00")}),
    ("binaries", {"pk": B(b"\xff" * 2048)}),
    ("ranged", {"pk": S("p" * 2048), "sk": S("s" * 1024)}),
    ("ranged-numbers", {"pk": S("p"), "sk": N("1E-130")}),
    ("ranged-binaries", {"pk": S("p"), "sk": B(b"s" * 1024)}),
]


@pytest.mark.parametrize(("table", "key"), KEYS, ids=lambda each: str(each)[:30])
def test_keys_of_every_type_and_size(api, table, key):
    api("PutItem", TableName=table, Item={**key, "v": N(1)})
    got = api("GetItem", TableName=table, Key=key)["Item"]
    assert got["v"] == N(1)
    assert api("DeleteItem", TableName=table, Key=key, ReturnValues="ALL_OLD")["Attributes"] == got


def test_the_largest_item_is_409600_bytes(api, fresh):
    key = {"pk": S(fresh())}
    item = item_of(key, 409_600)
    api("PutItem", TableName="strings", Item=item)
    assert api("GetItem", TableName="strings", Key=key)["Item"] == item
    api("DeleteItem", TableName="strings", Key=key)


UPDATE_TOO_LARGE = "Item size to update has exceeded the maximum allowed size"
# What a clause is charged beside `SET b = :pad`, which is charged 3 + 19 + 1 and the padding. The
# service bisected, October 2026; every figure is in tests/expressions/test_expression_update.py.
CHARGES = [
    ("nothing", "", {}, {}, 0),
    ("a SET", ", c = :one", {":one": S("1")}, {}, 19 + 1 + 1),
    ("a REMOVE", " REMOVE gone", {}, {"gone": S("x" * 100)}, 1 + 4),
    ("an ADD", " ADD n :n", {":n": N(1)}, {"n": N("1" * 38)}, 19 + 1 + 2),
    ("an addition", ", n = n + :n", {":n": N(1)}, {"n": N("1" * 20)}, 19 + 1 + 34 + 16 + 2),
    ("an index", ", l[0] = :n", {":n": N(1)}, {"l": L(N(2))}, 19 + 1 + 5 + 2),
    ("a value not used", ", c = if_not_exists(c, :s)", {":s": S("x" * 100)}, {"c": S("c")},
     19 + 1 + 39 + 16 + 100),
]  # fmt: skip


@pytest.mark.parametrize(("clause", "values", "seed", "charge"), ids(CHARGES))
def test_an_update_is_charged_for_what_it_says(api, clause, values, seed, charge):
    key = {"pk": S("K")}
    room = 409_600 - (3 + 19 + 1) - charge
    for padding, fits in ((room, True), (room + 1, False)):
        api("PutItem", TableName="strings", Item={**key, **seed})
        request = {
            "TableName": "strings",
            "Key": key,
            "UpdateExpression": "SET b = :pad" + clause,
            "ExpressionAttributeValues": {":pad": S("x" * padding), **values},
        }
        if fits:
            api("UpdateItem", request)
        else:
            assert api.refused("UpdateItem", request).message == UPDATE_TOO_LARGE
    api("DeleteItem", TableName="strings", Key=key)


@pytest.mark.parametrize("condition", ["attribute_exists(c)", "attribute_exists(nope)", None])
def test_an_update_is_charged_before_its_condition(api, fresh, condition):
    """The value is not even used: the item stays as small as it is."""
    key = {"pk": S(fresh())}
    api("PutItem", TableName="strings", Item={**key, "c": S("x")})
    answer = api.refused(
        "UpdateItem",
        TableName="strings",
        Key=key,
        UpdateExpression="SET c = if_not_exists(c, :huge)",
        ConditionExpression=condition,
        ExpressionAttributeValues={":huge": S("h" * 409_700)},
    )
    assert (answer.type, answer.message) == ("ValidationException", UPDATE_TOO_LARGE)


@pytest.mark.parametrize("untouched", [{}, {"keep": S("x" * 100)}], ids=["alone", "with more"])
def test_an_item_that_was_updated_has_at_most_409600_bytes(api, fresh, untouched):
    """With a key, or attributes left alone, that outweigh the charge; and by legacy parameters."""
    key = {"pk": S(fresh() + "k" * 100)}
    room = 409_600 - item_bytes({**key, **untouched}) - len("b")
    for padding, fits in ((room, True), (room + 1, False)):
        value = S("x" * padding)
        for change in (
            {"UpdateExpression": "SET b = :pad", "ExpressionAttributeValues": {":pad": value}},
            {"AttributeUpdates": {"b": {"Value": value}}},
        ):
            api("PutItem", TableName="strings", Item={**key, **untouched})
            if fits:
                api("UpdateItem", change, TableName="strings", Key=key)
            else:
                answer = api.refused("UpdateItem", change, TableName="strings", Key=key)
                assert answer.message == UPDATE_TOO_LARGE
    api("DeleteItem", TableName="strings", Key=key)


def test_legacy_updates_are_not_charged(api):
    """Only the finished item counts: a key of one byte does not lower the limit."""
    key = {"pk": S("K")}
    value = S("x" * (409_600 - item_bytes(key) - 1))
    api("UpdateItem", TableName="strings", Key=key, AttributeUpdates={"b": {"Value": value}})
    api("DeleteItem", TableName="strings", Key=key)


SCHEMA = "The provided key element does not match the schema"
EMPTY_KEY = (
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
    "contain an empty {} value. Key: {}"
)
keyed = Cases("GetItem")
for name, table, key, message in [
    ("wrong type", "strings", {"pk": N(1)}, SCHEMA),
    ("wrong name", "strings", {"x": S("a")}, SCHEMA),
    ("no attribute", "strings", {}, SCHEMA),
    ("one too many", "strings", {"pk": S("a"), "x": S("b")}, SCHEMA),
    ("no sort key", "ranged", {"pk": S("a")}, SCHEMA),
    ("wrong sort key", "ranged", {"pk": S("a"), "sk": N(1)}, SCHEMA),
    ("list", "strings", {"pk": L(S("a"))}, SCHEMA),
    ("null", "strings", {"pk": NULL}, SCHEMA),
    ("empty string", "strings", {"pk": S("")}, EMPTY_KEY.format("string", "pk")),
    ("empty binary", "binaries", {"pk": B(b"")}, EMPTY_KEY.format("binary", "pk")),
    ("empty sort key", "ranged", {"pk": S("a"), "sk": S("")}, EMPTY_KEY.format("string", "sk")),
    ("partition key of 2049 bytes", "strings", {"pk": S("x" * 2049)},
     INVALID + "Size of hashkey has exceeded the maximum size limit of2048 bytes"),
    ("sort key of 1025 bytes", "ranged", {"pk": S("x"), "sk": S("x" * 1025)},
     INVALID + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"),
    ("unknown table", "no-such-table", {"pk": S("x")}, "Requested resource not found"),
]:  # fmt: skip
    for operation in ("GetItem", "UpdateItem", "DeleteItem"):
        keyed(f"{operation}, {name}", {"TableName": table, "Key": key}, message,
              "observed 4", operation=operation,
              type="ResourceNotFoundException" if table.startswith("no-") else
              "ValidationException")  # fmt: skip


@pytest.mark.parametrize("case", keyed.items)
def test_a_bad_key_is_refused(api, case):
    check_refused(api.refused(case.operation, case.request), case)


puts = Cases("PutItem", {"TableName": "strings", "Item": {"pk": S("a")}})
TYPE = INVALID + "Type mismatch for key {} expected: {} actual: {}"
puts("missing key", {"Item": {"pk": ..., "x": S("a")}}, INVALID + "Missing the key pk in the item",
     "observed 4 [S]")  # fmt: skip
puts("empty item", {"Item": {"pk": ...}}, INVALID + "Missing the key pk in the item",
     "observed 4 [S]")  # fmt: skip
puts("missing sort key", {"TableName": "ranged"}, INVALID + "Missing the key sk in the item",
     "observed 4 [S]")  # fmt: skip
for actual, value in [("N", N(1)), ("B", B(b"a")), ("L", L()), ("M", M()), ("NULL", NULL),
                      ("BOOL", {"BOOL": True}), ("SS", SS("a"))]:  # fmt: skip
    puts(f"key of type {actual}", {"Item": {"pk": value}}, TYPE.format("pk", "S", actual),
         "observed 4 [A]")  # fmt: skip
puts("sort key of another type", {"TableName": "ranged", "Item": {"sk": N(1)}},
     TYPE.format("sk", "S", "N"), "observed 4 [A]")  # fmt: skip
puts("empty key", {"Item": {"pk": S("")}}, EMPTY_KEY.format("string", "pk"), "observed 4 [A]")
puts("empty binary key", {"TableName": "binaries", "Item": {"pk": B(b"")}},
     EMPTY_KEY.format("binary", "pk"), "observed 4 [A]")  # fmt: skip
puts("partition key of 2049 bytes", {"Item": {"pk": S("x" * 2049)}},
     INVALID + "Size of hashkey has exceeded the maximum size limit of2048 bytes",
     "observed 4 [S]")  # fmt: skip
puts("sort key of 1025 bytes", {"TableName": "ranged", "Item": {"sk": S("x" * 1025)}},
     INVALID + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
     "observed 4 [S]")  # fmt: skip
puts("409,601 bytes", {"Item": item_of({"pk": S("a")}, 409_601)},
     "Item size has exceeded the maximum allowed size", "observed 3 [A]")  # fmt: skip
puts("unknown table", {"TableName": "no-such-table"}, "Requested resource not found",
     "observed 4 [S]", type="ResourceNotFoundException")  # fmt: skip
ONLY_OLD = "ReturnValues can only be ALL_OLD or NONE"
for kind in ("ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"):
    puts(f"ReturnValues {kind}", {"ReturnValues": kind}, DETECTED + ONLY_OLD,
         "observed 4 [A]")  # fmt: skip
MIXED = (
    "Can not use both expression and non-expression parameters in the same request: "
    "Non-expression parameters: {{{}}} Expression parameters: {{{}}}"
)
puts("Expected and a condition",
     {"Expected": {"a": {"Exists": False}}, "ConditionExpression": "attribute_not_exists(a)"},
     DETECTED + MIXED.format("Expected", "ConditionExpression"), "observed 1, 2 [A]")  # fmt: skip
puts("ConditionalOperator and a condition",
     {"ConditionalOperator": "AND", "ConditionExpression": "attribute_not_exists(a)"},
     DETECTED + MIXED.format("ConditionalOperator", "ConditionExpression"),
     "observed 1, 2 [A]")  # fmt: skip


@pytest.mark.parametrize("case", puts.items)
def test_a_put_is_refused(api, case):
    check_refused(api.refused(case.operation, case.request), case)


shaped = Cases("PutItem")
V1 = "1 validation error detected: "
NAME = {
    "missing": (..., V1 + "Value null at 'tableName' failed to satisfy constraint: "
                "Member must not be null"),
    "empty": ("", re.compile(re.escape(V1) + "Value (?:'' )?at '[tT]ableName' failed to satisfy "
                             "constraint: Member must have length greater than or equal to 1")),
    "bad": ("bad name!", V1 + "Value 'bad name!' at 'tableName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"),
}  # fmt: skip
WITH_NAMES = {
    "PutItem": {"Item": {"pk": S("a")}},
    "GetItem": {"Key": {"pk": S("a")}},
    "DeleteItem": {"Key": {"pk": S("a")}},
    "UpdateItem": {"Key": {"pk": S("a")}},
    "Query": {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": S("a")}},
    "Scan": {},
}
for operation, base in WITH_NAMES.items():
    for name, (value, message) in NAME.items():
        request = dict(base) if value is ... else {**base, "TableName": value}
        shaped(f"{operation}, {name} table name", request, message, "observed 1 [A]",
               operation=operation)  # fmt: skip
    shaped(f"{operation}, unknown ReturnConsumedCapacity",
           {**base, "TableName": "strings", "ReturnConsumedCapacity": "x"},
           re.compile(re.escape(V1) + r"(?:Value 'x' at '[rR]eturnConsumedCapacity' f|F)ailed to "
                      r"satisfy constraint: Member must satisfy enum value set: "
                      r"\[(?:INDEXES, TOTAL, NONE|NONE, TOTAL, INDEXES)\]"), "observed 1 [S]",
           operation=operation)  # fmt: skip
for operation in ("GetItem", "DeleteItem", "UpdateItem"):
    shaped(f"{operation}, no key", {"TableName": "strings"},
           V1 + "Value null at 'key' failed to satisfy constraint: Member must not be null",
           "observed 1 [A]", operation=operation)  # fmt: skip
shaped("PutItem, no item", {"TableName": "strings"},
       V1 + "Value null at 'item' failed to satisfy constraint: Member must not be null",
       "observed 1 [A]")  # fmt: skip
for operation in ("PutItem", "DeleteItem", "UpdateItem"):
    base = {"TableName": "strings", **WITH_NAMES[operation]}
    shaped(f"{operation}, unknown ReturnValues", {**base, "ReturnValues": "x"},
           V1 + "Failed to satisfy constraint: Member must satisfy enum value set: "
           "[ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]",
           "observed on the service, October 2026", operation=operation)  # fmt: skip
    shaped(f"{operation}, unknown ReturnItemCollectionMetrics",
           {**base, "ReturnItemCollectionMetrics": "x"},
           V1 + "Value 'x' at 'returnItemCollectionMetrics' failed to satisfy constraint: "
           "Member must satisfy enum value set: [SIZE, NONE]",
           "observed on the service, September 2026", operation=operation)  # fmt: skip
    # Nobody has seen this set printed: the order is free, the set is the model's.
    shaped(f"{operation}, unknown ReturnValuesOnConditionCheckFailure",
           {**base, "ReturnValuesOnConditionCheckFailure": "x"},
           re.compile(re.escape(V1) + r"(?:Value 'x' at 'returnValuesOnConditionCheckFailure' f|F)"
                      r"ailed to satisfy constraint: Member must satisfy enum value set: "
                      r"\[[A-Z_, ]+\]"), "observed 1 [S]", operation=operation)  # fmt: skip


@pytest.mark.parametrize("case", shaped.items)
def test_a_request_out_of_shape_is_refused(api, case):
    check_refused(api.refused(case.operation, case.request), case)


def test_unknown_members_are_ignored(api, fresh):
    api("PutItem", TableName="strings", Item={"pk": S(fresh())}, NoSuchMember={"x": 1})


def test_a_null_member_counts_as_absent(api, fresh):
    api(
        "PutItem",
        TableName="strings",
        Item={"pk": S(fresh())},
        ConditionExpression=None,
        ExpressionAttributeNames=None,
        ReturnValues=None,
    )


DEEP = (
    "Nesting Levels have exceeded supported limits: "
    "Attributes in the item have nested levels beyond supported limit"
)


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("PutItem", {"Item": {"pk": S("a")}, "ConditionExpression": "a = :v"}),
        ("UpdateItem", {"Key": {"pk": S("a")}, "UpdateExpression": "SET a = :v"}),
        ("DeleteItem", {"Key": {"pk": S("a")}, "ConditionExpression": "a = :v"}),
        ("Query", {"KeyConditionExpression": "pk = :v"}),
    ],
)
def test_expression_values_nest_to_32_levels(api, operation, request_):
    """Without a wrapper; with the prefix on the single-item writes: October 2026."""
    values = {":v": nested(33)}
    answer = api.refused(operation, request_, TableName="strings", ExpressionAttributeValues=values)
    prefix = DETECTED if operation.endswith("Item") else ""
    assert (answer.type, answer.message) == ("ValidationException", prefix + DEEP)


def test_an_update_may_not_nest_an_item_deeper_than_32_levels(api, fresh):
    """The value is fine by itself; where it lands is too deep."""
    key = {"pk": S(fresh())}
    api("PutItem", TableName="strings", Item={**key, "a": L(nested(31))})
    answer = api.refused(
        "UpdateItem",
        TableName="strings",
        Key=key,
        UpdateExpression="SET a[0] = :v",
        ExpressionAttributeValues={":v": nested(32)},
    )
    assert answer.type == "ValidationException"
    assert answer.message == "Nesting Levels have exceeded supported limits"
