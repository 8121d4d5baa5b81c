"""The keys of a table and of its indexes, and the values that texts are for them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from genset.cli.statuses import CommandError, Status

TYPES: Final = {"S": "a string", "N": "a number", "B": "binary, as base64"}
"""What the type of a key attribute is called."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The attributes that a table's or an index's key is of; an index may have several of each."""

    hashes: tuple[str, ...]
    sorts: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, in the key's order."""
        return self.hashes + self.sorts


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table's keys and those of its indexes by name, and the types of all key attributes."""

    table: str
    keys: Keys
    types: Mapping[str, str]
    indexes: Mapping[str, Keys]

    def keys_of(self, index: str | None) -> Keys:
        """The keys of the table, or of an index of it. Raises CommandError if there is none."""
        if index is None:
            return self.keys
        if index not in self.indexes:
            known = ", ".join(self.indexes) or "none"
            raise CommandError(
                f"{self.table} has no index {index}; its indexes: {known}", Status.USAGE
            )
        return self.indexes[index]

    def first_columns(self, index: str | None = None) -> list[str]:
        """The attributes that a person wants to see first: of the index, then of the table."""
        return list(dict.fromkeys((*self.keys_of(index).names, *self.keys.names)))

    def shown_keys(self, index: str | None = None) -> str:
        """The keys with their types, for a message."""
        return " and ".join(f"{name} ({self.types[name]})" for name in self.keys_of(index).names)

    def value(self, name: str, text: str) -> dict[str, Any]:
        """The value of the key attribute `name` that `text` is. Raises CommandError if of none."""
        kind = self.types[name]
        try:
            return {kind: _read(kind, text)}
        except (ValueError, InvalidOperation, binascii.Error):
            message = f"{name} is {TYPES[kind]}, which {text} is not"
            raise CommandError(message, Status.USAGE) from None


def _read(kind: str, text: str) -> Any:
    if kind == "N":
        if not Decimal(text).is_finite():
            raise ValueError(text)
        return text.strip()
    return base64.b64decode(text, validate=True) if kind == "B" else text


def read_schema(client: Any, table: str) -> TableSchema:
    """The schema of a table, asked for with DescribeTable."""
    return schema_of(client.describe_table(TableName=table)["Table"])


def maybe_schema(client: Any, table: str) -> TableSchema | None:
    """The schema of a table, or None if it cannot be had, for what can do without."""
    from botocore.exceptions import ClientError

    try:
        return read_schema(client, table)
    except ClientError:
        return None


def schema_of(description: Mapping[str, Any]) -> TableSchema:
    """The schema in the description of a table."""
    indexes = (
        *description.get("LocalSecondaryIndexes", ()),
        *description.get("GlobalSecondaryIndexes", ()),
    )
    return TableSchema(
        table=description["TableName"],
        keys=keys_in(description["KeySchema"]),
        types={
            each["AttributeName"]: each["AttributeType"]
            for each in description["AttributeDefinitions"]
        },
        indexes={index["IndexName"]: keys_in(index["KeySchema"]) for index in indexes},
    )


def keys_in(key_schema: Sequence[Mapping[str, str]]) -> Keys:
    """The keys of a KeySchema."""
    named = [(each["KeyType"], each["AttributeName"]) for each in key_schema]
    return Keys(
        tuple(name for kind, name in named if kind == "HASH"),
        tuple(name for kind, name in named if kind == "RANGE"),
    )
