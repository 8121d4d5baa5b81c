"""Random requests, mostly right, on one table that both servers have."""

# ruff: noqa: N802
# The makers of requests have the names of their operations.
from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st

from support import tables
from support.values import BOOL, BS, NS, NULL, SS, B, L, M, N, S

TABLE = "differential"
DEFINITION = tables.table(
    "pk",
    "sk",
    types={"pk": "S", "sk": "N", "g": "S", "h": "N"},
    local=[tables.index("lsi", "pk", "h")],
    everywhere=[tables.index("gsi", "g", "h")],
)

strings = st.sampled_from(["", "a", "ab", "abc", "b", "é", "\U0001f600", "Z"]).map(S)
numbers = st.sampled_from(["0", "1", "-1", "2.5", "10", "1e2", "0.001", "99999999"]).map(N)
binaries = st.sampled_from([b"", b"a", b"ab", b"\xff"]).map(B)
scalars = st.one_of(strings, numbers, binaries, st.sampled_from([NULL, BOOL(True), BOOL(False)]))
sets = st.sampled_from([SS("a"), SS("a", "b"), NS(1), NS(1, 2, 10), BS(b"a"), BS(b"a", b"b")])
values: st.SearchStrategy[dict[str, Any]] = st.one_of(
    scalars,
    scalars,
    sets,
    st.lists(scalars, max_size=3).map(lambda inner: L(*inner)),
    st.dictionaries(st.sampled_from(["x", "y", "z"]), scalars, max_size=2).map(lambda m: M(**m)),
)
bad_values = st.sampled_from(
    [{"SS": []}, {"NS": []}, {"BS": []}, {}, {"S": "a", "N": "1"}, N("x"), N(""), SS("a", "a"),
     NS("1", "1"), N("1" * 39), N("1E126"), N("1E-131")]
)  # fmt: skip

keys = st.fixed_dictionaries(
    {"pk": st.sampled_from(["p", "q"]).map(S), "sk": st.sampled_from(["1", "2", "3"]).map(N)}
)
attributes = st.fixed_dictionaries(
    {},
    optional={
        "a": values,
        "b": values,
        "n": numbers,
        "ss": st.sampled_from([SS("a"), SS("a", "b", "c")]),
        "l": st.lists(values, max_size=3).map(lambda inner: L(*inner)),
        "m": st.dictionaries(st.sampled_from(["x", "y"]), values, max_size=2).map(
            lambda inner: M(**inner)
        ),
        "g": st.sampled_from(["g1", "g2"]).map(S),
        "h": numbers,
    },
)
items = st.builds(lambda key, rest: {**key, **rest}, keys, attributes)
bad_items = st.builds(
    lambda item, name, value: {**item, name: value},
    items,
    st.sampled_from(["a", "pk", "sk", "g", "h"]),
    st.one_of(bad_values, values),
)

