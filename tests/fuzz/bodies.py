"""Request bodies made from the published service model: mostly right, then mutated."""

from __future__ import annotations

from typing import Any

import botocore.session
from hypothesis import strategies as st

OPERATIONS = [
    "BatchExecuteStatement", "BatchGetItem", "BatchWriteItem", "CreateTable", "DeleteItem",
    "DeleteTable", "DescribeTable", "ExecuteStatement", "ExecuteTransaction", "GetItem",
    "ListTables", "PutItem", "Query", "Scan", "TransactGetItems", "TransactWriteItems",
    "UpdateItem", "UpdateTable", "UpdateTimeToLive", "DescribeTimeToLive",
]  # fmt: skip
UNBUILT = ["CreateBackup", "TagResource", "ListStreams"]

MODEL = botocore.session.get_session().get_service_model("dynamodb")

# Words that reach deep: names of tables and attributes, placeholders, expressions good and bad.
WORDS: dict[str, list[str]] = {
    "TableName": ["fuzzed", "fuzzed", "fuzzed", "none", "", "x" * 300,
                  "arn:aws:dynamodb:us-east-1:000000000000:table/fuzzed"],
    "IndexName": ["gsi", "lsi", "none", ""],
    "Expression": ["a = :v", "pk = :v", "pk = :v AND sk > :v", "SET a = :v", "REMOVE a[0]",
                   "ADD a :v", "DELETE a :v", "SET #n = if_not_exists(a, :v) + :v", "a, b.c, l[1]",
                   "attribute_exists(#n)", "size(a) > :v OR NOT begins_with(a, :v)", "(", "",
                   "a" * 5000, "((((a = :v))))", "a IN (:v, :v)", "\x00", "SET a = a - :v",
                   "é = :v",
                   "a BETWEEN :v AND :v", "contains(a, :v) AND a <> :v"],
    "Statement": ["SELECT * FROM fuzzed", "SELECT * FROM fuzzed WHERE pk = ? AND sk = ?",
                  "DELETE FROM fuzzed WHERE pk = ? AND sk = ?", "SELECT * FROM none", "", "SELECT",
                  "INSERT INTO fuzzed VALUE {'pk': ?, 'sk': ?}", "x" * 8193,
                  "UPDATE fuzzed SET a = ? WHERE pk = 'x' AND sk = 1"],
    "String": ["pk", "sk", "a", "#n", ":v", "", "é", "\U0001f642", "0", "NaN", "1e400",
               "x" * 3000],
}  # fmt: skip
EXPRESSIONS = {
    "ConditionExpression", "ProjectionExpression", "UpdateExpression", "KeyExpression",
}  # fmt: skip

json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=20).filter(lambda text: text.isprintable() or "\x00" in text),
        st.sampled_from(WORDS["String"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from([*"SNBLM", "SS", "NULL", "pk", ":v", "x"]), inner, max_size=3
        ),
    ),
    max_leaves=6,
)


def attribute_value(draw: st.DrawFn, depth: int) -> Any:
    tag = draw(
        st.sampled_from(["S", "S", "N", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"])
    )
    simple: dict[str, Any] = {
        "S": st.sampled_from(WORDS["String"]),
        "N": st.sampled_from(["1", "2.5", "-1e5", "x", "", "9" * 50, "1E126"]),
        "B": st.sampled_from(["", "YQ==", "YWI=", "!", "YQ"]),
        "BOOL": st.booleans(),
        "NULL": st.booleans(),
        "SS": st.lists(st.sampled_from(["a", "b", ""]), max_size=3),
        "NS": st.lists(st.sampled_from(["1", "1.0", "x"]), max_size=3),
        "BS": st.lists(st.sampled_from(["YQ==", ""]), max_size=2),
    }
    if tag in simple:
        return {tag: draw(simple[tag])}
    inner = (
        [attribute_value(draw, depth - 1) for _ in range(draw(st.integers(0, 2)))]
        if (depth > 0)
        else []
    )
    return {tag: inner if tag == "L" else {f"k{n}": each for n, each in enumerate(inner)}}


def of_shape(draw: st.DrawFn, shape: Any, name: str, depth: int = 5) -> Any:
    """A value of the shape; one time in thirty something else altogether."""
    if draw(st.integers(0, 29)) == 0:
        return draw(json_values)
    if shape.name == "AttributeValue":
        return attribute_value(draw, 2)
    maker = {"structure": _structure, "list": _list, "map": _map}.get(shape.type_name)
    if maker:
        return maker(draw, shape, name, depth)
    return _scalar(draw, shape, name)


def _structure(draw: st.DrawFn, shape: Any, name: str, depth: int) -> Any:
    made = {}
    for member, inner in shape.members.items():
        chance = 19 if member in shape.required_members else 3
        if draw(st.integers(0, 19)) < chance and depth > 0:
            made[member] = of_shape(draw, inner, member, depth - 1)
    return made


def _list(draw: st.DrawFn, shape: Any, name: str, depth: int) -> Any:
    return [of_shape(draw, shape.member, name, depth - 1) for _ in range(draw(st.integers(0, 3)))]


KEYS_OF_MAPS = {
    "ExpressionAttributeNames": ["#n", "#n", "n", "#"],
    "ExpressionAttributeValues": [":v", ":v", "v", ":"],
    "RequestItems": ["fuzzed", "fuzzed", "none", ""],
}


def _map(draw: st.DrawFn, shape: Any, name: str, depth: int) -> Any:
    if name in ("Key", "Item", "ExclusiveStartKey") and draw(st.integers(0, 3)):
        made: dict[str, Any] = {"pk": {"S": draw(st.sampled_from("ab"))}, "sk": {"N": "1"}}
        if name == "Item" and draw(st.booleans()):
            made["a"] = attribute_value(draw, 2)
        return made
    names = KEYS_OF_MAPS.get(name, ["pk", "sk", "a", "g"])
    return {
        draw(st.sampled_from(names)): of_shape(draw, shape.value, name, depth - 1)
        for _ in range(draw(st.integers(0, 2)))
    }


def _scalar(draw: st.DrawFn, shape: Any, name: str) -> Any:
    if shape.type_name == "boolean":
        return draw(st.booleans())
    if shape.type_name in ("integer", "long", "double", "float"):
        return draw(st.sampled_from([0, 1, 2, 5, -1, 10**6, 10**20]))
    if shape.type_name == "timestamp":
        return draw(st.sampled_from([0, 1.5, "2026-01-01"]))
    if getattr(shape, "enum", None):
        return draw(st.sampled_from([*shape.enum, "NONSENSE"]))
    if "Expression" in name or shape.name in EXPRESSIONS:
        return draw(st.sampled_from(WORDS["Expression"]))
    return draw(st.sampled_from(WORDS.get(name, WORDS["String"])))


@st.composite
def bodies(draw: st.DrawFn, operation: str) -> Any:
    """A whole body for the operation."""
    shape = MODEL.operation_model(operation).input_shape
    return of_shape(draw, shape, operation)
