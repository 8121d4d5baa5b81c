"""The maps of names and values apart from any one expression."""

from __future__ import annotations

import pytest
from expression_trees import message_of

from genset.expressions.placeholders import (
    check_expressions_present,
    check_names,
    check_not_mixed,
    check_unused,
    check_value_keys,
    hash_set_order,
)
from genset.model.errors import ValidationException


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({}, "ExpressionAttributeNames must not be empty"),
        ({"a": "x"}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"'),
        ({"#": "x"}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#"'),
        ({"#a-b": "x"}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#a-b"'),
        ({":a": "x"}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: ":a"'),
        (
            {"#" + "a" * 255: "x"},
            "ExpressionAttributeNames contains invalid key: The expression attribute map contains "
            "a key that is too long; size of key: 256",
        ),
        (
            {"#a": ""},
            "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a",
        ),
    ],
)
def test_names_refuse(names, message):
    assert message_of(check_names, names) == message


def test_names_accept():
    check_names(None)
    check_names({"#a": "anything: at all", "#_1": "x" * 65_535, "#" + "a" * 254: "x"})
    assert "too large" in message_of(check_names, {"#a": "x" * 65_536})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "ExpressionAttributeValues must not be empty"),
        ({"v": 0}, 'ExpressionAttributeValues contains invalid key: Syntax error; key: "v"'),
        (
            {":" + "a" * 255: 0},
            "ExpressionAttributeValues contains invalid key: The expression attribute map "
            "contains a key that is too long; size of key: 256",
        ),
        ({"#v": 0}, 'ExpressionAttributeValues contains invalid key: Syntax error; key: "#v"'),
    ],
)
def test_value_keys_refuse(values, message):
    assert message_of(check_value_keys, values) == message


def test_unused_placeholders_are_listed_names_first():
    names, values = {"#a": "x", "#b": "y"}, {":a": 1, ":b": 2}
    none: list[frozenset[str]] = []
    check_unused(None, None, none, none)
    check_unused(names, values, [frozenset({"#a"}), frozenset({"#b"})], [frozenset({":a", ":b"})])
    assert message_of(check_unused, names, values, [frozenset({"#a"})], none) == (
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}"
    )
    assert message_of(check_unused, None, values, none, none) == (
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a, :b}"
    )


def test_hash_set_order_is_that_of_the_services_language():
    # "#a" hashes to 35 * 31 + 97 = 1182, slot 14 of 16; "#b" to 15; "#c" to 0.
    assert hash_set_order(["#a", "#b", "#c"]) == ["#c", "#a", "#b"]


def test_mixing_lists_both_kinds():
    check_not_mixed(["Expected"], [])
    check_not_mixed([], ["UpdateExpression"])
    assert message_of(
        check_not_mixed,
        ["AttributeUpdates", "Expected"],
        ["UpdateExpression", "ConditionExpression"],
    ) == (
        "Can not use both expression and non-expression parameters in the same request: "
        "Non-expression parameters: {AttributeUpdates, Expected} "
        "Expression parameters: {UpdateExpression, ConditionExpression}"
    )


def test_placeholders_need_an_expression():
    update = ("UpdateExpression", "ConditionExpression")
    read = ("ProjectionExpression", "FilterExpression", "KeyConditionExpression")
    check_expressions_present({}, update)
    check_expressions_present(
        {"ExpressionAttributeNames": {}, "ConditionExpression": "a = b"}, update
    )
    assert (
        message_of(check_expressions_present, {"ExpressionAttributeNames": {"#a": "x"}}, update)
        == "ExpressionAttributeNames can only be specified when using expressions"
    )
    values = {"ExpressionAttributeValues": {}}
    message = "ExpressionAttributeValues can only be specified when using expressions"
    assert message_of(check_expressions_present, values, update) == message
    assert message_of(check_expressions_present, values, update, says_what_is_null=True) == (
        message + ": UpdateExpression is null and ConditionExpression is null"
    )
    # A projection has no values.
    with pytest.raises(ValidationException) as caught:
        check_expressions_present(
            {"ExpressionAttributeValues": {}, "ProjectionExpression": "a"}, read
        )
    assert caught.value.detected
