"""Update expressions: what each clause does to an item, and what it returns."""

from __future__ import annotations

import pytest

from support.cases import ids
from support.values import BOOL, BS, NS, SS, B, L, M, N, S, normal

ITEM = {
    "s": S("hello"),
    "n": N(5),
    "zero": N(0),
    "l": L(S("a"), S("b"), S("c")),
    "m": M(a=N(1), b=M(c=S("deep")), l=L(N(1), N(2))),
    "ss": SS("a", "b"),
    "ns": NS(1, 2),
    "bs": BS(b"x"),
    "t": BOOL(True),
}


def changed(**attributes):
    """The item with these attributes set, or taken away where they are None."""
    item = {**ITEM, **attributes}
    return {name: value for name, value in item.items() if value is not None}


# docs: Using update expressions in DynamoDB; observed 7.
ROWS = [
    ("set a new attribute", "SET x = :v", {":v": N(1)}, changed(x=N(1))),
    ("set over one of another type", "SET s = :v", {":v": N(1)}, changed(s=N(1))),
    ("set several", "SET x = :v, y = :v", {":v": N(1)}, changed(x=N(1), y=N(1))),
    ("set from a path", "SET x = s", {}, changed(x=S("hello"))),
    ("set from a nested path", "SET x = m.b.c", {}, changed(x=S("deep"))),
    ("swap", "SET s = n, n = s", {}, changed(s=N(5), n=S("hello"))),
    ("the right side reads the old item", "SET n = :v, x = n", {":v": N(9)},
     changed(n=N(9), x=N(5))),
    ("add numbers", "SET n = n + :v", {":v": N("0.5")}, changed(n=N("5.5"))),
    ("subtract numbers", "SET n = n - :v", {":v": N(7)}, changed(n=N(-2))),
    ("value minus path", "SET n = :v - n", {":v": N(7)}, changed(n=N(2))),
    ("value plus value", "SET x = :v + :w", {":v": N(7), ":w": N("1e2")}, changed(x=N(107))),
    ("path plus path", "SET x = n + m.a", {}, changed(x=N(6))),
    ("parenthesised arithmetic", "SET x = (n - :v)", {":v": N(1)}, changed(x=N(4))),
    ("exact decimals", "SET x = :v + :w", {":v": N("0.1"), ":w": N("0.2")}, changed(x=N("0.3"))),
    ("38 digits", "SET x = :v + :w", {":v": N("9" * 37 + "8"), ":w": N(1)},
     changed(x=N("9" * 38))),
    ("minus to zero", "SET n = n - n", {}, changed(n=N(0))),
    ("if_not_exists of missing", "SET x = if_not_exists(x, :v)", {":v": N(1)}, changed(x=N(1))),
    ("if_not_exists of present", "SET n = if_not_exists(n, :v)", {":v": N(1)}, ITEM),
    ("if_not_exists of another path", "SET x = if_not_exists(s, :v)", {":v": N(1)},
     changed(x=S("hello"))),
    ("if_not_exists falls back to a path", "SET x = if_not_exists(x, s)", {},
     changed(x=S("hello"))),
    ("if_not_exists nested", "SET x = if_not_exists(x, if_not_exists(y, :v))", {":v": N(1)},
     changed(x=N(1))),
    ("if_not_exists plus", "SET x = if_not_exists(x, :z) + :v", {":z": N(10), ":v": N(1)},
     changed(x=N(11))),
    ("plus if_not_exists", "SET x = :v + if_not_exists(n, :z)", {":z": N(10), ":v": N(1)},
     changed(x=N(6))),
    ("list_append at the end", "SET l = list_append(l, :v)", {":v": L(S("d"))},
     changed(l=L(S("a"), S("b"), S("c"), S("d")))),
    ("list_append at the front", "SET l = list_append(:v, l)", {":v": L(S("d"))},
     changed(l=L(S("d"), S("a"), S("b"), S("c")))),
    ("list_append of itself", "SET x = list_append(m.l, m.l)", {},
     changed(x=L(N(1), N(2), N(1), N(2)))),
    ("list_append of values", "SET x = list_append(:v, :w)", {":v": L(), ":w": L(N(1))},
     changed(x=L(N(1)))),
    ("list_append to a default", "SET x = list_append(if_not_exists(x, :e), :v)",
     {":e": L(), ":v": L(N(1))}, changed(x=L(N(1)))),
    ("set inside a map", "SET m.a = :v", {":v": S("x")},
     changed(m=M(a=S("x"), b=M(c=S("deep")), l=L(N(1), N(2))))),
    ("set a new map entry", "SET m.b.d = :v", {":v": N(2)},
     changed(m=M(a=N(1), b=M(c=S("deep"), d=N(2)), l=L(N(1), N(2))))),
    ("set a list element", "SET l[1] = :v", {":v": N(2)}, changed(l=L(S("a"), N(2), S("c")))),
    ("set at the end appends", "SET l[3] = :v", {":v": N(2)},
     changed(l=L(S("a"), S("b"), S("c"), N(2)))),
    ("set past the end appends", "SET l[90] = :v", {":v": N(2)},
     changed(l=L(S("a"), S("b"), S("c"), N(2)))),
    ("two sets past the end append in order", "SET l[91] = :w, l[90] = :v",
     {":v": N(1), ":w": N(2)}, changed(l=L(S("a"), S("b"), S("c"), N(1), N(2)))),
    ("set in a list in a map", "SET m.l[0] = m.l[1]", {},
     changed(m=M(a=N(1), b=M(c=S("deep")), l=L(N(2), N(2))))),
    ("remove", "REMOVE s", {}, changed(s=None)),
    ("remove several", "REMOVE s, n, nope", {}, changed(s=None, n=None)),
    ("remove missing", "REMOVE nope", {}, ITEM),
    ("remove a map entry", "REMOVE m.b.c", {},
     changed(m=M(a=N(1), b=M(), l=L(N(1), N(2))))),
    ("remove a missing map entry", "REMOVE m.x", {}, ITEM),
    ("remove a list element shifts the rest", "REMOVE l[0]", {}, changed(l=L(S("b"), S("c")))),
    ("remove two list elements by their old places", "REMOVE l[0], l[2]", {},
     changed(l=L(S("b")))),
    ("remove two list elements in falling order", "REMOVE l[2], l[1]", {},
     changed(l=L(S("a")))),
    ("remove past the list", "REMOVE l[9]", {}, ITEM),
    ("remove and set in one list", "SET l[2] = :v REMOVE l[0]", {":v": N(2)},
     changed(l=L(S("b"), N(2)))),
    ("add to a number", "ADD n :v", {":v": N("-1.5")}, changed(n=N("3.5"))),
    ("add to nothing", "ADD x :v", {":v": N(3)}, changed(x=N(3))),
    ("add to a string set", "ADD ss :v", {":v": SS("b", "c")}, changed(ss=SS("a", "b", "c"))),
    ("add to a number set by value", "ADD ns :v", {":v": NS("2.0", "3")},
     changed(ns=NS(1, 2, 3))),
    ("add to a binary set", "ADD bs :v", {":v": BS(b"y")}, changed(bs=BS(b"x", b"y"))),
    ("add a set to nothing", "ADD x :v", {":v": SS("a")}, changed(x=SS("a"))),
    ("add nested", "ADD m.a :v", {":v": N(1)},
     changed(m=M(a=N(2), b=M(c=S("deep")), l=L(N(1), N(2))))),
    ("add to a list element", "ADD m.l[1] :v", {":v": N(1)},
     changed(m=M(a=N(1), b=M(c=S("deep")), l=L(N(1), N(3))))),
    ("delete from a set", "DELETE ss :v", {":v": SS("a", "z")}, changed(ss=SS("b"))),
    ("delete the last of a set removes it", "DELETE ss :v", {":v": SS("a", "b")},
     changed(ss=None)),
    ("delete numbers by value", "DELETE ns :v", {":v": NS("1.0")}, changed(ns=NS(2))),
    ("delete from missing", "DELETE nope :v", {":v": SS("a")}, ITEM),
    ("all four sections", "SET x = :v REMOVE s ADD n :v DELETE ss :d",
     {":v": N(1), ":d": SS("a")}, changed(x=N(1), s=None, n=N(6), ss=SS("b"))),
    ("sections in any order and case", "remove s delete ss :d set x = :v add n :v",
     {":v": N(1), ":d": SS("a")}, changed(x=N(1), s=None, n=N(6), ss=SS("b"))),
    ("names", "SET #x.#y = :v", {":v": N(1)},
     changed(m=M(a=N(1), b=M(c=S("deep")), l=L(N(1), N(2)), **{"odd.name": N(1)}))),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "values", "after"), ids(ROWS))
