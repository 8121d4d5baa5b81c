"""A table's description for a person, and as JSON."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from genset.cli.printing.output import Output
from genset.cli.tables.listing import billing, stream_view
from genset.cli.tables.schema import schema_of


def print_description(table: Mapping[str, Any], expiry: Mapping[str, Any], output: Output) -> None:
    """Print a table with its time to live: its `Table` as JSON, or two tables for a person."""
    if not output.is_table:
        output.document(jsonable(table))
        return
    output.rows(("Setting", "Value"), list(_settings(table, expiry)))
    print()
    output.rows(("Index", "Kind", "Key", "Projection", "Status", "Items", "Bytes"), _indexes(table))


def jsonable(value: Any) -> Any:
    """An answer of botocore's with the times as texts and the bytes as base64."""
    match value:
        case Mapping():
            return {name: jsonable(each) for name, each in value.items()}
        case list():
            return [jsonable(each) for each in value]
        case datetime.datetime():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return value


def _settings(table: Mapping[str, Any], expiry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    schema = schema_of(table)
    yield "Table", table["TableName"]
    yield "Status", table["TableStatus"]
    for kind, names in (("Partition key", schema.keys.hashes), ("Sort key", schema.keys.sorts)):
        for name in names:
            yield kind, f"{name} ({schema.types[name]})"
    yield "Items", f"{table['ItemCount']}, {table['TableSizeBytes']} bytes"
    yield "Billing", billing(table)
    yield "Stream", stream_view(table) or "off"
    status = expiry.get("TimeToLiveStatus", "unknown").lower()
    attribute = expiry.get("AttributeName")
    yield "Time to live", f"{attribute}, {status}" if attribute else status
    yield "Deletion protection", bool(table.get("DeletionProtectionEnabled"))
    if "TableClassSummary" in table:
        yield "Class", table["TableClassSummary"]["TableClass"]
    yield "Created", table["CreationDateTime"].isoformat(sep=" ", timespec="seconds")
    yield "ARN", table["TableArn"]


def _indexes(table: Mapping[str, Any]) -> Iterator[list[Any]]:
    schema = schema_of(table)
    kinds = (("local", "LocalSecondaryIndexes"), ("global", "GlobalSecondaryIndexes"))
    for kind, member in kinds:
        for index in table.get(member, ()):
            keys = schema.indexes[index["IndexName"]]
            projection = index["Projection"]
            yield [
                index["IndexName"],
                kind,
                ", ".join(f"{name}:{schema.types[name]}" for name in keys.names),
                ", ".join(projection.get("NonKeyAttributes", [projection["ProjectionType"]])),
                index.get("IndexStatus", table["TableStatus"]),
                index.get("ItemCount"),
                index.get("IndexSizeBytes"),
            ]
