"""What is asked of a table's description: its keys, and the types of their attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table's name, the names of its primary key's attributes, and the types of all keys."""

    name: str
    keys: tuple[str, ...]
    key_types: dict[str, str]
    item_count: int
    """As the server says it, which may be hours old."""


def shape_of(description: dict[str, Any]) -> TableShape:
    """The shape of the table of a DescribeTable's `Table`."""
    return TableShape(
        name=description["TableName"],
        keys=tuple(each["AttributeName"] for each in description["KeySchema"]),
        key_types={
            each["AttributeName"]: each["AttributeType"]
            for each in description["AttributeDefinitions"]
        },
        item_count=description.get("ItemCount", 0),
    )


def described(client: Any, table: str) -> dict[str, Any]:
    """The `Table` of a DescribeTable."""
    found: dict[str, Any] = client.describe_table(TableName=table)["Table"]
    return found


def maybe_described(client: Any, table: str) -> dict[str, Any] | None:
    """As `described`; None if there is no such table."""
    try:
        return described(client, table)
    except client.exceptions.ResourceNotFoundException:
        return None


def is_active(description: dict[str, Any]) -> bool:
    """Whether a table and all its indexes are ACTIVE."""
    indexes = description.get("GlobalSecondaryIndexes", ())
    states = [description["TableStatus"], *(index["IndexStatus"] for index in indexes)]
    return all(state == "ACTIVE" for state in states)
