"""Projection expressions: which parts of an item come back."""

from __future__ import annotations

import pytest

from support.cases import ids
from support.values import NS, SS, L, M, N, S, normal

ITEM = {
    "a": S("a"),
    "n": N(1),
    "m": M(x=N(1), y=M(z=N(2), w=N(3)), items_=L(N(1), N(2), N(3))),
    "l": L(M(a=N(0), b=N(1)), N(11), L(N(20), N(21), N(22)), N(13)),
    "ss": SS("b", "a"),
    "ns": NS(1, 2),
    "dotted.name": S("dot"),
}

ROWS = [
    ("one", "a", {"a": ITEM["a"]}),
    ("two", "a, n", {"a": ITEM["a"], "n": ITEM["n"]}),
    ("missing", "nope", {}),
    ("one of two missing", "a, nope", {"a": ITEM["a"]}),
    ("whole map", "m", {"m": ITEM["m"]}),
    ("map entry", "m.x", {"m": M(x=N(1))}),
    ("two map entries", "m.x, m.y.z", {"m": M(x=N(1), y=M(z=N(2)))}),
    ("two map entries the other way", "m.y.z, m.x", {"m": M(x=N(1), y=M(z=N(2)))}),
    ("two deep entries", "m.y.z, m.y.w", {"m": M(y=M(z=N(2), w=N(3)))}),
    ("missing map entry", "m.nope", {}),
    ("missing deep map entry", "m.y.nope", {}),
    ("entry of a string", "a.x", {}),
    ("element of a map", "m[0]", {}),
    ("entry of a list", "l.a", {}),
    ("element of a set", "ss[0]", {}),
    ("list element", "l[1]", {"l": L(N(11))}),
    ("two list elements come in index order", "l[3], l[1]", {"l": L(N(11), N(13))}),
    ("element past the end", "l[9]", {}),
    ("element and one past the end", "l[9], l[1]", {"l": L(N(11))}),
    ("entry of an element", "l[0].a", {"l": L(M(a=N(0)))}),
    ("entries of one element merge", "l[0].b, l[0].a", {"l": L(M(a=N(0), b=N(1)))}),
    ("elements of an element", "l[2][2], l[2][0]", {"l": L(L(N(20), N(22)))}),
    ("list in a map", "m.items_[1]", {"m": M(items_=L(N(2)))}),
    ("set", "ss", {"ss": SS("a", "b")}),
    ("name with a dot", "#d", {"dotted.name": S("dot")}),
    ("names", "#m.#y.z", {"m": M(y=M(z=N(2)))}),
    ("key", "pk", {"pk": S("projections")}),
    ("white space", " a ,\tn\n", {"a": ITEM["a"], "n": ITEM["n"]}),
]
NAMES = {"#d": "dotted.name", "#m": "m", "#y": "y"}


@pytest.fixture(scope="module")
def key(session_api):
    found = {"pk": S("projections")}
    session_api("PutItem", TableName="strings", Item={**found, **ITEM})
    return found


@pytest.mark.parametrize(("expression", "expected"), ids(ROWS))
def test_a_projection_gives_what_it_names(api, key, expression, expected):
    request = {"ProjectionExpression": expression}
    names = {name: value for name, value in NAMES.items() if name in expression}
    if names:
        request["ExpressionAttributeNames"] = names
    got = api("GetItem", TableName="strings", Key=key, **request)["Item"]
    assert normal(got) == normal(expected)
    batch = api("BatchGetItem", RequestItems={"strings": {"Keys": [key], **request}})
    assert normal(batch["Responses"]["strings"]) == normal([expected])
    page = api(
        "Query",
        TableName="strings",
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": key["pk"]},
        **request,
    )
    assert normal(page["Items"]) == normal([expected])
    taken = api(
        "TransactGetItems",
        TransactItems=[{"Get": {"TableName": "strings", "Key": key, **request}}],
    )
    # observed 7 [A]: a transaction leaves out an item whose projection matches nothing.
    wanted = {"Item": normal(expected)} if expected else {}
    assert normal(taken["Responses"]) == [wanted]


def test_a_missing_item_has_no_item_member(api, fresh):
    answer = api("GetItem", TableName="strings", Key={"pk": S(fresh())}, ProjectionExpression="a")
    assert answer == {}


@pytest.mark.parametrize("names", [["a"], ["a", "n", "nope"], ["m"]])
def test_attributes_to_get_names_whole_attributes(api, key, names):
    got = api("GetItem", TableName="strings", Key=key, AttributesToGet=names)["Item"]
    assert got == {name: ITEM[name] for name in names if name in ITEM}
    page = api("Scan", TableName="strings", AttributesToGet=names, Limit=1)
    assert all(set(item) <= set(names) for item in page["Items"])
