"""Condition and filter expressions: what is true of which item.

Each row is asked twice, as the condition of a write and as the filter of a Query.
"""

from __future__ import annotations

import pytest

from support.cases import ids
from support.client import Refused
from support.values import BOOL, BS, NS, NULL, SS, B, L, M, N, S

BIG = "12345678901234567890123456789012345678"
ITEM = {
    "s": S("hello"),
    "blank": S(""),
    "n": N(5),
    "neg": N("-3.5"),
    "big": N(BIG),
    "b": B(b"\x00\x01\xff"),
    "t": BOOL(True),
    "f": BOOL(False),
    "nil": NULL,
    "ss": SS("a", "b"),
    "ns": NS(1, 2, 3),
    "bs": BS(b"x", b"y"),
    "l": L(S("a"), N(2), L(N(3)), M(k=S("v"))),
    "m": M(a=N(1), b=M(c=S("deep")), l=L(N(10), N(20))),
    "same": S("hello"),
    "emoji": S("a\U0001f600"),
    "nl": L(N("1.0"), NS("2", "1")),
    "dotted.name": S("dot"),
}

# name, expression, values, whether it holds. docs: Comparison operator and function reference.
ROWS = [
    ("equal strings", "s = :v", {":v": S("hello")}, True),
    ("unequal strings", "s = :v", {":v": S("Hello")}, False),
    ("equal numbers in another spelling", "n = :v", {":v": N("5.00")}, True),
    ("equal binaries", "b = :v", {":v": B(b"\x00\x01\xff")}, True),
    ("equal booleans", "t = :v", {":v": BOOL(True)}, True),
    ("unequal booleans", "f = :v", {":v": BOOL(True)}, False),
    ("equal nulls", "nil = :v", {":v": NULL}, True),
    ("equal string sets in another order", "ss = :v", {":v": SS("b", "a")}, True),
    ("string set and a subset", "ss = :v", {":v": SS("a")}, False),
    ("equal number sets in another spelling", "ns = :v", {":v": NS("3.0", "1", "2e0")}, True),
    ("equal binary sets", "bs = :v", {":v": BS(b"y", b"x")}, True),
    ("equal lists", "l = :v", {":v": ITEM["l"]}, True),
    ("lists in another order", "l[0] = :v", {":v": L(N(2), S("a"))}, False),
    ("numbers inside a list compare by value", "nl = :v", {":v": L(N(1), NS("1", "2.0"))}, True),
    ("equal maps", "m.b = :v", {":v": M(c=S("deep"))}, True),
    ("a map with one more entry", "m.b = :v", {":v": M(c=S("deep"), d=N(1))}, False),
    ("types differ", "n = :v", {":v": S("5")}, False),
    ("set and list", "ss = :v", {":v": L(S("a"), S("b"))}, False),
    ("path and path", "s = same", {}, True),
    ("value and path", ":v = s", {":v": S("hello")}, True),
    ("value and value", ":v = :w", {":v": N(1), ":w": N("1.0")}, True),
    ("missing path equals nothing", "nope = :v", {":v": S("x")}, False),
    ("missing path equals no missing path", "nope = nada", {}, False),
    ("all 38 digits count", "big = :v", {":v": N(BIG[:-1] + "9")}, False),
    ("not equal", "s <> :v", {":v": S("x")}, True),
    ("not not equal", "s <> :v", {":v": S("hello")}, False),
    ("a missing path is not equal", "nope <> :v", {":v": S("x")}, True),
    ("another type is not equal", "n <> :v", {":v": S("5")}, True),
    ("sets in another order are not unequal", "ss <> :v", {":v": SS("b", "a")}, False),
    ("less", "n < :v", {":v": N(6)}, True),
    ("not less than itself", "n < :v", {":v": N(5)}, False),
    ("less or equal", "n <= :v", {":v": N(5)}, True),
    ("greater", "n > :v", {":v": N("4.999")}, True),
    ("greater or equal", "n >= :v", {":v": N("5.0")}, True),
    ("negative numbers by value", "neg < :v", {":v": N("-3.4")}, True),
    ("numbers do not compare as text", "n < :v", {":v": N(10)}, True),
    ("strings by their bytes", "s < :v", {":v": S("hello!")}, True),
    ("capitals first", "s > :v", {":v": S("Z")}, True),
    ("binaries unsigned", "b < :v", {":v": B(b"\x00\x02")}, True),
    ("another type is not less", "n < :v", {":v": S("9")}, False),
    ("another type is not greater", "n > :v", {":v": S("0")}, False),
    ("a missing path is not less", "nope < :v", {":v": N(1)}, False),
    ("a missing path is not greater or equal", "nope >= :v", {":v": N(1)}, False),
    ("38 digits compare exactly", "big > :v", {":v": N(BIG[:-1] + "7")}, True),
    ("between", "n BETWEEN :a AND :b", {":a": N(1), ":b": N(9)}, True),
    ("between includes both ends", "n BETWEEN :a AND :a", {":a": N(5)}, True),
    ("not between", "n BETWEEN :a AND :b", {":a": N(6), ":b": N(9)}, False),
    ("between strings", "s BETWEEN :a AND :b", {":a": S("h"), ":b": S("i")}, True),
    ("between with another type", "n BETWEEN :a AND :b", {":a": S("1"), ":b": S("9")}, False),
    ("between paths", ":v BETWEEN neg AND n", {":v": N(0)}, True),
    ("missing is not between", "nope BETWEEN :a AND :b", {":a": N(1), ":b": N(9)}, False),
    ("in", "n IN (:a, :b)", {":a": N(1), ":b": N(5)}, True),
    ("not in", "n IN (:a, :b)", {":a": N(1), ":b": N(6)}, False),
    ("in one", "n IN (:a)", {":a": N(5)}, True),
    ("in with other types", "n IN (:a, :b)", {":a": S("5"), ":b": N(5)}, True),
    ("in with sets", "ss IN (:a)", {":a": SS("b", "a")}, True),
    ("in with paths", ":v IN (s, n)", {":v": N(5)}, True),
    ("missing is not in", "nope IN (:a)", {":a": N(5)}, False),
    ("exists", "attribute_exists(s)", {}, True),
    ("null exists", "attribute_exists(nil)", {}, True),
    ("nested exists", "attribute_exists(m.b.c)", {}, True),
    ("list element exists", "attribute_exists(l[3].k)", {}, True),
    ("past the list does not exist", "attribute_exists(l[4])", {}, False),
    ("missing does not exist", "attribute_exists(nope)", {}, False),
    ("a map entry of a string does not exist", "attribute_exists(s.x)", {}, False),
    ("an element of a map does not exist", "attribute_exists(m[0])", {}, False),
    ("an element of a set does not exist", "attribute_exists(ss[0])", {}, False),
    ("not exists", "attribute_not_exists(nope)", {}, True),
    ("not exists nested", "attribute_not_exists(m.b.x)", {}, True),
    ("not exists of what is", "attribute_not_exists(s)", {}, False),
    *[
        (f"type of {name}", f"attribute_type({name}, :t)", {":t": S(tag)}, True)
        for name, tag in [
            ("s", "S"), ("n", "N"), ("b", "B"), ("t", "BOOL"), ("nil", "NULL"), ("ss", "SS"),
            ("ns", "NS"), ("bs", "BS"), ("l", "L"), ("m", "M"),
        ]
    ],
    ("another type", "attribute_type(s, :t)", {":t": S("N")}, False),
    ("type of missing", "attribute_type(nope, :t)", {":t": S("S")}, False),
    ("begins", "begins_with(s, :v)", {":v": S("hel")}, True),
    ("begins with all", "begins_with(s, :v)", {":v": S("hello")}, True),
    ("begins with nothing", "begins_with(s, :v)", {":v": S("")}, True),
    ("begins not", "begins_with(s, :v)", {":v": S("el")}, False),
    ("begins with more", "begins_with(s, :v)", {":v": S("hello!")}, False),
    ("binary begins", "begins_with(b, :v)", {":v": B(b"\x00\x01")}, True),
    ("binary begins not", "begins_with(b, :v)", {":v": B(b"\x01")}, False),
    ("begins with another type", "begins_with(n, :v)", {":v": S("5")}, False),
    ("begins missing", "begins_with(nope, :v)", {":v": S("")}, False),
    ("contains a substring", "contains(s, :v)", {":v": S("ell")}, True),
    ("contains not", "contains(s, :v)", {":v": S("ELL")}, False),
    ("contains nothing", "contains(s, :v)", {":v": S("")}, True),
    ("binary contains", "contains(b, :v)", {":v": B(b"\x01")}, True),
    ("binary does not contain text", "contains(b, :v)", {":v": S("AQ")}, False),
    ("set contains", "contains(ss, :v)", {":v": S("b")}, True),
    ("set contains no substring", "contains(ss, :v)", {":v": S("")}, False),
    ("number set contains by value", "contains(ns, :v)", {":v": N("2.0")}, True),
    ("number set contains no text", "contains(ns, :v)", {":v": S("2")}, False),
    ("binary set contains", "contains(bs, :v)", {":v": B(b"y")}, True),
    ("list contains", "contains(l, :v)", {":v": N("2.0")}, True),
    ("list contains a list", "contains(l, :v)", {":v": L(N(3))}, True),
    ("list contains a map", "contains(l, :v)", {":v": M(k=S("v"))}, True),
    ("list contains only its own elements", "contains(l, :v)", {":v": N(3)}, False),
    ("list contains a set without order", "contains(nl, :v)", {":v": NS(1, 2)}, True),
    ("map contains nothing", "contains(m, :v)", {":v": S("a")}, False),
    ("number contains nothing", "contains(n, :v)", {":v": N(5)}, False),
    ("contains by path", "contains(s, same)", {}, True),
    ("value contains path", "contains(:v, s)", {":v": S("say hello")}, True),
    ("missing contains nothing", "contains(nope, :v)", {":v": S("x")}, False),
    ("size of a string", "size(s) = :v", {":v": N(5)}, True),
    ("size counts UTF-16 code units", "size(emoji) = :v", {":v": N(3)}, True),
    ("size of an empty string", "size(blank) = :v", {":v": N(0)}, True),
    ("size of a binary", "size(b) = :v", {":v": N(3)}, True),
    ("size of a set", "size(ns) = :v", {":v": N(3)}, True),
    ("size of a list", "size(l) > :v", {":v": N(3)}, True),
    ("size of a map", "size(m) <= :v", {":v": N(3)}, True),
    ("size of a nested list", "size(m.l) = :v", {":v": N(2)}, True),
    ("size of a number makes it false", "size(n) >= :v", {":v": N(0)}, False),
    ("size of a boolean makes it false", "size(t) >= :v", {":v": N(0)}, False),
    ("size of null makes it false", "size(nil) >= :v", {":v": N(0)}, False),
    ("size of missing makes it false", "size(nope) >= :v", {":v": N(0)}, False),
    ("size against a path", "size(s) = n", {}, True),
    ("size between", "size(s) BETWEEN :a AND :b", {":a": N(1), ":b": N(5)}, True),
    ("size in", "size(s) IN (:a, n)", {":a": N(1)}, True),
    ("value against size", ":v < size(s)", {":v": N(4)}, True),
    ("size against size", "size(ns) < size(s)", {}, True),
    ("and", "s = same AND n = :v", {":v": N(5)}, True),
    ("and of false", "s = same AND n = :v", {":v": N(6)}, False),
    ("or", "s = :v OR n = :w", {":v": S("x"), ":w": N(5)}, True),
    ("or of false", "s = :v OR n = :w", {":v": S("x"), ":w": N(6)}, False),
    ("not", "NOT s = :v", {":v": S("x")}, True),
    ("not of a missing comparison", "NOT nope = :v", {":v": S("x")}, True),
    ("not of not", "NOT NOT s = :v", {":v": S("x")}, False),
    ("not of between", "NOT n BETWEEN :a AND :b", {":a": N(6), ":b": N(9)}, True),
    ("not of a function", "NOT attribute_exists(nope)", {}, True),
    ("not binds tighter than and", "NOT s = :x AND n = :v", {":x": S("x"), ":v": N(5)}, True),
    ("and binds tighter than or", "s = same OR s = :x AND n = :x", {":x": S("x")}, True),
    ("parentheses", "(s = same OR s = :x) AND n = :x", {":x": S("x")}, False),
    ("parentheses on the right", "n = :v AND (s = :x OR s = same)", {":x": S("x"), ":v": N(5)},
     True),
    ("not of parentheses", "NOT (s = :x OR n = :v)", {":x": S("x"), ":v": N(5)}, False),
    ("words in any case", "s = :v or Not n = :w aNd n bEtWeEn :w aND :w", {":v": S("x"),
     ":w": N(6)}, False),
    ("nested path", "m.b.c = :v", {":v": S("deep")}, True),
    ("list index", "l[1] = :v", {":v": N(2)}, True),
    ("list of list", "l[2][0] = :v", {":v": N(3)}, True),
    ("list in map", "m.l[1] = :v", {":v": N(20)}, True),
    ("map in list", "l[3].k = :v", {":v": S("v")}, True),
    ("no white space", "s=:v AND(n=:w)", {":v": S("hello"), ":w": N(5)}, True),
    ("much white space", "  s \n =\t:v ", {":v": S("hello")}, True),
]  # fmt: skip


