"""Key conditions: their form, how they meet a key, and the service's message for each misfit."""

from __future__ import annotations

from typing import Any

import pytest
from expression_trees import message_of, to_item, to_value

from genset.expressions.key_condition import KeyCondition, SortRange, parse_key_condition

VALUES = {":p": "p", ":a": "a", ":b": "b", ":n": 5, ":e": "", ":bin": b""}
PARTITION = (("pk", "S"),)
SORT = (("sk", "S"),)

FORM = "Invalid KeyConditionExpression: "
BAD_OPERATOR = FORM + "Invalid operator used in KeyConditionExpression: "
BAD_CONDITION = FORM + "Invalid condition in KeyConditionExpression: "


def bind(text: str, partition=PARTITION, sort=SORT, values: Any = VALUES, names=None):
    plan = parse_key_condition(text, names)
    typed = to_item(values)
    plan.check(typed)
    plan.check_terms()
    first = plan.bind(typed, partition, sort)
    # The second time it goes by what it remembers of the first.
    assert plan.bind(typed, partition, sort) == first
    return first


def key(*operands: Any, equals: Any = None, operator: str | None = None) -> KeyCondition:
    return KeyCondition(
        partition_values=(to_value("p"),),
        sort_equals=() if equals is None else (to_value(equals),),
        sort_range=operator
        and SortRange(operator=operator, operands=tuple(to_value(value) for value in operands)),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pk = :p", key()),
        (":p = pk", key()),
        ("(pk = :p)", key()),
        ("pk = :p AND sk = :a", key(equals="a")),
        ("sk = :a AND pk = :p", key(equals="a")),
        ("((sk = :a) AND (pk = :p))", key(equals="a")),
        ("(pk) = (:p) AND (begins_with(sk, :a))", key("a", operator="begins_with")),
        ("pk = :p AND sk < :a", key("a", operator="<")),
        ("pk = :p AND sk <= :a", key("a", operator="<=")),
        ("pk = :p AND sk > :a", key("a", operator=">")),
        ("pk = :p AND sk >= :a", key("a", operator=">=")),
        # The value may stand on the left.
        ("pk = :p AND :a < sk", key("a", operator=">")),
        ("pk = :p AND :a <= sk", key("a", operator=">=")),
        ("pk = :p AND :a > sk", key("a", operator="<")),
        ("pk = :p AND :a >= sk", key("a", operator="<=")),
        ("pk = :p AND sk between :a and :b", key("a", "b", operator="BETWEEN")),
    ],
)
def test_key_conditions(text, expected):
    assert bind(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "pk = :p OR sk = :a",
            BAD_OPERATOR + "OR",
        ),
        (
            "NOT sk = :a AND pk = :p",
            BAD_OPERATOR + "NOT",
        ),
        (
            "pk = :p AND sk <> :a",
            BAD_OPERATOR + "<>",
        ),
        (
            "pk = :p AND sk IN (:a)",
            BAD_OPERATOR + "IN",
        ),
        (
            "pk = :p AND attribute_exists(sk)",
            BAD_OPERATOR + "attribute_exists",
        ),
        (
            "contains(pk, :p)",
            BAD_OPERATOR + "contains",
        ),
        (
            ":a BETWEEN size(sk) AND size(pk) AND sk > :b",
            BAD_CONDITION + "BETWEEN operator must have the key attribute as its first operand",
        ),
        (
            "begins_with(:a, sk) AND pk > :b",
            BAD_CONDITION + "begins_with operator must have the key attribute as its first operand",
        ),
        (
            "pk > size(sk)",
            FORM + "KeyConditionExpressions cannot contain nested operations",
        ),
        (
            "size(sk) > :n AND pk = :p",
            FORM + "KeyConditionExpressions cannot contain nested operations",
        ),
        (
            "pk = sk",
            BAD_CONDITION + "Multiple attribute names used in one condition",
        ),
        (
            "sk BETWEEN c[1] AND d",
            BAD_CONDITION + "Multiple attribute names used in one condition",
        ),
        (
            "pk = :p AND sk.b < :a",
            "Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on "
            "nested attributes",
        ),
        (
            "sk[0] < :a",
            "Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on "
            "nested attributes",
        ),
        (
            ":p = :a",
            BAD_CONDITION + "No key attribute specified",
        ),
        (
            "pk = :p AND pk = :p",
            FORM + "KeyConditionExpressions must only contain one condition per key",
        ),
        (
            "pk = :p AND sk >= :a AND sk <= :b",
            FORM + "KeyConditionExpressions must only contain one condition per key",
        ),
        ("sk = :a", "Query condition missed key schema element: pk"),
        ("alt = :a", "Query condition missed key schema element: pk"),
        ("pk = :p AND alt = :a", "Query condition missed key schema element: sk"),
        ("pk < :p", "Query key condition not supported"),
        ("pk < :p AND sk = :a", "Query key condition not supported"),
        (
            "pk = :p AND sk < :a AND alt < :a",
            "The number of query conditions (3) exceeds the number of key attributes defined in "
            "the schema (2)",
        ),
        (
            "pk = :n",
            "One or more parameter values were invalid: Condition parameter type does not match "
            "schema type",
        ),
        (
            "pk = :p AND sk = :n",
            "One or more parameter values were invalid: Condition parameter type does not match "
            "schema type",
        ),
        (
            "pk = :e",
            "One or more parameter values are not valid. The AttributeValue for a key attribute "
            "cannot contain an empty string value. Key: pk",
        ),
        (
            "pk = :p AND begins_with(sk, :e)",
            "One or more parameter values are not valid. The AttributeValue for a key attribute "
            "cannot contain an empty string value. Key: sk",
        ),
        (
            "pk = :p AND begins_with(sk, :n)",
            "Invalid KeyConditionExpression: Incorrect operand type for operator or function; "
            "operator or function: begins_with, operand type: N",
        ),
        (
            "pk = :p AND sk BETWEEN :b AND :a",
            "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be "
            "greater than or equal to lower bound; lower bound operand: AttributeValue: {S:b}, "
            "upper bound operand: AttributeValue: {S:a}",
        ),
        ("", "Invalid KeyConditionExpression: The expression can not be empty;"),
        (
            "pk = :zz",
            "Invalid KeyConditionExpression: An expression attribute value used in expression is "
            "not defined; attribute value: :zz",
        ),
    ],
)
def test_key_conditions_refuse(text, message):
    assert message_of(bind, text) == message


