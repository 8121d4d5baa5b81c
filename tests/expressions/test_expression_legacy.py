"""The legacy parameters: what they mean, and their own messages."""

from __future__ import annotations

from typing import Any

import pytest
from expression_trees import message_of, to_item, to_value

from genset.expressions.key_condition import SortRange
from genset.expressions.legacy import (
    parse_attribute_updates,
    parse_attributes_to_get,
    parse_expected,
    parse_filter,
    parse_key_conditions,
)

ITEM = to_item(
    {"a": "hello", "n": 2, "b": b"hi there", "nums": {2, 4}, "l": [2, "x"], "t": True, "z": None}
)
INVALID = "One or more parameter values were invalid: "


def condition(operator: str, *values: Any) -> dict[str, Any]:
    return {
        "ComparisonOperator": operator,
        "AttributeValueList": [to_value(value) for value in values],
    }


def matches(attribute: str, entry: dict[str, Any]) -> bool:
    parsed = parse_expected({attribute: entry}, None)
    assert parsed is not None
    return parsed.plan.matches(ITEM, parsed.values)


@pytest.mark.parametrize(
    ("attribute", "operator", "values", "expected"),
    [
        ("n", "EQ", (2,), True),
        ("n", "EQ", ("2",), False),
        ("nums", "EQ", ({4, 2},), True),
        ("n", "NE", (3,), True),
        ("n", "NE", ("2",), True),
        ("absent", "NE", (1,), True),
        ("n", "LE", (2,), True),
        ("n", "LT", (2,), False),
        ("n", "GE", (2,), True),
        ("n", "GT", (1,), True),
        ("n", "GT", ("1",), False),
        ("z", "NOT_NULL", (), True),
        ("absent", "NOT_NULL", (), False),
        ("z", "NULL", (), False),
        ("absent", "NULL", (), True),
        ("a", "CONTAINS", ("ell",), True),
        ("a", "CONTAINS", (1,), False),
        ("nums", "CONTAINS", (4,), True),
        ("l", "CONTAINS", (2,), True),
        ("b", "CONTAINS", (b"here",), True),
        ("absent", "CONTAINS", (1,), False),
        ("a", "NOT_CONTAINS", ("dog",), True),
        ("a", "NOT_CONTAINS", (1,), True),
        ("nums", "NOT_CONTAINS", (4,), False),
        # Observed: unlike NE, false where there is no attribute.
        ("absent", "NOT_CONTAINS", (1,), False),
        ("a", "BEGINS_WITH", ("he",), True),
        ("n", "BEGINS_WITH", ("2",), False),
        ("n", "IN", (1, 2), True),
        ("n", "IN", (1,), False),
        ("n", "BETWEEN", (1, 2), True),
        ("absent", "BETWEEN", (0, 9), False),
    ],
)
def test_comparison_operators(attribute, operator, values, expected):
    assert matches(attribute, condition(operator, *values)) is expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"Value": {"N": "2"}}, True),
        ({"Value": {"N": "3"}}, False),
        ({"Value": {"N": "2"}, "Exists": True}, True),
        ({"Exists": False}, False),
        ({"Value": {"N": "3"}, "ComparisonOperator": "NE"}, True),
    ],
)
def test_the_older_spelling_of_expected(entry, expected):
    assert matches("n", entry) is expected


def test_attribute_names_are_taken_as_they_are():
    parsed = parse_expected({"a.b name#": {"Value": {"N": "1"}}}, None)
    assert parsed is not None
    assert parsed.plan.matches({"a.b name#": {"N": "1"}}, parsed.values)
    assert parsed.plan.attribute_names == {"a.b name#"}


@pytest.mark.parametrize(("operator", "expected"), [(None, False), ("AND", False), ("OR", True)])
def test_conditions_are_joined_by_and_unless_or_is_asked_for(operator, expected):
    parsed = parse_filter({"n": condition("EQ", 2), "a": condition("EQ", "x")}, operator)
    assert parsed is not None
    assert parsed.plan.matches(ITEM, parsed.values) is expected


@pytest.mark.parametrize("parse", [parse_expected, parse_filter])
def test_conditional_operator_needs_two_conditions(parse):
    assert parse(None, None) is None
    assert parse({}, None) is None
    for empty in (None, {}):
        assert message_of(parse, empty, "OR") == (
            "ConditionalOperator cannot be used without Filter or Expected"
        )
    assert message_of(parse, {"n": condition("EQ", 2)}, "AND") == (
        "ConditionalOperator can only be used when Filter or Expected has two or more elements"
    )


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "Value must be provided when Exists is null for Attribute: a"),
        ({"Exists": True}, "Value must be provided when Exists is true for Attribute: a"),
        (
            {"Exists": False, "Value": {"N": "1"}},
            "Value cannot be used when Exists is false for Attribute: a",
        ),
        (
            {"Exists": False, **condition("EQ", 1)},
            "Exists and ComparisonOperator cannot be used together for Attribute: a",
        ),
        (
            {"Value": {"N": "1"}, **condition("EQ", 1)},
            "Value and AttributeValueList cannot be used together for Attribute: a",
        ),
        (
            {"AttributeValueList": [{"N": "1"}]},
            "AttributeValueList can only be used with a ComparisonOperator for Attribute: a",
        ),
        (
            {"ComparisonOperator": "EQ"},
            "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a",
        ),
        (condition("EQ", 1, 2), "Invalid number of argument(s) for the EQ ComparisonOperator"),
        (condition("NULL", 1), "Invalid number of argument(s) for the NULL ComparisonOperator"),
        (condition("IN"), "Invalid number of argument(s) for the IN ComparisonOperator"),
        (
            condition("BETWEEN", 1, 2, 3),
            "Invalid number of argument(s) for the BETWEEN ComparisonOperator",
        ),
        (
            condition("IN", 3, "dog"),
            "AttributeValues inside AttributeValueList must be of same type",
        ),
        (
            condition("IN", [1], [2]),
            "ComparisonOperator IN is not valid for L AttributeValue type",
        ),
        (
            condition("CONTAINS", [1]),
            "ComparisonOperator CONTAINS is not valid for L AttributeValue type",
        ),
        (
            condition("BEGINS_WITH", 1),
            "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type",
        ),
        (
            condition("LT", True),
            "ComparisonOperator LT is not valid for BOOL AttributeValue type",
        ),
    ],
)
def test_expected_refuses(entry, message):
    assert message_of(parse_expected, {"a": entry}, None) == INVALID + message


