"""Global secondary indexes with several partition-key and sort-key attributes.

docs: Multi-attribute keys (November 2025): up to four of each; all partition attributes by
equality; sort attributes from the left, and only the last named may be a range.
"""

from __future__ import annotations

import pytest

from support import tables
from support.cases import INVALID, ids
from support.values import B, N, S

ROWS = [
    {"pk": S("1"), "a": S("x"), "b": N(1), "c": S("c1"), "d": N(1), "e": B(b"1")},
    {"pk": S("2"), "a": S("x"), "b": N(1), "c": S("c1"), "d": N(2), "e": B(b"2")},
    {"pk": S("3"), "a": S("x"), "b": N(1), "c": S("c2"), "d": N(1), "e": B(b"3")},
    {"pk": S("4"), "a": S("x"), "b": N(1), "c": S("c10"), "d": N("-5"), "e": B(b"4")},
    {"pk": S("5"), "a": S("x"), "b": N(2), "c": S("c1"), "d": N(1), "e": B(b"5")},
    {"pk": S("6"), "a": S("x"), "b": N(1), "c": S("c1")},
    {"pk": S("7"), "a": S("y"), "b": N(1), "c": S("c1"), "d": N(1), "e": B(b"7")},
    # Adjacent strings must not run together: "x" + "1..." is not "x1" + "...".
    {"pk": S("8"), "a": S("x1"), "b": N(1), "c": S("c1"), "d": N(1), "e": B(b"8")},
]


@pytest.fixture(scope="module")
def name(session_api):
    made = "multi-attribute"
    tables.create(session_api, made, tables.MULTI)
    for row in ROWS:
        session_api("PutItem", TableName=made, Item=row)
    return made


X1 = {":a": S("x"), ":b": N(1)}
READS = [
    ("whole partition", "a = :a AND b = :b", {}, ["1", "2", "4", "3"]),
    ("conditions in any order", "b = :b AND a = :a", {}, ["1", "2", "4", "3"]),
    ("first sort attribute", "a = :a AND b = :b AND c = :c", {":c": S("c1")}, ["1", "2"]),
    ("both sort attributes", "a = :a AND b = :b AND c = :c AND d = :d",
     {":c": S("c1"), ":d": N(2)}, ["2"]),
    ("range on the first", "a = :a AND b = :b AND c > :c", {":c": S("c1")}, ["4", "3"]),
    ("range on the last", "a = :a AND b = :b AND c = :c AND d >= :d",
     {":c": S("c1"), ":d": N(2)}, ["2"]),
    ("begins_with on the first", "a = :a AND b = :b AND begins_with(c, :c)", {":c": S("c1")},
     ["1", "2", "4"]),
    ("between on the last", "a = :a AND b = :b AND c = :c AND d BETWEEN :d AND :e",
     {":c": S("c1"), ":d": N(0), ":e": N(1)}, ["1"]),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "values", "expected"), ids(READS))
def test_key_conditions_on_several_attributes(api, name, condition, values, expected):
    request = {
        "TableName": name,
        "IndexName": "two-two",
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": {**X1, **values},
    }
    assert [item["pk"]["S"] for item in api("Query", request)["Items"]] == expected
    backward = api("Query", request, ScanIndexForward=False)
    assert [item["pk"]["S"] for item in backward["Items"]] == expected[::-1]


def test_an_item_without_one_of_the_attributes_is_not_in_the_index(api, name):
    assert api("Scan", TableName=name, IndexName="two-two")["Count"] == 7
    assert api("Scan", TableName=name, IndexName="one-three")["Count"] == 7


def test_keys_only_projects_every_key_attribute(api, name):
    page = api("Scan", TableName=name, IndexName="one-three")
    assert {frozenset(item) for item in page["Items"]} == {frozenset("abce") | {"pk"}}


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("forward", [True, False])
def test_pages_join(api, name, limit, forward):
    request = {
        "TableName": name,
        "IndexName": "two-two",
        "KeyConditionExpression": "a = :a AND b = :b",
        "ExpressionAttributeValues": X1,
        "ScanIndexForward": forward,
        "Limit": limit,
    }
    seen, key = [], None
    while True:
        page = api("Query", request, **({"ExclusiveStartKey": key} if key else {}))
        seen += [item["pk"]["S"] for item in page["Items"]]
        key = page.get("LastEvaluatedKey")
        if key is None:
            break
        assert set(key) == {"pk", "a", "b", "c", "d"}
    assert seen == (["1", "2", "4", "3"] if forward else ["3", "4", "2", "1"])


