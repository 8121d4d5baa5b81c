"""Constraint failures: exact messages and order, one row for each rule and its evidence.

Evidence: A observed on the service (with the month where known), S sources that imitate it and
are run against it, M the published model.
"""

import copy
from typing import Any

import pytest

from genset.model.errors import SerializationException, ValidationException
from genset.wire.shapes import check_request

NULL = "Member must not be null"
NAME_PATTERN = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
RCC = (
    "Value 'x' at 'returnConsumedCapacity' failed to satisfy constraint: "
    "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"
)
RICM = (
    "Value 'x' at 'returnItemCollectionMetrics' failed to satisfy constraint: "
    "Member must satisfy enum value set: [SIZE, NONE]"
)
RETURN_VALUES = (
    "Value 'x' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value "
    "set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"
)
# The newer layer's, which names neither the member nor the value; the misspelling is its own.
NEWER_RETURN_VALUES = (
    "Failed to satisfy constraint: Member must satisfy enum value set: "
    "[ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]"
)
NEWER_EMPTY_NAME = (
    "Value at 'TableName' failed to satisfy constraint: "
    "Member must have length greater than or equal to 1"
)
NO_KEY = "Value null at 'key' failed to satisfy constraint: Member must not be null"
EMPTY_NAME = (
    "Value '' at 'tableName' failed to satisfy constraint: "
    "Member must have length greater than or equal to 1"
)
AN_INDEX = {
    "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
BAD_ENUMS = {
    "ReturnItemCollectionMetrics": "x",
    "ReturnValues": "x",
    "ReturnConsumedCapacity": "x",
}


def broken(echo: str | None, path: str, rule: str) -> str:
    shown = "null" if echo is None else f"'{echo}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {rule}"


def at_least(n: int, noun: str = "length") -> str:
    return f"Member must have {noun} greater than or equal to {n}"


def at_most(n: int, noun: str = "length") -> str:
    return f"Member must have {noun} less than or equal to {n}"


def one_of(*values: str) -> str:
    return f"Member must satisfy enum value set: [{', '.join(values)}]"


def refusal(operation: str, request: dict[str, Any]) -> str:
    with pytest.raises(ValidationException) as caught:
        check_request(operation, copy.deepcopy(request))
    return caught.value.message


# Rule, evidence, operation, request, failures in order.
LISTED: list[tuple[str, str, dict[str, Any], list[str]]] = [
    # A October 2026: with all required members, an operation on one item reports the table name
    # alone, an empty one in the newer words.
    ("A", "PutItem", {"TableName": "", "Item": {}, "ReturnValues": "x"}, [NEWER_EMPTY_NAME]),
    ("A", "UpdateItem", {"TableName": "", "Key": {}, **BAD_ENUMS}, [NEWER_EMPTY_NAME]),
    ("A", "DeleteItem", {"TableName": "", "Key": {}, "ReturnValues": "x"}, [NEWER_EMPTY_NAME]),
    ("S", "GetItem", {"TableName": "", "Key": {}}, [NEWER_EMPTY_NAME]),
    # A: a bad name breaks the pattern, a long one the length, both in the older words.
    *(
        ("A", operation, {"TableName": name, member: {}, "ReturnValues": "x"}, [failure])
        for operation, member in (("PutItem", "Item"), ("UpdateItem", "Key"), ("DeleteItem", "Key"))
        for name, failure in (
            ("bad!", broken("bad!", "tableName", NAME_PATTERN)),
            ("a" * 256, broken("a" * 256, "tableName", at_most(255))),
        )
    ),
    # A October 2026: a missing member makes the older layer answer, which joins what it finds.
    ("A", "PutItem", {"Item": {}}, [broken(None, "tableName", NULL)]),
    ("S", "PutItem", {}, [broken(None, "tableName", NULL), broken(None, "item", NULL)]),
    ("A", "UpdateItem", {"TableName": "", "UpdateExpression": "REMOVE a"}, [EMPTY_NAME, NO_KEY]),
    (
        "A",
        "UpdateItem",
        {"TableName": "", "ReturnConsumedCapacity": "x", "ReturnValues": "x"},
        [RCC, EMPTY_NAME, RETURN_VALUES, NO_KEY],
    ),
    (
        "A",
        "UpdateItem",
        {"TableName": "abc", "ConditionalOperator": "x"},
        [broken("x", "conditionalOperator", one_of("OR", "AND")), NO_KEY],
    ),
    ("A", "Query", {"TableName": ""}, [broken("", "tableName", at_least(1))]),
    # An ARN that is not a table's is a name with bad characters.
    ("S", "Scan", {"TableName": "arn:aws:s3"}, [broken("arn:aws:s3", "tableName", NAME_PATTERN)]),
    # A September 2026: PutItem lists every bad enum, in this order.
    (
        "A",
        "PutItem",
        {"TableName": "abc", "Item": {}, **BAD_ENUMS},
        [RCC, NEWER_RETURN_VALUES, RICM],
    ),
    (
        "S",
        "PutItem",
        {"TableName": "abc", **BAD_ENUMS},
        [RCC, broken(None, "item", NULL), RETURN_VALUES, RICM],
    ),
    # A: UpdateItem stops at the first bad enum, ReturnValues first.
    ("A", "UpdateItem", {"TableName": "abc", "Key": {}, **BAD_ENUMS}, [NEWER_RETURN_VALUES]),
    ("S", "UpdateItem", {"TableName": "abc", "ReturnItemCollectionMetrics": "x"}, [RICM, NO_KEY]),
    # A September 2026: DeleteItem lists the enums together; S: the name before the key.
    (
        "A",
        "DeleteItem",
        {"TableName": "abc", "Key": {}, "ReturnValues": "x", "ReturnConsumedCapacity": "x"},
        [RCC, NEWER_RETURN_VALUES],
    ),
    ("S", "DeleteItem", {}, [broken(None, "tableName", NULL), broken(None, "key", NULL)]),
    # S: GetItem has the key before the name.
    ("S", "GetItem", {}, [broken(None, "key", NULL), broken(None, "tableName", NULL)]),
    (
        "S",
        "GetItem",
        {"TableName": "abc;", "ReturnConsumedCapacity": "x", "AttributesToGet": []},
        [
            broken("[]", "attributesToGet", at_least(1)),
            RCC,
            broken(None, "key", NULL),
            broken("abc;", "tableName", NAME_PATTERN),
        ],
    ),
    # A: Query's Limit is reported without its value and as the API spells it; Scan's is not.
    (
        "A",
        "Query",
        {"TableName": "abc", "Limit": 0},
        [f"Value at 'Limit' failed to satisfy constraint: {at_least(1, 'value')}"],
    ),
    ("A", "Scan", {"TableName": "abc", "Limit": 0}, [broken("0", "limit", at_least(1, "value"))]),
    # S: ten failures at most, in Query's order; the eleventh, of keyConditions.c, is not listed.
    (
        "S",
        "Query",
        {
            "TableName": "abc;",
            "ReturnConsumedCapacity": "x",
            "AttributesToGet": [],
            "IndexName": "abc;",
            "Select": "hi",
            "Limit": -1,
            "KeyConditions": {"a": {}, "b": {}, "c": {}},
            "QueryFilter": {"a": {}, "b": {"ComparisonOperator": ""}},
        },
        [
            broken(
                "hi",
                "select",
                one_of(
                    "SPECIFIC_ATTRIBUTES",
                    "COUNT",
                    "ALL_ATTRIBUTES",
                    "ALL_PROJECTED_ATTRIBUTES",
                ),
            ),
            broken("abc;", "indexName", NAME_PATTERN),
            RCC,
            broken(None, "queryFilter.a.member.comparisonOperator", NULL),
            broken(
                "",
                "queryFilter.b.member.comparisonOperator",
                "Member must satisfy enum value set: [IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, "
                "GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]",
            ),
            broken("abc;", "tableName", NAME_PATTERN),
            broken("[]", "attributesToGet", at_least(1)),
            f"Value at 'Limit' failed to satisfy constraint: {at_least(1, 'value')}",
            broken(None, "keyConditions.a.member.comparisonOperator", NULL),
            broken(None, "keyConditions.b.member.comparisonOperator", NULL),
        ],
    ),
    # A October 2026 for the same shape in CreateTable: the length before the pattern; years ago
    # it was the other way round (S).
    (
        "A",
        "Query",
        {"TableName": "abc", "IndexName": "a;"},
        [broken("a;", "indexName", at_least(3)), broken("a;", "indexName", NAME_PATTERN)],
    ),
    # M: the bounds of a parallel Scan.
    (
        "M",
        "Scan",
        {"TableName": "abc", "TotalSegments": 1_000_001, "Segment": -1},
        [
            broken("1000001", "totalSegments", at_most(1_000_000, "value")),
            broken("-1", "segment", at_least(0, "value")),
        ],
    ),
    # S: ListTables.
    (
        "S",
        "ListTables",
        {"ExclusiveStartTableName": "a;", "Limit": 500},
        [
            broken("a;", "exclusiveStartTableName", NAME_PATTERN),
            broken("a;", "exclusiveStartTableName", at_least(3)),
            broken("500", "limit", at_most(100, "value")),
        ],
    ),
    # S: batches without RequestItems.
    (
        "S",
        "BatchGetItem",
        {"ReturnConsumedCapacity": "x"},
        [broken(None, "requestItems", NULL), RCC],
    ),
    (
        "S",
        "BatchWriteItem",
        {"ReturnConsumedCapacity": "x", "ReturnItemCollectionMetrics": "x"},
        [RCC, RICM, broken(None, "requestItems", NULL)],
    ),
    # A: the number of keys of one table, without the value and as the API spells it.
    (
        "A",
        "BatchGetItem",
        {"RequestItems": {"abc": {"Keys": [{}] * 101}}},
        [f"Value at 'RequestItems.abc.member.Keys' failed to satisfy constraint: {at_most(100)}"],
    ),
    # A October 2026: no keys.
    (
        "A",
        "BatchGetItem",
        {"RequestItems": {"abc": {"Keys": []}}},
        [f"Value at 'RequestItems.abc.member.Keys' failed to satisfy constraint: {at_least(1)}"],
    ),
    # A October 2026: a bad table name echoes the map as JSON, together with the enum.
    (
        "A",
        "BatchGetItem",
        {"RequestItems": {"b!": {"Keys": [{"pk": {"S": "a"}}]}}, "ReturnConsumedCapacity": "x"},
        [
            broken(
                '{"b!":{"Keys":[{"pk":{"S":"a"}}]}}',
                "requestItems",
                f"Map keys must satisfy constraint: [{at_most(255)}, {at_least(3)}, "
                f"{NAME_PATTERN}]",
            ),
            RCC,
        ],
    ),
    # A October 2026: in BatchWriteItem it gives way to the enum.
    (
        "A",
        "BatchWriteItem",
        {"RequestItems": {"b!": [{"PutRequest": {"Item": {}}}]}, "ReturnConsumedCapacity": "x"},
        [RCC],
    ),
    # S: a missing item and key, the delete before the put, by table and position.
    (
        "S",
        "BatchWriteItem",
        {"RequestItems": {"abc": [{"PutRequest": {}, "DeleteRequest": {}}]}},
        [
            broken(None, "requestItems.abc.member.1.member.deleteRequest.key", NULL),
            broken(None, "requestItems.abc.member.1.member.putRequest.item", NULL),
        ],
    ),
    (
        "S",
        "BatchWriteItem",
        {"RequestItems": {"abc": []}},
        [
            broken(
                "{abc=[]}",
                "requestItems",
                f"Map value must satisfy constraint: [{at_most(25)}, {at_least(1)}]",
            )
        ],
    ),
    # A: an empty transaction.
    (
        "A",
        "TransactWriteItems",
        {"TransactItems": []},
        [broken("[]", "transactItems", at_least(1))],
    ),
    # A October 2026: the token first, then the enums.
    (
        "A",
        "TransactWriteItems",
        {
            "TransactItems": [{}],
            "ClientRequestToken": "x" * 37,
            "ReturnItemCollectionMetrics": "x",
            "ReturnConsumedCapacity": "x",
        },
        [broken("x" * 37, "clientRequestToken", at_most(36)), RCC, RICM],
    ),
    # A October 2026: a bad table name is named by the action's position.
    (
        "A",
        "TransactGetItems",
        {
            "TransactItems": [
                {"Get": {"TableName": "abc", "Key": {}}},
                {"Get": {"TableName": "b!", "Key": {}}},
            ]
        },
        [broken("b!", "transactItems.2.member.get.tableName", NAME_PATTERN)],
    ),
    # S: members of an action.
    (
        "S",
        "TransactWriteItems",
        {"TransactItems": [{"Delete": {"TableName": "abc"}}]},
        [broken(None, "transactItems.1.member.delete.key", NULL)],
    ),
    # S: the PartiQL transaction shows no value.
    (
        "S",
        "ExecuteTransaction",
        {"TransactStatements": []},
        [f"Value at 'transactStatements' failed to satisfy constraint: {at_least(1)}"],
    ),
    # A: CreateTable wants three characters, and reports the name before all else.
    ("A", "CreateTable", {"TableName": "ab"}, [broken("ab", "tableName", at_least(3))]),
    (
        "S",
        "CreateTable",
        {"TableName": "a;", "KeySchema": []},
        [broken("a;", "tableName", NAME_PATTERN), broken("a;", "tableName", at_least(3))],
    ),
    # S: what the model does not require of a table, but the service does.
    (
        "S",
        "CreateTable",
        {"TableName": "abc"},
        [broken(None, "attributeDefinitions", NULL), broken(None, "keySchema", NULL)],
    ),
    # S: throughput, writes before reads.
    (
        "S",
        "CreateTable",
        {
            "TableName": "abc",
            "AttributeDefinitions": [],
            "KeySchema": [],
            "ProvisionedThroughput": {"ReadCapacityUnits": -1},
        },
        [
            broken(None, "provisionedThroughput.writeCapacityUnits", NULL),
            broken("-1", "provisionedThroughput.readCapacityUnits", at_least(1, "value")),
            broken("[]", "keySchema", at_least(1)),
        ],
    ),
    # A: three key elements, echoed as Java prints them; then each element's own failures.
    (
        "A",
        "CreateTable",
        {
            "TableName": "abc",
            "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "SS"}],
            "KeySchema": [
                {"KeyType": "HASH"},
                {"AttributeName": "a"},
                {"AttributeName": "a", "KeyType": "Woop"},
            ],
        },
        [
            broken("SS", "attributeDefinitions.1.member.attributeType", one_of("B", "N", "S")),
            broken(
                "[KeySchemaElement(attributeName=null, keyType=HASH), "
                "KeySchemaElement(attributeName=a, keyType=null), "
                "KeySchemaElement(attributeName=a, keyType=Woop)]",
                "keySchema",
                at_most(2),
            ),
            broken(None, "keySchema.1.member.attributeName", NULL),
            broken(None, "keySchema.2.member.keyType", NULL),
            broken("Woop", "keySchema.3.member.keyType", one_of("HASH", "RANGE")),
        ],
    ),
    # S: a local index's members, and the ten at most.
    (
        "S",
        "CreateTable",
        {
            "TableName": "abc",
            "AttributeDefinitions": [],
            "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
            "LocalSecondaryIndexes": [{}] * 9,
        },
        [
            broken(None, f"localSecondaryIndexes.{n}.member.{member}", NULL)
            for n in (1, 2, 3, 4)
            for member in ("indexName", "keySchema", "projection")
        ][:10],
    ),
    # S: a global index's members come in another order.
    (
        "S",
        "CreateTable",
        {
            "TableName": "abc",
            "AttributeDefinitions": [],
            "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
            "GlobalSecondaryIndexes": [
                {"Projection": {"ProjectionType": "x", "NonKeyAttributes": []}}
            ],
        },
        [
            broken(None, "globalSecondaryIndexes.1.member.keySchema", NULL),
            broken(
                "x",
                "globalSecondaryIndexes.1.member.projection.projectionType",
                one_of("ALL", "INCLUDE", "KEYS_ONLY"),
            ),
            broken(
                "[]", "globalSecondaryIndexes.1.member.projection.nonKeyAttributes", at_least(1)
            ),
            broken(None, "globalSecondaryIndexes.1.member.indexName", NULL),
        ],
    ),
    # A October 2026: the global indexes come first, in whatever order the request has them.
    (
        "A",
        "CreateTable",
        {
            "TableName": "abc",
            "AttributeDefinitions": [],
            "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
            "LocalSecondaryIndexes": [{**AN_INDEX, "IndexName": "aa"}],
            "GlobalSecondaryIndexes": [{**AN_INDEX, "IndexName": "zz"}],
        },
        [
            broken("zz", "globalSecondaryIndexes.1.member.indexName", at_least(3)),
            broken("aa", "localSecondaryIndexes.1.member.indexName", at_least(3)),
        ],
    ),
    # A: an unknown billing mode.
    (
        "A",
        "UpdateTable",
        {"TableName": "abc;", "BillingMode": "x"},
        [
            broken("abc;", "tableName", NAME_PATTERN),
            broken("x", "billingMode", one_of("PROVISIONED", "PAY_PER_REQUEST")),
        ],
    ),
    (
        "S",
        "UpdateTable",
        {
            "TableName": "abc",
            "GlobalSecondaryIndexUpdates": [
                {"Update": {"IndexName": "a", "ProvisionedThroughput": {}}}
            ],
        },
        [
            broken("a", "globalSecondaryIndexUpdates.1.member.update.indexName", at_least(3)),
            broken(
                None,
                "globalSecondaryIndexUpdates.1.member.update.provisionedThroughput"
                ".writeCapacityUnits",
                NULL,
            ),
            broken(
                None,
                "globalSecondaryIndexUpdates.1.member.update.provisionedThroughput"
                ".readCapacityUnits",
                NULL,
            ),
        ],
    ),
    # S: time to live.
    (
        "S",
        "UpdateTimeToLive",
        {"TableName": "abc", "TimeToLiveSpecification": {}},
        [
            broken(None, "timeToLiveSpecification.enabled", NULL),
            broken(None, "timeToLiveSpecification.attributeName", NULL),
        ],
    ),
    # Null elements are not values; how the service words it is not known.
    (
        "-",
        "GetItem",
        {"TableName": "abc", "Key": {}, "AttributesToGet": [None]},
        [broken(None, "attributesToGet.1.member", NULL)],
    ),
    (
        "-",
        "BatchGetItem",
        {"RequestItems": {"abc": None}},
        [broken(None, "requestItems.abc.member", NULL)],
    ),
]


@pytest.mark.parametrize(
    ("operation", "request_", "failures"),
    [pytest.param(*row[1:], id=f"{row[0]}-{index}-{row[1]}") for index, row in enumerate(LISTED)],
)
def test_failures_are_listed_as_the_service_lists_them(
    operation: str, request_: dict[str, Any], failures: list[str]
) -> None:
    plural = "" if len(failures) == 1 else "s"
    expected = f"{len(failures)} validation error{plural} detected: {'; '.join(failures)}"
    assert refusal(operation, request_) == expected


NOT_PRESENT = "The parameter 'TableName' is required but was not present in the request"
ONE_BAD_NAME = (
    "1 validation error detected: Value '{}' at 'tableName' failed to satisfy constraint: "
)
TOO_SHORT = "Member must have length greater than or equal to 3"
TOO_LONG = "Member must have length less than or equal to 255"


@pytest.mark.parametrize(
    ("operation", "request_", "message"),
    [
        # A for CreateTable, else S: these name the parameter in a sentence of their own.
        ("CreateTable", {"KeySchema": []}, NOT_PRESENT),
        ("CreateTable", {"TableName": None}, NOT_PRESENT),
        ("DescribeTable", {}, NOT_PRESENT),
        ("DeleteTable", {}, NOT_PRESENT),
        ("UpdateTable", {"ProvisionedThroughput": {}}, NOT_PRESENT),
        ("DescribeTimeToLive", {}, NOT_PRESENT),
        ("UpdateTimeToLive", {}, NOT_PRESENT),
        # A October 2026, DescribeTable and UpdateTable: the length before the pattern.
        (
            "DescribeTable",
            {"TableName": ""},
            f"2 validation errors detected: Value '' at 'tableName' failed to satisfy constraint: "
            f"{TOO_SHORT}; Value '' at 'tableName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
        ),
        (
            "DeleteTable",
            {"TableName": "a" * 256},
            ONE_BAD_NAME.format("a" * 256) + TOO_LONG,
        ),
        (
            "UpdateTable",
            {"TableName": "ab", "BillingMode": "PROVISIONED"},
            ONE_BAD_NAME.format("ab") + TOO_SHORT,
        ),
        ("DescribeTimeToLive", {"TableName": "ab"}, ONE_BAD_NAME.format("ab") + TOO_SHORT),
        (
            "UpdateTimeToLive",
            {
                "TableName": "ab",
                "TimeToLiveSpecification": {"AttributeName": "a", "Enabled": True},
            },
            ONE_BAD_NAME.format("ab") + TOO_SHORT,
        ),
        # S
        (
            "UpdateTimeToLive",
            {"TableName": "abc", "TimeToLiveSpecification": {"AttributeName": "", "Enabled": True}},
            "TimeToLiveSpecification.AttributeName must be non empty",
        ),
        # A: empty batches
        (
            "BatchGetItem",
            {"RequestItems": {}},
            "1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
        (
            "BatchWriteItem",
            {"RequestItems": {}},
            "The requestItems parameter is required for BatchWriteItem",
        ),
        # A October 2026: Query's ConditionalOperator, alone and bare
        (
            "Query",
            {"TableName": "abc", "Select": "x", "ConditionalOperator": "XOR"},
            "Failed to satisfy constraint: Member must satisfy enum value set: [ALL, OR]",
        ),
        # S: too many over several tables, none of them too many alone
        (
            "BatchGetItem",
            {"RequestItems": {"abc": {"Keys": [{}] * 100}, "abd": {"Keys": [{}]}}},
            "Too many items requested for the BatchGetItem call",
        ),
        (
            "BatchWriteItem",
            {"RequestItems": {"abc": [{}] * 25, "abd": [{}]}},
            "Too many items requested for the BatchWriteItem call",
        ),
        # S
        ("TagResource", {"Tags": []}, "Invalid TableArn"),
        ("ListTagsOfResource", {}, "Invalid TableArn"),
    ],
)
def test_some_refusals_have_sentences_of_their_own(
    operation: str, request_: dict[str, Any], message: str
) -> None:
    assert refusal(operation, request_) == message


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("ListTables", {}),
        ("ListTables", {"ExclusiveStartTableName": "aaa", "Limit": 100}),
        ("ListTables", {"hi": "yo", "stuff": ["things", None]}),
        ("GetItem", {"TableName": "a", "Key": {}}),
        ("GetItem", {"TableName": "a" * 255, "Key": {"a": {"S": "b"}}, "ConsistentRead": False}),
        (
            "GetItem",
            {"TableName": "arn:aws:dynamodb:eu-west-2:000000000000:table/abc", "Key": {}},
        ),
        ("DescribeTable", {"TableName": "arn:aws:dynamodb:eu-west-2:000000000000:table/abc"}),
        ("BatchGetItem", {"RequestItems": {"abc": {"Keys": [{}] * 100}}}),
        ("BatchGetItem", {"RequestItems": {"arn:aws:dynamodb:::table/abc": {"Keys": [{}]}}}),
        ("BatchWriteItem", {"RequestItems": {"abc": [{"PutRequest": {"Item": {}}}] * 25}}),
        ("TransactWriteItems", {"TransactItems": [{}] * 100}),
        (
            "CreateTable",
            {
                "TableName": "abc",
                "GlobalTableSourceArn": "arn:aws:dynamodb:eu-west-2:000000000000:table/abc",
            },
        ),
        (
            "CreateTable",
            {
                "TableName": "abc",
                "AttributeDefinitions": [],
                "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "abc",
                        "KeySchema": [{"AttributeName": "a", "KeyType": "RANGE"}] * 8,
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
            },
        ),
        ("Query", {"TableName": "abc", "ExpressionAttributeValues": {"no": "check", "here": None}}),
    ],
)
def test_right_requests_pass(operation: str, request_: dict[str, Any]) -> None:
    before = copy.deepcopy(request_)
    check_request(operation, request_)
    assert request_ == before