def test_the_bounds_of_between_must_be_in_order():
    assert message_of(parse_filter, {"a": condition("BETWEEN", "b", "a")}, None) == (
        "The BETWEEN condition was provided a range where the lower bound is greater than the "
        "upper bound"
    )


# Key conditions


def test_key_conditions_bind_as_expressions_do():
    parsed = parse_key_conditions({"sk": condition("BEGINS_WITH", "x"), "pk": condition("EQ", 1)})
    bound = parsed.bind((("pk", "N"),), (("sk", "S"),))
    assert bound.partition_values == ({"N": "1"},)
    assert bound.sort_range == SortRange(operator="begins_with", operands=({"S": "x"},))


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({}, "Conditions can be of length 1 or 2 only"),
        (
            {name: condition("EQ", 1) for name in ("pk", "sk", "x")},
            "The number of query conditions (3) exceeds the number of key attributes defined in "
            "the schema (2)",
        ),
        (
            {"pk": condition("NE", 1)},
            "Attempted conditional constraint is not an indexable operation",
        ),
        (
            {"pk": condition("EQ", 1), "sk": condition("NOT_NULL")},
            "Attempted conditional constraint is not an indexable operation",
        ),
        ({"pk": condition("GT", 1)}, "Query key condition not supported"),
        ({"sk": condition("EQ", "a")}, "Query condition missed key schema element: pk"),
    ],
)
def test_key_conditions_refuse(conditions, message):
    def parse_and_bind() -> None:
        parse_key_conditions(conditions).bind((("pk", "N"),), (("sk", "S"),))

    assert message_of(parse_and_bind) == message


# Updates


def update(entry: dict[str, Any], item: Any = ITEM) -> Any:
    parsed = parse_attribute_updates({"x y": entry})
    assert parsed is not None
    return parsed.plan.apply(item, parsed.values).get("x y")


@pytest.mark.parametrize(
    ("entry", "before", "after"),
    [
        ({"Value": {"S": "v"}}, None, "v"),
        ({"Action": "PUT", "Value": {"S": "v"}}, 1, "v"),
        ({"Action": "DELETE"}, 1, None),
        ({"Action": "DELETE"}, None, None),
        ({"Action": "DELETE", "Value": {"NS": ["1"]}}, {1, 2}, {2}),
        ({"Action": "DELETE", "Value": {"NS": ["1"]}}, {1}, None),
        ({"Action": "ADD", "Value": {"N": "1"}}, 2, 3),
        ({"Action": "ADD", "Value": {"N": "1"}}, None, 1),
        ({"Action": "ADD", "Value": {"NS": ["1"]}}, {2}, {1, 2}),
        # Unlike an ADD section, it appends to lists.
        ({"Action": "ADD", "Value": {"L": [{"N": "1"}]}}, [2], [2, 1]),
        ({"Action": "ADD", "Value": {"L": [{"N": "1"}]}}, None, [1]),
    ],
)
def test_attribute_updates(entry, before, after):
    found = update(entry, {} if before is None else {"x y": to_value(before)})
    if isinstance(after, set):
        assert set(found["NS"]) == {str(member) for member in after}
    else:
        assert found == (None if after is None else to_value(after))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "Only DELETE action is allowed when no attribute value is specified"),
        ({"Action": "ADD"}, "Only DELETE action is allowed when no attribute value is specified"),
        (
            {"Action": "DELETE", "Value": {"N": "1"}},
            "DELETE action with value is not supported for the type N",
        ),
        (
            {"Action": "ADD", "Value": {"S": "x"}},
            "ADD action is not supported for the type S",
        ),
    ],
)
def test_attribute_updates_refuse(entry, message):
    assert message_of(update, entry) == INVALID + message


@pytest.mark.parametrize(
    ("entry", "before"),
    [
        ({"Action": "ADD", "Value": {"N": "1"}}, "x"),
        ({"Action": "ADD", "Value": {"NS": ["1"]}}, 1),
        ({"Action": "ADD", "Value": {"L": []}}, 1),
        ({"Action": "DELETE", "Value": {"NS": ["1"]}}, 1),
    ],
)
def test_attribute_updates_name_a_type_mismatch_in_their_own_words(entry, before):
    assert message_of(update, entry, {"x y": to_value(before)}) == (
        "Type mismatch for attribute to update"
    )


def test_no_attribute_updates_change_nothing():
    assert parse_attribute_updates({}) is None


# AttributesToGet


def test_attributes_to_get():
    plan = parse_attributes_to_get(["a", "l[0]", "absent"])
    assert plan.project({**ITEM, "l[0]": {"N": "1"}}) == {"a": ITEM["a"], "l[0]": {"N": "1"}}
    assert plan.names_used == frozenset()
    assert message_of(parse_attributes_to_get, ["a", "b", "a"]) == (
        INVALID + "Duplicate value in attribute name: a"
    )