BAD = [
    ("one partition attribute", "a = :a", {}),
    ("a range on a partition attribute", "a = :a AND b > :b", {}),
    ("a gap in the sort attributes", "a = :a AND b = :b AND d = :d", {":d": N(1)}),
    ("a range before an equality", "a = :a AND b = :b AND c > :c AND d = :d",
     {":c": S("c"), ":d": N(1)}),
    ("two ranges", "a = :a AND b = :b AND c > :c AND d > :d", {":c": S("c"), ":d": N(1)}),
    ("another attribute", "a = :a AND b = :b AND x = :x", {":x": S("x")}),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "values"), ids(BAD))
def test_a_condition_that_skips_an_attribute_is_refused(api, name, condition, values):
    all_values = {**X1, **values}
    answer = api.refused(
        "Query",
        TableName=name,
        IndexName="two-two",
        KeyConditionExpression=condition,
        ExpressionAttributeValues={k: v for k, v in all_values.items() if k in condition},
    )
    assert answer.type == "ValidationException"


def test_a_wrong_type_of_any_key_attribute_is_refused(api, name):
    for attribute, value, expected, actual in [
        ("b", S("1"), "N", "S"), ("d", S("1"), "N", "S"), ("c", N(1), "S", "N"),
    ]:  # fmt: skip
        answer = api.refused("PutItem", TableName=name, Item={"pk": S("bad"), attribute: value})
        assert answer.type == "ValidationException"
        assert (
            f"Type mismatch for Index Key {attribute} Expected: {expected} Actual: {actual}"
        ) in answer.message


def test_the_description_lists_the_attributes_in_order(api, name):
    described = api("DescribeTable", TableName=name)["Table"]["GlobalSecondaryIndexes"]
    schemas = {
        each["IndexName"]: [(k["AttributeName"], k["KeyType"]) for k in each["KeySchema"]]
        for each in described
    }
    assert schemas == {
        "two-two": [("a", "HASH"), ("b", "HASH"), ("c", "RANGE"), ("d", "RANGE")],
        "one-three": [("a", "HASH"), ("b", "RANGE"), ("c", "RANGE"), ("e", "RANGE")],
    }


def gsi(hash_names, range_names):
    types = {"pk": "S", **dict.fromkeys([*hash_names, *range_names], "S")}
    return tables.table(
        "pk", types=types, everywhere=[tables.index("multi", hash_names, range_names)]
    )


def test_four_and_four_attributes(api, create):
    create(gsi(["a", "b", "c", "d"], ["e", "f", "g", "h"]))


TOO_MANY = "The KeySchema exceeds the maximum allowed number of {} key attributes"


@pytest.mark.parametrize(
    ("hash_names", "range_names", "kind"),
    [(list("abcde"), [], "HASH"), (["a"], list("bcdef"), "RANGE"),
     (list("abcde"), list("fgh"), "HASH")],
)  # fmt: skip
def test_five_of_either_are_too_many(api, hash_names, range_names, kind):
    """Observed on the service, October 2026, as are the two rules below."""
    answer = api.refused("CreateTable", gsi(hash_names, range_names), TableName="too-many")
    assert (answer.type, answer.message) == (
        "ValidationException",
        INVALID + TOO_MANY.format(kind),
    )


def test_partition_attributes_come_first(api):
    definition = gsi(["a", "b"], ["c"])
    definition["GlobalSecondaryIndexes"][0]["KeySchema"].append(
        definition["GlobalSecondaryIndexes"][0]["KeySchema"].pop(1)
    )
    answer = api.refused("CreateTable", definition, TableName="mixed")
    assert answer.message == (
        INVALID + "All HASH key attributes must precede RANGE key attributes in the KeySchema"
    )


@pytest.mark.parametrize(
    ("hash_names", "range_names", "message"),
    [
        (["a", "a"], [], "The KeySchema contains multiple key attributes with the same name"),
        (["a"], ["b", "b"], "The KeySchema contains multiple key attributes with the same name"),
        (["a"], ["a"],
         "Both the Hash Key and the Range Key element in the KeySchema have the same name"),
    ],
)  # fmt: skip
def test_an_attribute_is_in_a_key_once(api, hash_names, range_names, message):
    answer = api.refused("CreateTable", gsi(hash_names, range_names), TableName="twice")
    assert (answer.type, answer.message) == ("ValidationException", message)