def test_an_update_makes_of_the_item_what_is_documented(api, fresh, expression, values, after):
    key = {"pk": S(fresh())}
    api("PutItem", TableName="strings", Item={**key, **ITEM})
    request = {"TableName": "strings", "Key": key, "UpdateExpression": expression}
    if values:
        request["ExpressionAttributeValues"] = values
    if "#" in expression:
        request["ExpressionAttributeNames"] = {"#x": "m", "#y": "odd.name"}
    returned = api("UpdateItem", request, ReturnValues="ALL_NEW")["Attributes"]
    stored = api("GetItem", TableName="strings", Key=key)["Item"]
    assert normal(stored) == normal({**key, **after})
    assert normal(returned) == normal(stored)


NEW = [
    ("set makes an item", "SET a = :v", {":v": N(1)}, {"a": N(1)}),
    ("add makes an item", "ADD a :v", {":v": N(1)}, {"a": N(1)}),
    ("if_not_exists makes an item", "SET a = if_not_exists(a, :v)", {":v": N(1)}, {"a": N(1)}),
    ("remove makes none", "REMOVE a", {}, None),
    ("delete makes none", "DELETE a :v", {":v": SS("x")}, None),
    ("set and remove make one", "SET a = :v REMOVE b", {":v": N(1)}, {"a": N(1)}),
    ("no expression makes a bare item", None, {}, {}),
]


