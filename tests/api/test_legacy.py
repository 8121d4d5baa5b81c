"""The parameters from before expressions: Expected, AttributeUpdates, KeyConditions and filters."""

from __future__ import annotations

import pytest

from support.cases import DETECTED, INVALID, Cases, check_refused, ids
from support.client import Refused
from support.values import NS, NULL, SS, B, L, M, N, S, normal

ITEM = {
    "s": S("hello"), "n": N(5), "b": B(b"abc"), "ss": SS("a", "b"), "ns": NS(1, 2),
    "l": L(S("x"), N(1)), "nil": NULL, "m": M(a=N(1)),
}  # fmt: skip


def compare(operator, *values):
    found = {"ComparisonOperator": operator}
    if values:
        found["AttributeValueList"] = list(values)
    return found


# docs: LegacyConditionalParameters.Conditions
CONDITIONS = [
    ("EQ", {"s": compare("EQ", S("hello"))}, True),
    ("EQ of another type", {"n": compare("EQ", S("5"))}, False),
    ("EQ of a set", {"ss": compare("EQ", SS("b", "a"))}, True),
    ("EQ of a map", {"m": compare("EQ", M(a=N("1.0")))}, True),
    ("EQ of missing", {"x": compare("EQ", S("a"))}, False),
    ("NE", {"s": compare("NE", S("x"))}, True),
    ("NE of the same", {"s": compare("NE", S("hello"))}, False),
    ("NE of missing", {"x": compare("NE", S("a"))}, True),
    ("LT", {"n": compare("LT", N(6))}, True),
    ("LE", {"n": compare("LE", N(5))}, True),
    ("GT", {"n": compare("GT", N(5))}, False),
    ("GE", {"n": compare("GE", N(5))}, True),
    ("GT of strings", {"s": compare("GT", S("h"))}, True),
    ("LT of missing", {"x": compare("LT", N(1))}, False),
    ("NULL of missing", {"x": compare("NULL")}, True),
    ("NULL of a null value", {"nil": compare("NULL")}, False),
    ("NOT_NULL", {"nil": compare("NOT_NULL")}, True),
    ("NOT_NULL of missing", {"x": compare("NOT_NULL")}, False),
    ("CONTAINS in a string", {"s": compare("CONTAINS", S("ell"))}, True),
    ("CONTAINS in a set", {"ss": compare("CONTAINS", S("a"))}, True),
    ("CONTAINS in a list", {"l": compare("CONTAINS", N(1))}, True),
    ("CONTAINS of missing", {"x": compare("CONTAINS", S("a"))}, False),
    ("NOT_CONTAINS", {"s": compare("NOT_CONTAINS", S("x"))}, True),
    ("NOT_CONTAINS in a set", {"ns": compare("NOT_CONTAINS", N(2))}, False),
    ("BEGINS_WITH", {"s": compare("BEGINS_WITH", S("he"))}, True),
    ("BEGINS_WITH binary", {"b": compare("BEGINS_WITH", B(b"ab"))}, True),
    ("BEGINS_WITH not", {"s": compare("BEGINS_WITH", S("el"))}, False),
    ("IN", {"n": compare("IN", N(1), N(5))}, True),
    ("IN not", {"n": compare("IN", N(1), N(6))}, False),
    ("BETWEEN", {"n": compare("BETWEEN", N(1), N(5))}, True),
    ("BETWEEN not", {"n": compare("BETWEEN", N(6), N(9))}, False),
    ("two, both true", {"n": compare("GT", N(1)), "s": compare("NOT_NULL")}, True),
    ("two, one false", {"n": compare("GT", N(9)), "s": compare("NOT_NULL")}, False),
]


@pytest.fixture(scope="module")
def stored(session_api):
    key = {"pk": S("legacy"), "sk": S("1")}
    session_api("PutItem", TableName="ranged", Item={**key, **ITEM})
    return key


@pytest.mark.parametrize(("conditions", "holds"), ids(CONDITIONS))
def test_a_condition_holds_or_not(api, stored, conditions, holds):
    """The same conditions as Expected of a write, as QueryFilter and as ScanFilter."""
    try:
        api("PutItem", TableName="ranged", Item={**stored, **ITEM}, Expected=conditions)
        assert holds
    except Refused as refused:
        refused.must_be("ConditionalCheckFailedException")
        assert not holds
    page = api(
        "Query",
        TableName="ranged",
        KeyConditions={"pk": compare("EQ", S("legacy"))},
        QueryFilter=conditions,
    )
    assert (page["Count"], page["ScannedCount"]) == (int(holds), 1)
    page = api(
        "Scan",
        TableName="ranged",
        ScanFilter={**conditions, "pk": compare("EQ", S("legacy"))},
    )
    assert page["Count"] == int(holds)


OPERATORS = [("AND", False), ("OR", True)]


