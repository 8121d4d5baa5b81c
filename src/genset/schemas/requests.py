"""The requests that say what a table is to be, in the API's form.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from genset.schemas.definitions import STANDARD, IndexDefinition, Keys, TableDefinition, Units

CAPACITY: Final = ("ReadCapacityUnits", "WriteCapacityUnits")
CEILINGS: Final = ("MaxReadRequestUnits", "MaxWriteRequestUnits")
NO_CEILING: Final = -1  # what UpdateTable takes away a maximum with
WARMTH: Final = ("ReadUnitsPerSecond", "WriteUnitsPerSecond")


def create_request(wanted: TableDefinition) -> dict[str, Any]:
    """The CreateTable request of a table."""
    request: dict[str, Any] = {
        "TableName": wanted.name,
        "KeySchema": _key_schema(wanted.keys),
        "AttributeDefinitions": definitions(wanted.attribute_types),
        "BillingMode": wanted.billing_mode,
    }
    if wanted.local_indexes:
        request["LocalSecondaryIndexes"] = [index_request(i) for i in wanted.local_indexes]
    if wanted.global_indexes:
        request["GlobalSecondaryIndexes"] = [index_request(i) for i in wanted.global_indexes]
    request |= _capacity_members(wanted)
    if wanted.stream is not None:
        request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": wanted.stream}
    if wanted.table_class != STANDARD:
        request["TableClass"] = wanted.table_class
    if wanted.deletion_protection:
        request["DeletionProtectionEnabled"] = True
    if wanted.encryption is not None:
        request["SSESpecification"] = encryption_request(wanted.encryption)
    if wanted.tags:
        request["Tags"] = tag_list(wanted.tags)
    if wanted.policy is not None:
        request["ResourcePolicy"] = wanted.policy
    return request


def index_request(index: IndexDefinition) -> dict[str, Any]:
    """An index as CreateTable, and UpdateTable for a global one, takes it."""
    projection: dict[str, Any] = {"ProjectionType": index.projection}
    if index.non_key_attributes:
        projection["NonKeyAttributes"] = list(index.non_key_attributes)
    return {
        "IndexName": index.name,
        "KeySchema": _key_schema(index.keys),
        "Projection": projection,
        **_capacity_members(index),
    }


def _capacity_members(part: TableDefinition | IndexDefinition) -> dict[str, Any]:
    members = {
        "ProvisionedThroughput": units_request(part.throughput, CAPACITY),
        "OnDemandThroughput": units_request(part.ceilings, CEILINGS),
        "WarmThroughput": units_request(part.warm, WARMTH),
    }
    return {name: units for name, units in members.items() if units}


def units_request(units: Units, names: tuple[str, str]) -> dict[str, int]:
    """Units under the API's two names for them, those that are said."""
    figures = zip(names, (units.read, units.write), strict=True)
    return {name: number for name, number in figures if number is not None}


def _key_schema(keys: Keys) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in keys]


def definitions(types: Mapping[str, str]) -> list[dict[str, str]]:
    """AttributeDefinitions."""
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


def encryption_request(key: str | None) -> dict[str, Any]:
    """The SSESpecification for a key; see `TableDefinition.encryption`."""
    if key is None:
        return {"Enabled": False}
    request: dict[str, Any] = {"Enabled": True, "SSEType": "KMS"}
    return {**request, "KMSMasterKeyId": key} if key else request


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as the API lists them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
