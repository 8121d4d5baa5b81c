"""Expressions with their names and values in place become ones with placeholders."""

from __future__ import annotations

from typing import Any

import pytest

from genset.cli.items.expressions import Placeholders
from genset.cli.statuses import CommandError


def rewritten(expression: str, *, update: bool = False) -> tuple[str, list[str], list[Any]]:
    """The expression, and the names and values that its placeholders stand for."""
    placeholders = Placeholders()
    request: dict[str, Any] = {}
    text = placeholders.rewrite(expression, update=update)
    placeholders.add_to(request)
    names = request.get("ExpressionAttributeNames", {})
    values = request.get("ExpressionAttributeValues", {})
    return text, list(names.values()), list(values.values())


@pytest.mark.parametrize(
    ("expression", "text", "names", "values"),
    [
        ("Year > 1990", "#n0 > :v0", ["Year"], [{"N": "1990"}]),
        ("a = 'it''s'", "#n0 = :v0", ["a"], [{"S": "it's"}]),
        ("a=-1.5e3", "#n0 = :v0", ["a"], [{"N": "-1.5e3"}]),
        ("a<>true", "#n0 <> :v0", ["a"], [{"BOOL": True}]),
        ("a = NULL", "#n0 = :v0", ["a"], [{"NULL": True}]),
        ("true.null = 1", "#n0.#n1 = :v0", ["true", "null"], [{"N": "1"}]),
        ('"a b".c[3].size = a', "#n0.#n1[3].#n2 = #n3", ["a b", "c", "size", "a"], []),
        ("size(a) > 1", "size ( #n0 ) > :v0", ["a"], [{"N": "1"}]),
        ("a in (1, 'x')", "#n0 in ( :v0 , :v1 )", ["a"], [{"N": "1"}, {"S": "x"}]),
        ("NOT a.NOT between 1 and 2", "NOT #n0.#n1 between :v0 and :v1", ["a", "NOT"],
         [{"N": "1"}, {"N": "2"}]),
        ("a = ['x', {'y': [null, 1]}]", "#n0 = :v0", ["a"],
         [{"L": [{"S": "x"}, {"M": {"y": {"L": [{"NULL": True}, {"N": "1"}]}}}]}]),
        ('a = {"x": "\\u00e9"}', "#n0 = :v0", ["a"], [{"M": {"x": {"S": "é"}}}]),
        ("a = []", "#n0 = :v0", ["a"], [{"L": []}]),
        ("a = <<'x', 'y'>>", "#n0 = :v0", ["a"], [{"SS": ["x", "y"]}]),
        ("a = <<1, 2>>", "#n0 = :v0", ["a"], [{"NS": ["1", "2"]}]),
        ("#x = :y AND :z = a", "#x = :y AND :z = #n0", ["a"], []),
        ("a, b.c, a", "#n0 , #n1.#n2 , #n0", ["a", "b", "c"], []),
        ("SET = 1", "#n0 = :v0", ["SET"], [{"N": "1"}]),
    ],
)  # fmt: skip
def test_conditions_and_projections(expression: str, text: str, names, values):
    assert rewritten(expression) == (text, names, values)


@pytest.mark.parametrize(
    ("expression", "text", "values"),
    [
        ("SET a = a - 1", "SET #n0 = #n0 - :v0", [{"N": "1"}]),
        ("SET a = a -1", "SET #n0 = #n0 - :v0", [{"N": "1"}]),
        ("SET a = -1", "SET #n0 = :v0", [{"N": "-1"}]),
        ("set a = if_not_exists(a, 0) + 1", "set #n0 = if_not_exists ( #n0 , :v0 ) + :v1",
         [{"N": "0"}, {"N": "1"}]),
        ("REMOVE a[0] ADD b <<1>> DELETE c <<'x'>>", "REMOVE #n0[0] ADD #n1 :v0 DELETE #n2 :v1",
         [{"NS": ["1"]}, {"SS": ["x"]}]),
        ("ADD a 1", "ADD #n0 :v0", [{"N": "1"}]),
        ("ADD a -1", "ADD #n0 :v0", [{"N": "-1"}]),
    ],
)  # fmt: skip
def test_updates(expression: str, text: str, values):
    assert rewritten(expression, update=True)[::2] == (text, values)


@pytest.mark.parametrize(
    "expression",
    ["a = 'open", 'a = "open', "a = <<>>", "a = <<1, 'x'>>", "a = [1", "a = {1: 2}", "a = {'x' 1}",
     "a = [nope]", "a ; b", "a = [1 2]"],
)  # fmt: skip
def test_what_is_no_expression_is_refused(expression: str):
    with pytest.raises(CommandError):
        rewritten(expression)


def test_placeholders_of_the_user_are_never_ours():
    placeholders = Placeholders('{"#n0": "x", "#n2": "y"}', '{":v1": 5, ":v2": {"S": "typed"}}')
    assert placeholders.rewrite("a = 1 AND b = 2 AND #n0 = :v1") == (
        "#n3 = :v3 AND #n4 = :v4 AND #n0 = :v1"
    )
    request: dict[str, Any] = {}
    placeholders.add_to(request)
    assert request["ExpressionAttributeNames"] == {
        "#n0": "x", "#n2": "y", "#n3": "a", "#n4": "b"
    }  # fmt: skip
    assert request["ExpressionAttributeValues"][":v2"] == {"S": "typed"}