def test_null_members_count_as_absent_and_disappear() -> None:
    request = {
        "TableName": "abc",
        "Limit": None,
        "KeyConditions": {
            "a": {"ComparisonOperator": "NULL", "AttributeValueList": None},
        },
    }
    check_request("Query", request)
    assert request == {"TableName": "abc", "KeyConditions": {"a": {"ComparisonOperator": "NULL"}}}


def test_other_spellings_of_numbers_and_booleans_are_made_pythons() -> None:
    request = {
        "TableName": "abc",
        "ConsistentRead": "TRUE",
        "Limit": 5.7,
        "TotalSegments": 10,
        "Segment": -0.5,
    }
    check_request("Scan", request)
    assert request == {
        "TableName": "abc",
        "ConsistentRead": True,
        "Limit": 5,
        "TotalSegments": 10,
        "Segment": 0,
    }


@pytest.mark.parametrize("huge", [99_999_999_999, 1e300, float("inf")])
def test_a_huge_limit_stays_huge(huge: float) -> None:
    request: dict[str, Any] = {"TableName": "abc", "Limit": huge}
    check_request("Query", request)
    assert request["Limit"] == 2**31 - 1


def test_a_type_error_anywhere_comes_before_any_constraint() -> None:
    request = {"TableName": "", "Item": {"a": {"L": [{"N": 5}]}}, "ReturnValues": "x"}
    with pytest.raises(SerializationException) as caught:
        check_request("PutItem", request)
    assert caught.value.message == "NUMBER_VALUE cannot be converted to String"