@pytest.mark.parametrize(("operator", "holds"), OPERATORS)
def test_the_conditional_operator(api, stored, operator, holds):
    conditions = {"n": compare("EQ", N(5)), "s": compare("EQ", S("x"))}
    request = {"TableName": "ranged", "Key": stored, "Expected": conditions}
    answer = api.send("UpdateItem", {**request, "ConditionalOperator": operator})
    assert answer.status == (200 if holds else 400)
    page = api("Query", TableName="ranged", KeyConditions={"pk": compare("EQ", S("legacy"))},
               QueryFilter=conditions, ConditionalOperator=operator)  # fmt: skip
    assert page["Count"] == int(holds)


EXPECTED = [
    ("value", {"n": {"Value": N(5)}}, True),
    ("another value", {"n": {"Value": N(6)}}, False),
    ("value that exists", {"n": {"Value": N(5), "Exists": True}}, True),
    ("absent", {"x": {"Exists": False}}, True),
    ("absent, but there", {"n": {"Exists": False}}, False),
    ("value and operator", {"n": {"Value": N(5), "ComparisonOperator": "EQ"}}, True),
]


@pytest.mark.parametrize(("expected", "holds"), ids(EXPECTED))
@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem", "DeleteItem"])
def test_expected_values(api, fresh, operation, expected, holds):
    key = {"pk": S(fresh()), "sk": S("1")}
    api("PutItem", TableName="ranged", Item={**key, **ITEM})
    request = {"TableName": "ranged", "Expected": expected}
    request.update({"Item": {**key, **ITEM}} if operation == "PutItem" else {"Key": key})
    answer = api.send(operation, request)
    assert answer.status == (200 if holds else 400)
    if not holds:
        assert answer.json["message"] == "The conditional request failed"


UPDATES = [
    ("put", {"x": {"Value": N(1)}}, {"x": N(1)}),
    ("put said", {"n": {"Value": S("a"), "Action": "PUT"}}, {"n": S("a")}),
    ("delete", {"n": {"Action": "DELETE"}}, {"n": None}),
    ("delete missing", {"x": {"Action": "DELETE"}}, {}),
    ("delete from a set", {"ss": {"Action": "DELETE", "Value": SS("a", "z")}}, {"ss": SS("b")}),
    ("delete all of a set", {"ss": {"Action": "DELETE", "Value": SS("a", "b")}}, {"ss": None}),
    ("add a number", {"n": {"Action": "ADD", "Value": N("-1.5")}}, {"n": N("3.5")}),
    ("add to nothing", {"x": {"Action": "ADD", "Value": N(2)}}, {"x": N(2)}),
    ("add to a set", {"ss": {"Action": "ADD", "Value": SS("b", "c")}}, {"ss": SS("a", "b", "c")}),
    ("add to a list appends", {"l": {"Action": "ADD", "Value": L(N(9))}},
     {"l": L(S("x"), N(1), N(9))}),
    ("several", {"x": {"Value": N(1)}, "n": {"Action": "DELETE"}}, {"x": N(1), "n": None}),
]  # fmt: skip


@pytest.mark.parametrize(("updates", "changes"), ids(UPDATES))
def test_attribute_updates(api, fresh, updates, changes):
    key = {"pk": S(fresh()), "sk": S("1")}
    api("PutItem", TableName="ranged", Item={**key, **ITEM})
    returned = api("UpdateItem", TableName="ranged", Key=key, AttributeUpdates=updates,
                   ReturnValues="ALL_NEW")["Attributes"]  # fmt: skip
    after = {**key, **ITEM, **changes}
    after = {name: value for name, value in after.items() if value is not None}
    assert normal(returned) == normal(after)
    assert normal(api("GetItem", TableName="ranged", Key=key)["Item"]) == normal(after)


def test_updated_values_of_attribute_updates(api, fresh):
    key = {"pk": S(fresh())}
    api("PutItem", TableName="strings", Item={**key, "a": N(1), "b": N(2)})
    update = {"TableName": "strings", "Key": key}
    answer = api("UpdateItem", update, ReturnValues="UPDATED_OLD",
                 AttributeUpdates={"a": {"Value": N(5)}})  # fmt: skip
    assert answer["Attributes"] == {"a": N(1)}
    answer = api("UpdateItem", update, ReturnValues="UPDATED_NEW",
                 AttributeUpdates={"a": {"Value": N(6)}})  # fmt: skip
    assert answer["Attributes"] == {"a": N(6)}


SORTS = [
    ("EQ", compare("EQ", S("b")), ["b"]),
    ("LT", compare("LT", S("b")), ["a", "ab"]),
    ("LE", compare("LE", S("b")), ["a", "ab", "b"]),
    ("GT", compare("GT", S("b")), ["c"]),
    ("GE", compare("GE", S("b")), ["b", "c"]),
    ("BETWEEN", compare("BETWEEN", S("ab"), S("b")), ["ab", "b"]),
    ("BEGINS_WITH", compare("BEGINS_WITH", S("a")), ["a", "ab"]),
]


@pytest.mark.parametrize(("condition", "expected"), ids(SORTS))
def test_key_conditions(api, condition, expected):
    for sort in ("a", "ab", "b", "c"):
        api("PutItem", TableName="ranged", Item={"pk": S("legacy-keys"), "sk": S(sort)})
    partition = compare("EQ", S("legacy-keys"))
    page = api("Query", TableName="ranged", KeyConditions={"pk": partition, "sk": condition})
    assert [item["sk"]["S"] for item in page["Items"]] == expected