@pytest.mark.parametrize(("expression", "values", "after"), ids(NEW))
def test_an_update_of_a_missing_item(api, fresh, expression, values, after):
    key = {"pk": S(fresh())}
    request = {"TableName": "strings", "Key": key}
    if expression:
        request["UpdateExpression"] = expression
    if values:
        request["ExpressionAttributeValues"] = values
    api("UpdateItem", request)
    item = api("GetItem", TableName="strings", Key=key).get("Item")
    assert item == (None if after is None else {**key, **after})


# name, expression, values, ALL_OLD, ALL_NEW, UPDATED_OLD, UPDATED_NEW of an item; None = absent.
# observed 4 [A]: leaves at the paths named, wrapped in their parents.
OLD = {"a": N(1), "m": M(x=N(1), y=N(2)), "l": L(N(1), N(2), N(3)), "s": SS("a", "b")}
RETURNS = [
    ("set", "SET a = :v", {":v": N(2)}, {"a": N(1)}, {"a": N(2)}),
    ("set unchanged", "SET a = :v", {":v": N(1)}, {"a": N(1)}, {"a": N(1)}),
    ("set new", "SET b = :v", {":v": N(2)}, None, {"b": N(2)}),
    ("set two", "SET a = :v, b = :v", {":v": N(2)}, {"a": N(1)}, {"a": N(2), "b": N(2)}),
    ("set nested", "SET m.x = :v", {":v": N(9)}, {"m": M(x=N(1))}, {"m": M(x=N(9))}),
    ("set two nested", "SET m.x = :v, m.y = :v", {":v": N(9)}, {"m": M(x=N(1), y=N(2))},
     {"m": M(x=N(9), y=N(9))}),
    ("set nested new", "SET m.z = :v", {":v": N(9)}, None, {"m": M(z=N(9))}),
    ("set element", "SET l[1] = :v", {":v": N(9)}, {"l": L(N(2))}, {"l": L(N(9))}),
    ("remove", "REMOVE a", {}, {"a": N(1)}, None),
    ("remove nested", "REMOVE m.x", {}, {"m": M(x=N(1))}, None),
    ("remove missing", "REMOVE b", {}, None, None),
    ("append past the end", "SET l[7] = :v", {":v": N(9)}, None, None),
    # What moved up into the place of a removed element is returned as its new value.
    ("remove element", "REMOVE l[0]", {}, {"l": L(N(1))}, {"l": L(N(2))}),
    ("remove last element", "REMOVE l[2]", {}, {"l": L(N(3))}, None),
    ("remove elements", "REMOVE l[1], l[3]", {}, {"l": L(N(2))}, {"l": L(N(3))}),
    ("add", "ADD a :v", {":v": N(1)}, {"a": N(1)}, {"a": N(2)}),
    ("add to a set", "ADD s :v", {":v": SS("c")}, {"s": SS("a", "b")}, {"s": SS("a", "b", "c")}),
    ("delete from a set", "DELETE s :v", {":v": SS("a")}, {"s": SS("a", "b")}, {"s": SS("b")}),
    ("set and remove", "SET b = :v REMOVE a", {":v": N(2)}, {"a": N(1)}, {"b": N(2)}),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "values", "updated_old", "updated_new"), ids(RETURNS))
