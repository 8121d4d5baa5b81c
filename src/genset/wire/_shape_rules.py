"""What the service does with requests that its published model does not say.

Tables only, read by `_service_model` when it builds a shape. Each entry names its evidence:
[A] observed on the service, [S] from sources that imitate it closely, [M] the published model.
A missing entry means that the model's own order, bounds and printed form are used.
"""

from __future__ import annotations

from typing import Any, Final

# The service prints an enum in the iteration order of an internal set, not in the model's
# order. Enums that nobody has seen printed keep the model's order. [A] for Select and
# StreamViewType, else [S]
ENUM_ORDER: Final[dict[str, tuple[str, ...]]] = {
    "ReturnValue": ("ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"),
    "Select": ("SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"),
    "ScalarAttributeType": ("B", "N", "S"),
    "ProjectionType": ("ALL", "INCLUDE", "KEYS_ONLY"),
    "StreamViewType": ("OLD_IMAGE", "KEYS_ONLY", "NEW_AND_OLD_IMAGES", "NEW_IMAGE"),
    "ConditionalOperator": ("OR", "AND"),
    "ComparisonOperator": (
        "IN",
        "NULL",
        "BETWEEN",
        "LT",
        "NOT_CONTAINS",
        "EQ",
        "GT",
        "NOT_NULL",
        "NE",
        "LE",
        "BEGINS_WITH",
        "GE",
        "CONTAINS",
    ),
}

# Facts of shapes where the service departs from the model. A table's class and its tags are
# checked by rules with sentences of their own instead. [A], October 2026
CORRECTIONS: Final[dict[str, dict[str, Any]]] = {
    "KMSMasterKeyId": {"min": 1},
    "TableClass": {"enum": ()},
    "Tag": {"required": ()},
    "TagKeyString": {"min": None, "max": None},
    "TagValueString": {"min": None, "max": None},
}

# Strings whose length is listed before their pattern, where all others have it after. [A]
LENGTH_FIRST: Final[frozenset[str]] = frozenset({"IndexName"})

# The order in which the failures of a structure's members are listed; members not named follow
# in the model's order. [A] for the Return* members of the writes, for BatchGetItem, for the
# transactions, for CreateTable's two kinds of index and for AttributeDefinition, else [S].
FAILURE_ORDER: Final[dict[str, tuple[str, ...]]] = {
    "AttributeDefinition": ("AttributeType", "AttributeName"),
    "GetItemInput": ("AttributesToGet", "ReturnConsumedCapacity", "Key", "TableName"),
    "PutItemInput": (
        "ReturnConsumedCapacity",
        "TableName",
        "Item",
        "ReturnValues",
        "ReturnItemCollectionMetrics",
    ),
    "UpdateItemInput": (
        "ReturnConsumedCapacity",
        "TableName",
        "ReturnValues",
        "ReturnItemCollectionMetrics",
        "ConditionalOperator",
        "Key",
    ),
    "DeleteItemInput": (
        "ReturnConsumedCapacity",
        "TableName",
        "ReturnValues",
        "ReturnItemCollectionMetrics",
        "Key",
    ),
    "QueryInput": (
        "Select",
        "IndexName",
        "ReturnConsumedCapacity",
        "QueryFilter",
        "TableName",
        "ConditionalOperator",
        "AttributesToGet",
        "Limit",
        "KeyConditions",
    ),
    "ScanInput": (
        "Select",
        "IndexName",
        "TotalSegments",
        "ReturnConsumedCapacity",
        "TableName",
        "ConditionalOperator",
        "ScanFilter",
        "Segment",
        "Limit",
        "AttributesToGet",
    ),
    "BatchGetItemInput": ("RequestItems", "ReturnConsumedCapacity"),
    "BatchWriteItemInput": (
        "ReturnConsumedCapacity",
        "ReturnItemCollectionMetrics",
        "RequestItems",
    ),
    "TransactWriteItemsInput": (
        "ClientRequestToken",
        "ReturnConsumedCapacity",
        "ReturnItemCollectionMetrics",
        "TransactItems",
    ),
    "TransactGetItemsInput": ("ReturnConsumedCapacity", "TransactItems"),
    "CreateTableInput": (
        "TableName",
        "BillingMode",
        "AttributeDefinitions",
        "ProvisionedThroughput",
        "KeySchema",
        "GlobalSecondaryIndexes",
        "LocalSecondaryIndexes",
        "VectorIndexes",
    ),
    "UpdateTableInput": (
        "TableName",
        "BillingMode",
        "AttributeDefinitions",
        "ProvisionedThroughput",
        "GlobalSecondaryIndexUpdates",
        "VectorIndexUpdates",
    ),
    "GlobalSecondaryIndex": ("KeySchema", "Projection", "IndexName", "ProvisionedThroughput"),
    "ProvisionedThroughput": ("WriteCapacityUnits", "ReadCapacityUnits"),
    "WriteRequest": ("DeleteRequest", "PutRequest"),
    "TimeToLiveSpecification": ("Enabled", "AttributeName"),
}