def test_a_table_without_a_sort_key_takes_one_condition_only():
    assert bind("pk = :p", sort=()) == key()
    assert message_of(bind, "pk = :p AND sk = :a", PARTITION, ()) == (
        "The number of query conditions (2) exceeds the number of key attributes defined in the "
        "schema (1)"
    )


def test_an_empty_binary_key_is_refused_as_binary():
    assert "empty binary value. Key: pk" in message_of(bind, "pk = :bin", (("pk", "B"),), SORT)


def test_types_are_checked_each_time():
    plan = parse_key_condition("pk = :p AND sk > :a", None)
    good, bad = to_item({":p": "p", ":a": "a"}), to_item({":p": "p", ":a": 1})
    assert plan.bind(good, PARTITION, SORT)
    assert "does not match schema type" in message_of(plan.bind, bad, PARTITION, SORT)


# Keys of several attributes

SEVERAL_PARTITION = (("p1", "S"), ("p2", "N"))
SEVERAL_SORT = (("s1", "S"), ("s2", "S"), ("s3", "S"))


NO_GAP = (
    "RANGE key attributes {} must have equality conditions specified in the query because a "
    "condition is present on key attribute {}"
)


def bind_several(text: str) -> KeyCondition:
    return bind(text, SEVERAL_PARTITION, SEVERAL_SORT)


def test_leading_sort_attributes_are_fixed_and_the_last_one_used_may_be_a_range():
    bound = bind_several("s1 = :a AND p2 = :n AND s2 > :b AND p1 = :p")
    assert bound.partition_values == (to_value("p"), to_value(5))
    assert bound.sort_equals == (to_value("a"),)
    assert bound.sort_range == SortRange(operator=">", operands=(to_value("b"),))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p1 = :p", "HASH key attributes p2 must have equality conditions specified in the query"),
        (
            "p1 = :p AND p2 > :n",
            "HASH key attributes p2 must have equality conditions specified in the query",
        ),
        # Recorded from the service in October 2026.
        ("p1 = :p AND p2 = :n AND s2 = :a", NO_GAP.format("s1", "s2")),
        ("p1 = :p AND p2 = :n AND s1 = :a AND s3 = :b", NO_GAP.format("s2", "s3")),
        ("p1 = :p AND p2 = :n AND s1 > :a AND s2 = :b", NO_GAP.format("s1", "s2")),
        ("p1 = :p AND p2 = :n AND s3 = :b", NO_GAP.format("s1, s2", "s3")),
        ("p1 = :p AND p2 = :n AND x = :b", "Query condition missed key schema element: s1"),
        (
            "p1 = :p AND p2 = :n AND s1 = :a AND x = :b",
            "Query condition missed key schema element: s2",
        ),
    ],
)
def test_keys_of_several_attributes_refuse(text, message):
    assert message_of(bind_several, text) == message