@pytest.fixture(scope="module")
def stored(session_api):
    key = {"pk": S("conditions"), "sk": S("1")}
    session_api("PutItem", TableName="ranged", Item={**key, **ITEM})
    return key


def with_values(values):
    return {"ExpressionAttributeValues": values} if values else {}


@pytest.mark.parametrize(("expression", "values", "holds"), ids(ROWS))
def test_a_condition_holds_or_not(api, stored, expression, values, holds):
    request = {
        "TableName": "ranged",
        "Item": {**stored, **ITEM},
        "ConditionExpression": expression,
        **with_values(values),
    }
    try:
        api("PutItem", request)
    except Refused as refused:
        refused.must_be("ConditionalCheckFailedException")
        assert not holds
    else:
        assert holds


@pytest.mark.parametrize(("expression", "values", "holds"), ids(ROWS))
def test_a_filter_keeps_what_its_condition_holds_for(api, stored, expression, values, holds):
    page = api(
        "Query",
        TableName="ranged",
        KeyConditionExpression="pk = :conditions",
        FilterExpression=expression,
        ExpressionAttributeValues={**values, ":conditions": S("conditions")},
    )
    assert (page["Count"], page["ScannedCount"]) == (int(holds), 1)


NAMES = [
    ("one name", "#a = :v", {"#a": "s"}),
    ("a name with a dot is one attribute", "#a = :d", {"#a": "dotted.name"}),
    ("names along a path", "#m.#b.c = :x", {"#m": "m", "#b": "b"}),
    ("a name indexed", "#l[0] = :a", {"#l": "l"}),
    ("a reserved word behind a name", "#a = :v OR #b = :v", {"#a": "s", "#b": "SELECT"}),
    ("one name twice", "#a = :v AND size(#a) > :z", {"#a": "s"}),
]
VALUES = {":v": S("hello"), ":d": S("dot"), ":x": S("deep"), ":a": S("a"), ":z": N(1)}