paths = st.sampled_from(
    [
        "a",
        "b",
        "n",
        "ss",
        "l",
        "m",
        "l[0]",
        "l[1]",
        "l[9]",
        "m.x",
        "m.y",
        "m.x.z",
        "l[0].x",
        "absent",
    ]
)
# A placeholder's letter says what its value mostly is: n a number, s a string, t a set, l a list.
LETTERS = {
    "v": values,
    "n": numbers,
    "s": strings,
    "t": sets,
    "l": st.lists(scalars, max_size=2).map(lambda inner: L(*inner)),
}
placeholders = st.sampled_from([":v0", ":v1", ":n0", ":s0"])
operands = st.one_of(paths, paths, placeholders, paths.map(lambda path: f"size({path})"))
comparisons = st.builds(
    lambda left, sign, right: f"{left} {sign} {right}",
    operands,
    st.sampled_from(["=", "<>", "<", "<=", ">", ">="]),
    operands,
)
functions = st.one_of(
    st.builds(lambda path: f"attribute_exists({path})", paths),
    st.builds(lambda path: f"attribute_not_exists({path})", paths),
    st.builds(lambda path, value: f"begins_with({path}, {value})", paths, st.just(":s0")),
    st.builds(lambda path, value: f"contains({path}, {value})", paths, operands),
    st.builds(lambda path, value: f"attribute_type({path}, {value})", paths, st.just(":type")),
)
between = st.builds(lambda x, y, z: f"{x} BETWEEN {y} AND {z}", paths, operands, operands)
in_list = st.builds(
    lambda x, inner: f"{x} IN ({', '.join(inner)})",
    paths,
    st.lists(operands, min_size=1, max_size=3),
)
leaf = st.one_of(comparisons, comparisons, functions, between, in_list)
conditions = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.builds(lambda x, y: f"{x} AND {y}", inner, inner),
        st.builds(lambda x, y: f"{x} OR {y}", inner, inner),
        st.builds(lambda x: f"NOT {x}", inner),
        st.builds(lambda x, y: f"({x}) AND {y}", inner, inner),
        st.builds(lambda x, y: f"({x} OR {y})", inner, inner),
    ),
    max_leaves=4,
)
terms = st.one_of(
    placeholders,
    paths,
    st.builds(lambda path, value: f"if_not_exists({path}, {value})", paths, placeholders),
    st.builds(lambda x, y: f"list_append({x}, {y})", st.sampled_from(["l", ":l0", "m.x"]),
              st.sampled_from([":l0", ":l1", "l"])),
)  # fmt: skip
counted = st.sampled_from(["n", "h", ":n0", ":n1", "if_not_exists(n, :n0)", "a"])
sums = st.builds(lambda x, sign, y: f"{x} {sign} {y}", counted, st.sampled_from("+-"), counted)
wild_sums = st.builds(lambda x, sign, y: f"{x} {sign} {y}", terms, st.sampled_from("+-"), terms)