def test_return_values_of_an_update(api, fresh, expression, values, updated_old, updated_new):
    answers = {}
    for kind in ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"):
        key = {"pk": S(fresh())}
        api("PutItem", TableName="strings", Item={**key, **OLD})
        request = {"TableName": "strings", "Key": key, "UpdateExpression": expression}
        if values:
            request["ExpressionAttributeValues"] = values
        answer = api("UpdateItem", request, ReturnValues=kind)
        answers[kind] = normal(answer.get("Attributes"))
        after = api("GetItem", TableName="strings", Key=key)["Item"]
        if kind == "ALL_NEW":
            assert answers[kind] == normal(after)
        if kind == "ALL_OLD":
            assert answers[kind] == normal({**key, **OLD})
    assert answers["NONE"] is None
    assert answers["UPDATED_OLD"] == normal(updated_old)
    assert answers["UPDATED_NEW"] == normal(updated_new)


@pytest.mark.parametrize("kind", ["ALL_OLD", "UPDATED_OLD"])
def test_old_values_of_a_new_item_are_absent(api, fresh, kind):
    answer = api(
        "UpdateItem",
        TableName="strings",
        Key={"pk": S(fresh())},
        UpdateExpression="SET a = :v",
        ExpressionAttributeValues={":v": N(1)},
        ReturnValues=kind,
    )
    assert "Attributes" not in answer


# Depends on the stored item, so it is found only when the item is read: bare (observed 2, 7).
DATA_TYPE = "An operand in the update expression has an incorrect data type"
MISSING = "The provided expression refers to an attribute that does not exist in the item"
PATH = "The document path provided in the update expression is invalid for update"
RUNTIME = [
    ("add a number to a string", "ADD s :v", {":v": N(1)}, DATA_TYPE),
    ("add a set to a number", "ADD n :v", {":v": NS(1)}, DATA_TYPE),
    ("add a set of another type", "ADD ss :v", {":v": NS(1)}, DATA_TYPE),
    ("add a number to a list", "ADD l :v", {":v": N(1)}, DATA_TYPE),
    ("delete a set of another type", "DELETE ss :v", {":v": NS(1)}, DATA_TYPE),
    ("delete from a number", "DELETE n :v", {":v": SS("a")}, DATA_TYPE),
    ("plus on a string", "SET n = s + :v", {":v": N(1)}, DATA_TYPE),
    ("minus on a set", "SET n = :v - ns", {":v": N(1)}, DATA_TYPE),
    ("list_append to a string", "SET l = list_append(s, :v)", {":v": L()}, DATA_TYPE),
    ("list_append of a set", "SET l = list_append(l, ss)", {}, DATA_TYPE),
    ("plus on missing", "SET n = nope + :v", {":v": N(1)}, MISSING),
    ("from missing", "SET x = nope", {}, MISSING),
    ("from a missing map entry", "SET x = m.nope", {}, MISSING),
    ("from past a list", "SET x = l[9]", {}, MISSING),
    ("list_append to missing", "SET x = list_append(nope, :v)", {":v": L()}, MISSING),
    ("set in a missing map", "SET nope.a = :v", {":v": N(1)}, PATH),
    ("set in a missing list", "SET nope[0] = :v", {":v": N(1)}, PATH),
    ("set in a string", "SET s.a = :v", {":v": N(1)}, PATH),
    ("set an element of a map", "SET m[0] = :v", {":v": N(1)}, PATH),
    ("set an entry of a list", "SET l.a = :v", {":v": N(1)}, PATH),
    ("set an element of a set", "SET ss[0] = :v", {":v": S("x")}, PATH),
    ("set deep in a missing map", "SET m.x.y = :v", {":v": N(1)}, PATH),
    ("remove in a missing map", "REMOVE nope.a", {}, PATH),
    ("remove in a string", "REMOVE s.a", {}, PATH),
    ("add in a missing map", "ADD nope.a :v", {":v": N(1)}, PATH),
]


