"""The deserialisation pass: exact messages for each wrong JSON type, and no end of nesting."""

import base64
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genset.model.errors import SerializationException
from genset.wire._json_types import base64_failure
from genset.wire.shapes import check_types

OBJECT = "Start of structure or map found where not expected"
FIELD = "Unexpected field type"
VALUE = "Unexpected value type in payload"
BYTES = "only base-64-encoded strings are convertible to bytes"
CAST = (
    "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class "
    "java.lang.Class (sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and "
    "java.lang.Class are in module java.base of loader 'bootstrap')"
)
MODEL = "com.amazonaws.dynamodb.v20120810"
SCALARS: list[Any] = ["23", True, False, 23, -2147483648, 2147483648, 34.56]


def tokens(wanted: str, *values: Any) -> list[tuple[Any, str]]:
    names = {True: "TRUE_VALUE", False: "FALSE_VALUE", 23: "NUMBER_VALUE", 34.56: "DECIMAL_VALUE"}
    return [
        (value, f"{names.get(value, 'STRING_VALUE')} cannot be converted to {wanted}")
        for value in values
    ]


# By kind of member: values and their messages. From dynalite's published suite, which ran
# against the service; the rows for numbers of other types follow the same words.
MESSAGES: dict[str, list[tuple[Any, str]]] = {
    "Boolean": [
        ("23", "Unexpected token received from parser"),
        *tokens("Boolean", 23, 34.56),
        ([], "Unrecognized collection type class java.lang.Boolean"),
        ({}, OBJECT),
    ],
    "String": [
        *tokens("String", True, False, 23, 34.56),
        ([], "Unrecognized collection type class java.lang.String"),
        ({}, OBJECT),
    ],
    "Integer": [
        *tokens("Integer", "23", True, False),
        ([], "Unrecognized collection type class java.lang.Integer"),
        ({}, OBJECT),
    ],
    "Long": [
        *tokens("Long", "23", True, False),
        ([], "Unrecognized collection type class java.lang.Long"),
        ({}, OBJECT),
    ],
    "Date": [*tokens("Date", "2020-01-01T00:00:00Z", True), ({}, OBJECT)],
    "Double": tokens("Double", "50"),
    "Blob": [
        *[(value, BYTES) for value in SCALARS if not isinstance(value, str)],
        ([], "Unrecognized collection type class java.nio.ByteBuffer"),
        ({}, OBJECT),
        ("23456", "Base64 encoded length is expected a multiple of 4 bytes but found: 5"),
        ("=+/=", "Invalid last non-pad Base64 character dectected"),
        ("+/+=", "Invalid last non-pad Base64 character dectected"),
    ],
    "List": [*[(value, FIELD) for value in SCALARS], ({}, OBJECT)],
    "ParameterizedList": [*[(value, CAST) for value in SCALARS], ({}, OBJECT)],
    "ParameterizedMap": [
        *[(value, CAST) for value in SCALARS],
        (
            [],
            f"Unrecognized collection type java.util.Map<java.lang.String, {MODEL}.AttributeValue>",
        ),
    ],
}


def messages(kind: str) -> list[tuple[Any, str]]:
    name, _, inside = kind.partition("<")
    inside = inside.removesuffix(">")
    match name:
        case "Map":
            collection = f"java.util.Map<java.lang.String, {inside}>"
            return [
                *[(value, FIELD) for value in SCALARS],
                ([], f"Unrecognized collection type {collection}"),
            ]
        case "FieldStruct" | "ValueStruct":
            scalar = FIELD if name == "FieldStruct" else VALUE
            return [
                *[(value, scalar) for value in SCALARS],
                ([], f"Unrecognized collection type class {MODEL}.{inside}"),
            ]
        case _:
            return MESSAGES[kind]


ATTRIBUTE_VALUE = [
    ("S", "String"),
    ("N", "String"),
    ("B", "Blob"),
    ("BOOL", "Boolean"),
    ("NULL", "Boolean"),
    ("SS", "List"),
    ("SS.0", "String"),
    ("NS.0", "String"),
    ("BS", "List"),
    ("BS.0", "Blob"),
    ("L", "List"),
    ("L.0", "ValueStruct<AttributeValue>"),
    ("L.0.BS.0", "Blob"),
    ("M", f"Map<{MODEL}.AttributeValue>"),
    ("M.a", "ValueStruct<AttributeValue>"),
    ("M.a.BS.0", "Blob"),
]

