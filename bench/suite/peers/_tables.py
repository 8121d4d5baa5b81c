"""Making and deleting tables, as fixtures do that have a client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def create_tables(client: Any, tables: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Create tables; their names. Here they are ACTIVE at once, and nobody waits."""
    for table in tables:
        client.create_table(**table)
    return {table["TableName"]: table["TableName"] for table in tables}


def passing_tables(client: Any, tables: Sequence[dict[str, Any]]) -> Iterator[dict[str, str]]:
    """Their names, once they are created; they are deleted afterwards."""
    names = create_tables(client, tables)
    yield names
    for name in names.values():
        client.delete_table(TableName=name)