@pytest.mark.parametrize(("expression", "values", "message"), ids(RUNTIME))
def test_an_update_that_does_not_fit_the_item_changes_nothing(
    api, fresh, expression, values, message
):
    key = {"pk": S(fresh())}
    item = {**key, **ITEM}
    api("PutItem", TableName="strings", Item=item)
    request = {"TableName": "strings", "Key": key, "UpdateExpression": expression}
    if values:
        request["ExpressionAttributeValues"] = values
    answer = api.refused("UpdateItem", request)
    assert (answer.type, answer.message) == ("ValidationException", message)
    assert normal(api("GetItem", TableName="strings", Key=key)["Item"]) == normal(item)


RANGE = [
    ("set over the range", "SET n = n + :v", N("9E125"), "overflow"),
    ("add over the range", "ADD n :v", N("9E125"), "overflow"),
]


@pytest.mark.parametrize(("expression", "value", "what"), ids(RANGE))
def test_a_sum_out_of_range_is_refused(api, fresh, expression, value, what):
    key = {"pk": S(fresh())}
    api("PutItem", TableName="strings", Item={**key, "n": value})
    answer = api.refused(
        "UpdateItem",
        TableName="strings",
        Key=key,
        UpdateExpression=expression,
        ExpressionAttributeValues={":v": value},
    )
    assert answer.type == "ValidationException"
    assert what in answer.message


@pytest.mark.parametrize(
    ("stored", "expression", "value"),
    [
        ("9" * 38, "SET n = n + :v", "0.1"),
        ("1e50", "SET n = n + :v", "1"),
        ("1e50", "SET n = n - :v", "1"),
        ("1e50", "ADD n :v", "1"),
    ],
)
def test_a_sum_of_more_than_38_digits_is_an_overflow(api, fresh, stored, expression, value):
    """Observed on the service: the text is that of magnitude, not that of digits."""
    key = {"pk": S(fresh())}
    api("PutItem", TableName="strings", Item={**key, "n": N(stored)})
    answer = api.refused(
        "UpdateItem",
        TableName="strings",
        Key=key,
        UpdateExpression=expression,
        ExpressionAttributeValues={":v": N(value)},
    )
    assert (answer.type, answer.message) == (
        "ValidationException",
        "Number overflow. Attempting to store a number with magnitude larger than supported range",
    )


def test_keys_cannot_be_updated_by_any_section(api):
    for expression, values in [
        ("SET pk = :v", {":v": S("x")}),
        ("REMOVE pk", None),
        ("ADD sk :v", {":v": N(1)}),
        ("DELETE sk :v", {":v": SS("x")}),
        ("SET sk = :v", {":v": S("x")}),
        ("SET pk.x = :v", {":v": S("x")}),
    ]:
        request = {
            "TableName": "ranged",
            "Key": {"pk": S("k"), "sk": S("k")},
            "UpdateExpression": expression,
        }
        if values:
            request["ExpressionAttributeValues"] = values
        name = "pk" if "pk" in expression else "sk"
        answer = api.refused("UpdateItem", request)
        assert answer.message == (
            "One or more parameter values were invalid: "
            f"Cannot update attribute {name}. This attribute is part of the key"
        )


def test_a_binary_is_stored_in_its_canonical_text(api, fresh):
    key = {"pk": S(fresh())}
    api(
        "UpdateItem",
        TableName="strings",
        Key=key,
        UpdateExpression="SET b = :b",
        ExpressionAttributeValues={":b": B(b"abcd")},
    )
    assert api("GetItem", TableName="strings", Key=key)["Item"]["b"] == {"B": "YWJjZA=="}