PLACES = [
    ("GetItem", "TableName", "String"),
    ("GetItem", "Key", f"Map<{MODEL}.AttributeValue>"),
    ("GetItem", "Key.a", "ValueStruct<AttributeValue>"),
    ("GetItem", "AttributesToGet", "List"),
    ("GetItem", "AttributesToGet.0", "String"),
    ("GetItem", "ConsistentRead", "Boolean"),
    ("GetItem", "ExpressionAttributeNames", "Map<java.lang.String>"),
    ("GetItem", "ExpressionAttributeNames.a", "String"),
    ("PutItem", "Expected", f"Map<{MODEL}.ExpectedAttributeValue>"),
    ("PutItem", "Expected.a", "ValueStruct<ExpectedAttributeValue>"),
    ("PutItem", "Expected.a.Value", "FieldStruct<AttributeValue>"),
    ("UpdateItem", "AttributeUpdates.a", "ValueStruct<AttributeValueUpdate>"),
    ("Query", "QueryFilter.a.AttributeValueList", "List"),
    ("Query", "QueryFilter.a.AttributeValueList.0", "ValueStruct<AttributeValue>"),
    ("Query", "Limit", "Integer"),
    ("Scan", "TotalSegments", "Integer"),
    ("BatchGetItem", "RequestItems", f"Map<{MODEL}.KeysAndAttributes>"),
    ("BatchGetItem", "RequestItems.a", "ValueStruct<KeysAndAttributes>"),
    ("BatchGetItem", "RequestItems.a.Keys.0", "ParameterizedMap"),
    ("BatchWriteItem", "RequestItems", f"Map<java.util.List<{MODEL}.WriteRequest>>"),
    ("BatchWriteItem", "RequestItems.a", "ParameterizedList"),
    ("BatchWriteItem", "RequestItems.a.0", "ValueStruct<WriteRequest>"),
    ("BatchWriteItem", "RequestItems.a.0.PutRequest", "FieldStruct<PutRequest>"),
    ("TransactWriteItems", "TransactItems.0.Put", "FieldStruct<Put>"),
    ("CreateTable", "ProvisionedThroughput", "FieldStruct<ProvisionedThroughput>"),
    ("CreateTable", "ProvisionedThroughput.ReadCapacityUnits", "Long"),
    ("CreateTable", "KeySchema.0", "ValueStruct<KeySchemaElement>"),
    ("TagResource", "Tags.0", "ValueStruct<Tag>"),
    ("ListBackups", "TimeRangeLowerBound", "Date"),
    (
        "UpdateTableReplicaAutoScaling",
        "ProvisionedWriteCapacityAutoScalingUpdate.ScalingPolicyUpdate"
        ".TargetTrackingScalingPolicyConfiguration.TargetValue",
        "Double",
    ),
    *[("PutItem", f"Item.a.{path}", kind) for path, kind in ATTRIBUTE_VALUE],
    *[("Query", f"ExpressionAttributeValues.a.{path}", kind) for path, kind in ATTRIBUTE_VALUE],
]


def document(path: str, value: Any) -> Any:
    for step in reversed(path.split(".")):
        value = [value] if step == "0" else {step: value}
    return value


@pytest.mark.parametrize(("operation", "path", "kind"), PLACES)
def test_each_wrong_type_has_the_services_message(operation: str, path: str, kind: str) -> None:
    for value, message in messages(kind):
        with pytest.raises(SerializationException) as caught:
            check_types(operation, document(path, value))
        assert caught.value.message == message, value


@pytest.mark.parametrize("body", [None, [], "", "x", 5, 5.5, True])
def test_a_body_that_is_no_object_is_refused_without_a_message(body: Any) -> None:
    with pytest.raises(SerializationException) as caught:
        check_types("ListTables", body)
    assert caught.value.message == ""


def test_the_first_wrong_value_in_the_order_of_the_body_is_reported() -> None:
    with pytest.raises(SerializationException, match="STRING_VALUE cannot be converted to Integer"):
        check_types("Scan", {"Limit": "5", "IndexName": 5})
    with pytest.raises(SerializationException, match="NUMBER_VALUE cannot be converted to String"):
        check_types("Scan", {"IndexName": 5, "Limit": "5"})
    with pytest.raises(SerializationException, match="TRUE_VALUE cannot be converted to String"):
        check_types("PutItem", {"Item": {"a": {"S": True}, "b": {"S": 1}}, "TableName": 5})


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("Scan", {"Limit": 5.5, "IndexName": None, "Unknown": {"deep": [5]}}),
        ("Scan", {"AttributesToGet": [None], "ExclusiveStartKey": {"a": None}}),
        ("Scan", {"ConsistentRead": "false"}),
        ("ListBackups", {"TimeRangeLowerBound": 1577836800.5}),
        ("PutItem", {"Item": {"a": {}, "b": {"S": "x", "N": "not a number"}, "c": {"B": ""}}}),
        ("PutItem", {"Item": {"a": {"NULL": "no"}, "b": {"x": 5}}}),
    ],
)
def test_what_only_looks_wrong_is_left_to_others(operation: str, body: dict[str, Any]) -> None:
    check_types(operation, body)


def test_no_depth_of_nesting_exhausts_the_stack() -> None:
    value: dict[str, Any] = {"S": 5}
    for level in range(50_000):
        value = {"L": [value]} if level % 2 else {"M": {"a": value}}
    with pytest.raises(SerializationException, match="NUMBER_VALUE"):
        check_types("PutItem", {"Item": {"a": value}})


def test_what_json_itself_nests_is_no_trouble() -> None:
    body = orjson.loads(b'{"Item":{"a":' + b'{"L":[' * 400 + b"{}" + b"]}" * 400 + b"}}")
    check_types("PutItem", body)


@given(st.binary(max_size=40))
def test_canonical_base64_has_no_failure(data: bytes) -> None:
    assert base64_failure(base64.b64encode(data).decode()) is None


@given(st.text(alphabet="AQgz09+/=-_ \n", max_size=9))
def test_everything_else_has_one(text: str) -> None:
    try:
        canonical = base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except ValueError:
        canonical = False
    assert (base64_failure(text) is None) is canonical


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("YQ=", "Base64 encoded length is expected a multiple of 4 bytes but found: 3"),
        ("YR==", "Invalid last non-pad Base64 character dectected"),
        ("a-_b", "Invalid Base64 character: '-'"),
        ("====", "Invalid Base64 character: '='"),
        ("YQ==YQ==", "Invalid Base64 character: '='"),
    ],
)
def test_base64_failures_in_order(text: str, failure: str) -> None:
    assert base64_failure(text) == failure