@pytest.mark.parametrize(("expression", "names"), ids(NAMES))
def test_names_stand_for_single_attributes(api, stored, expression, names):
    used = {name: value for name, value in VALUES.items() if name in expression}
    api(
        "PutItem",
        TableName="ranged",
        Item={**stored, **ITEM},
        ConditionExpression=expression,
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=used,
    )


def test_a_condition_on_a_missing_item_sees_an_empty_one(api, fresh):
    key = {"pk": S(fresh())}
    for operation, more in [
        ("DeleteItem", {}),
        ("UpdateItem", {"UpdateExpression": "SET a = :a"}),
    ]:
        request = {"TableName": "strings", "Key": key, **more}
        values = {":a": N(1)} if more else None
        if values:
            request["ExpressionAttributeValues"] = values
        answer = api.refused(operation, request, ConditionExpression="attribute_exists(pk)")
        assert answer.type == "ConditionalCheckFailedException"
        assert answer.message == "The conditional request failed"
    assert "Item" not in api("GetItem", TableName="strings", Key=key)


def test_a_long_flat_condition_is_answered(api, stored):
    """The text stays under 4 KB; its depth must not exhaust a recursive evaluator."""
    for word in (" AND ", " OR "):
        expression = word.join(["n=:v"] * 290)
        if word == " AND ":
            # observed 5: 300 operators are allowed; 579 are not.
            expression = word.join(["n=:v"] * 150)
        answer = api.send(
            "PutItem",
            {
                "TableName": "ranged",
                "Item": {**stored, **ITEM},
                "ConditionExpression": expression,
                "ExpressionAttributeValues": {":v": N(5)},
            },
        )
        assert answer.status in (200, 400)
        assert b"InternalServerError" not in answer.body