# Lists that the service bounds where the model does not, by (structure, member). A table and a
# local index have at most two key attributes [A]; a global index four and four.
LENGTH_MAX: Final[dict[tuple[str, str], int]] = {
    ("CreateTableInput", "KeySchema"): 2,
    ("TableCreationParameters", "KeySchema"): 2,
    ("LocalSecondaryIndex", "KeySchema"): 2,
    ("GlobalSecondaryIndex", "KeySchema"): 8,
    ("CreateGlobalSecondaryIndexAction", "KeySchema"): 8,
}

# Bounds of the model that the service leaves to a later check with its own sentence.
# An empty RequestItems map [A] and an empty time-to-live attribute name [S].
LENGTH_MIN_IGNORED: Final[frozenset[tuple[str, str]]] = frozenset(
    {
        ("BatchGetItemInput", "RequestItems"),
        ("BatchWriteItemInput", "RequestItems"),
        ("TimeToLiveSpecification", "AttributeName"),
    }
)

# Shapes whose greatest length the service leaves to a later check with its own sentence. [A]
LENGTH_MAX_IGNORED: Final[frozenset[str]] = frozenset({"AttributeName"})

# Members whose failures are reported without the value and with the path as the API spells it:
# "Value at 'Limit' ..." instead of "Value '0' at 'limit' ...". [A]
VALUE_NOT_SHOWN: Final[frozenset[tuple[str, str]]] = frozenset(
    {("QueryInput", "Limit"), ("KeysAndAttributes", "Keys")}
)

# The same without the value, but with the usual path. [S]
VALUE_OMITTED: Final[frozenset[tuple[str, str]]] = frozenset(
    {("ExecuteTransactionInput", "TransactStatements")}
)

# Members that are required unless another member is present: a replica's table takes its keys
# from its source, which is why the model requires only TableName. [S]
REQUIRED_UNLESS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "CreateTableInput": ("GlobalTableSourceArn", ("AttributeDefinitions", "KeySchema")),
}

# Members that the service has and the model hides, in the position they are printed. [A]
JAVA_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "AttributeValue": (
        "S",
        "N",
        "B",
        "INT",
        "DECIMAL",
        "DOUBLE",
        "SS",
        "NS",
        "BS",
        "INTSET",
        "DECIMALSET",
        "DOUBLESET",
        "M",
        "L",
        "NULL",
        "BOOL",
    ),
    "PutRequest": ("Item", "WorkloadProfileName"),
    "DeleteRequest": ("Key", "WorkloadProfileName"),
}

# Maps that are echoed as the JSON of the request, where all else is Java's text. [A]
ECHOED_AS_JSON: Final[frozenset[str]] = frozenset({"BatchGetRequestMap"})

# Operations on items: a table name need only have one character, is reported as any other
# member, and everything else about it is the table lookup's. [A] Every other operation that
# requires TableName is of the control plane.
ITEM_OPERATIONS: Final[frozenset[str]] = frozenset(
    {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "SearchVectors"}
)

# Operations on one item, whose members a newer layer checks, in words of its own: October 2026.
# Where a required member is missing, or the request is nested too deep for that layer, the older
# one answers as the published model has it. [A] for the writes, by likeness for GetItem.
CURRENT_LAYER: Final[frozenset[str]] = frozenset({"GetItem", "PutItem", "UpdateItem", "DeleteItem"})

# What the newer layer says of a ReturnValues outside its enum. The misspelling is the service's.
# [A]
RETURN_VALUES_FAILURE: Final = (
    "Failed to satisfy constraint: Member must satisfy enum value set: "
    "[ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]"
)

# Members that the newer layer leaves to a later check with its own sentence. [A]
CHECKED_LATER: Final[frozenset[str]] = frozenset({"ConditionalOperator"})

# UpdateItem stops at the first bad one of these; PutItem and DeleteItem list them all. [A]
UPDATE_ITEM_ENUMS: Final = ("ReturnValues", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics")

# Operations that answer a missing ResourceArn with a sentence of their own. [S]
RESOURCE_ARN_OPERATIONS: Final[frozenset[str]] = frozenset(
    {"TagResource", "UntagResource", "ListTagsOfResource"}
)

FAILURES_LISTED_MAX: Final = 10  # [S], seen on CreateTable, UpdateTable, Query and Scan

# Operations with a check of their own after all constraints.
RULED_LATE: Final = frozenset({"BatchGetItem", "BatchWriteItem", "UpdateTimeToLive"})