def test_legacy_filters_take_keys_only_on_scans(api):
    answer = api.refused(
        "Query",
        TableName="ranged",
        KeyConditions={"pk": compare("EQ", S("x"))},
        QueryFilter={"sk": compare("EQ", S("x"))},
    )
    assert answer.message == (
        "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk"
    )


expected = Cases("PutItem", {"TableName": "ranged", "Item": {"pk": S("a"), "sk": S("b")}})
for name, condition, message in [
    ("nothing", {}, "Value must be provided when Exists is null for Attribute: a"),
    ("exists without a value", {"Exists": True},
     "Value must be provided when Exists is true for Attribute: a"),
    ("absent with a value", {"Exists": False, "Value": N(1)},
     "Value cannot be used when Exists is false for Attribute: a"),
    ("exists and an operator", {"Exists": True, "ComparisonOperator": "NULL"},
     "Exists and ComparisonOperator cannot be used together for Attribute: a"),
    ("value and list", {"Value": N(1), "AttributeValueList": [N(1)], "ComparisonOperator": "EQ"},
     "Value and AttributeValueList cannot be used together for Attribute: a"),
    ("a list without an operator", {"AttributeValueList": [N(1)]},
     "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"),
    ("an operator without a value", {"ComparisonOperator": "EQ"},
     "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a"),
    ("too many", compare("EQ", N(1), N(2)),
     "Invalid number of argument(s) for the EQ ComparisonOperator"),
    ("too few for BETWEEN", compare("BETWEEN", N(1)),
     "Invalid number of argument(s) for the BETWEEN ComparisonOperator"),
    ("some for NULL", compare("NULL", N(1)),
     "Invalid number of argument(s) for the NULL ComparisonOperator"),
    ("some for NOT_NULL", compare("NOT_NULL", N(1)),
     "Invalid number of argument(s) for the NOT_NULL ComparisonOperator"),
]:  # fmt: skip
    expected(name, {"Expected": {"a": condition}},
             (INVALID + message, DETECTED + INVALID + message),
             "observed 4 [S]")  # fmt: skip


@pytest.mark.parametrize("case", expected.items)
def test_an_impossible_expectation_is_refused(api, case):
    check_refused(api.refused(case.operation, case.request), case)


updates = Cases("UpdateItem", {"TableName": "strings", "Key": {"pk": S("a")}})
for name, update, message in [
    ("put of nothing", {"Action": "PUT"},
     "Only DELETE action is allowed when no attribute value is specified"),
    ("add of nothing", {"Action": "ADD"},
     "Only DELETE action is allowed when no attribute value is specified"),
    ("delete a number", {"Action": "DELETE", "Value": N(1)},
     "DELETE action with value is not supported for the type N"),
    ("delete a string", {"Action": "DELETE", "Value": S("a")},
     "DELETE action with value is not supported for the type S"),
    ("add a string", {"Action": "ADD", "Value": S("a")},
     "ADD action is not supported for the type S"),
    ("add a map", {"Action": "ADD", "Value": M()}, "ADD action is not supported for the type M"),
]:  # fmt: skip
    updates(name, {"AttributeUpdates": {"a": update}},
            (INVALID + message, DETECTED + INVALID + message), "observed 4 [S]")  # fmt: skip
updates("a key", {"AttributeUpdates": {"pk": {"Value": S("b")}}},
        INVALID + "Cannot update attribute pk. This attribute is part of the key",
        "observed 4 [A]")  # fmt: skip
updates("with an expression",
        {"AttributeUpdates": {"a": {"Value": N(1)}}, "UpdateExpression": "REMOVE b"},
        DETECTED + "Can not use both expression and non-expression parameters in the same request: "
        "Non-expression parameters: {AttributeUpdates} Expression parameters: {UpdateExpression}",
        "observed 1, 2 [A]")  # fmt: skip


@pytest.mark.parametrize("case", updates.items)
def test_an_impossible_update_is_refused(api, case):
    check_refused(api.refused(case.operation, case.request), case)


KEY_ERRORS = [
    ("no equality", {"pk": compare("GT", S("a"))}),
    ("an operator of no key", {"pk": compare("EQ", S("a")), "sk": compare("NE", S("a"))}),
    ("the sort key alone", {"sk": compare("EQ", S("a"))}),
    ("another attribute", {"pk": compare("EQ", S("a")), "x": compare("EQ", S("a"))}),
    ("three", {"pk": compare("EQ", S("a")), "sk": compare("EQ", S("a")),
               "x": compare("EQ", S("a"))}),
    ("no values", {"pk": compare("EQ")}),
    ("a wrong type", {"pk": compare("EQ", N(1))}),
    ("nothing", {}),
]  # fmt: skip


@pytest.mark.parametrize("conditions", ids(KEY_ERRORS))
def test_impossible_key_conditions_are_refused(api, conditions):
    answer = api.refused("Query", TableName="ranged", KeyConditions=conditions)
    assert answer.type == "ValidationException"