def test_a_batch_over_the_count_is_echoed_as_java_prints_it() -> None:
    requests = [{"PutRequest": {"Item": {"pk": {"S": f"bw-{n}"}}}} for n in range(26)]
    echo = ", ".join(
        f"WriteRequest(putRequest=PutRequest(item={{pk=AttributeValue(s=bw-{n}, n=null, b=null, "
        "iNT=null, dECIMAL=null, dOUBLE=null, sS=null, nS=null, bS=null, iNTSET=null, "
        "dECIMALSET=null, dOUBLESET=null, m=null, l=null, nULL=null, bOOL=null)}, "
        "workloadProfileName=null), deleteRequest=null)"
        for n in range(26)
    )
    # A June 2026.
    assert refusal("BatchWriteItem", {"RequestItems": {"abc": requests}}) == (
        f"1 validation error detected: Value '{{abc=[{echo}]}}' at 'requestItems' failed to "
        f"satisfy constraint: Map value must satisfy constraint: [{at_most(25)}, {at_least(1)}]"
    )


def test_a_transaction_over_the_count_is_echoed() -> None:
    items = [{"Put": {"TableName": "abc", "Item": {}}}] * 101
    message = refusal("TransactWriteItems", {"TransactItems": items})
    assert message.startswith(
        "1 validation error detected: Value '[TransactWriteItem(conditionCheck=null, "
        "put=Put(item={}, tableName=abc, "
    )
    assert message.endswith(
        "]' at 'transactItems' failed to satisfy constraint: Member must have length less than "
        "or equal to 100"
    )