def mostly(good: st.SearchStrategy[Any], bad: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """`bad` about once in nine; not for 0, which hypothesis draws oftener than its share."""
    return st.integers(0, 8).flatmap(lambda dice: bad if dice == 5 else good)


assigned = st.builds(
    lambda path, term: f"{path} = {term}", paths, st.one_of(terms, sums, mostly(terms, wild_sums))
)
added = mostly(
    st.sampled_from([("n", ":n0"), ("h", ":n0"), ("ss", ":t0"), ("absent", ":n0"), ("a", ":t0"),
                     ("m.x", ":n0"), ("l[0]", ":n1")]),
    st.tuples(paths, placeholders),
)  # fmt: skip
deleted = mostly(
    st.sampled_from([("ss", ":t0"), ("a", ":t0"), ("m.x", ":t0")]), st.tuples(paths, placeholders)
)
updates = st.lists(
    st.one_of(
        st.lists(assigned, min_size=1, max_size=2).map(lambda inner: "SET " + ", ".join(inner)),
        st.lists(assigned, min_size=1, max_size=2).map(lambda inner: "SET " + ", ".join(inner)),
        st.lists(paths, min_size=1, max_size=2).map(lambda inner: "REMOVE " + ", ".join(inner)),
        added.map(lambda pair: f"ADD {pair[0]} {pair[1]}"),
        deleted.map(lambda pair: f"DELETE {pair[0]} {pair[1]}"),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda section: section.split()[0],
).map(" ".join)
projections = st.lists(paths, min_size=1, max_size=3, unique=True).map(", ".join)
junk = st.sampled_from(["(", ")", ",", "=", "AND", ".", "[", "#", ":", "name", "!", "NOT", ""])


@st.composite
def broken(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """A good text with a token put in, taken out or replaced."""
    words = re.findall(r"[:#]?\w+|\S", draw(texts))
    place = draw(st.integers(0, len(words) - 1))
    words[place : place + draw(st.integers(0, 1))] = [draw(junk)]
    return " ".join(words)


def expressed(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> tuple[str, dict[str, Any]]:
    """An expression and values for just the placeholders in it."""
    text = draw(mostly(texts, broken(texts)))
    found = {}
    for name in sorted(set(re.findall(r":\w+", text))):
        if name == ":type":
            types = st.sampled_from(["S", "N", "SS", "L", "M", "NULL"])
            found[name] = S(draw(mostly(types, st.just("nope"))))
        else:
            found[name] = draw(mostly(LETTERS[name[1]], values))
    return text, found


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """An operation and its request."""
    operation = draw(
        st.sampled_from(["PutItem", "PutItem", "UpdateItem", "UpdateItem", "UpdateItem",
                         "DeleteItem", "GetItem", "Query", "Scan", "Scan", "BatchWriteItem",
                         "TransactWriteItems"])
    )  # fmt: skip
    request: dict[str, Any] = globals()[f"_{operation}"](draw)
    return operation, request


def _condition(draw: st.DrawFn, request: dict[str, Any]) -> dict[str, Any]:
    if draw(st.booleans()):
        text, found = expressed(draw, conditions)
        request["ConditionExpression"] = text
        if found:
            request["ExpressionAttributeValues"] = found
    return request


def _PutItem(draw: st.DrawFn) -> dict[str, Any]:
    item = draw(mostly(items, bad_items))
    kind = draw(mostly(st.sampled_from(["NONE", "ALL_OLD"]), st.sampled_from(["ALL_NEW"])))
    return _condition(draw, {"TableName": TABLE, "Item": item, "ReturnValues": kind})


def _DeleteItem(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["NONE", "ALL_OLD"]))
    return _condition(draw, {"TableName": TABLE, "Key": draw(keys), "ReturnValues": kind})


def _UpdateItem(draw: st.DrawFn) -> dict[str, Any]:
    text, found = expressed(draw, updates)
    request: dict[str, Any] = {
        "TableName": TABLE,
        "Key": draw(keys),
        "UpdateExpression": text,
        "ReturnValues": draw(st.sampled_from(["NONE", "ALL_OLD", "ALL_NEW"])),
    }
    if found:
        request["ExpressionAttributeValues"] = found
    return request


def _GetItem(draw: st.DrawFn) -> dict[str, Any]:
    request: dict[str, Any] = {"TableName": TABLE, "Key": draw(keys)}
    if draw(st.booleans()):
        request["ProjectionExpression"] = draw(mostly(projections, broken(projections)))
    return request


def _filtered(draw: st.DrawFn, request: dict[str, Any]) -> dict[str, Any]:
    if draw(st.booleans()):
        text, found = expressed(draw, conditions)
        request["FilterExpression"] = text
        request["ExpressionAttributeValues"] = {
            **request.get("ExpressionAttributeValues", {}), **found
        }  # fmt: skip
    if draw(st.booleans()):
        request["ProjectionExpression"] = draw(projections)
    if not request.get("ExpressionAttributeValues", True):
        del request["ExpressionAttributeValues"]
    return request


def _Scan(draw: st.DrawFn) -> dict[str, Any]:
    request: dict[str, Any] = {"TableName": TABLE}
    if draw(st.booleans()):
        request["IndexName"] = draw(st.sampled_from(["gsi", "lsi"]))
    return _filtered(draw, request)


def _Query(draw: st.DrawFn) -> dict[str, Any]:
    index, partition, sort, key = draw(
        st.sampled_from(
            [(None, "pk", "sk", S("p")), ("lsi", "pk", "h", S("p")), ("gsi", "g", "h", S("g1"))]
        )
    )
    request: dict[str, Any] = {
        "TableName": TABLE,
        "KeyConditionExpression": f"{partition} = :pk",
        "ExpressionAttributeValues": {":pk": key},
        "ScanIndexForward": draw(st.booleans()),
    }
    if index:
        request["IndexName"] = index
    if draw(st.booleans()):
        sign = draw(st.sampled_from(["=", "<", "<=", ">", ">="]))
        request["KeyConditionExpression"] += f" AND {sort} {sign} :sk"
        request["ExpressionAttributeValues"][":sk"] = draw(numbers)
    return _filtered(draw, request)


def _BatchWriteItem(draw: st.DrawFn) -> dict[str, Any]:
    puts = [{"PutRequest": {"Item": item}} for item in draw(st.lists(items, max_size=3))]
    deletes = [{"DeleteRequest": {"Key": key}} for key in draw(st.lists(keys, max_size=2))]
    return {"RequestItems": {TABLE: [*puts, *deletes] or [{"PutRequest": {"Item": draw(items)}}]}}


def _TransactWriteItems(draw: st.DrawFn) -> dict[str, Any]:
    actions = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["Put", "Update", "Delete"]))
        made = globals()[f"_{kind}Item"](draw)
        del made["ReturnValues"]
        actions.append({kind: made})
    return {"TransactItems": actions}
