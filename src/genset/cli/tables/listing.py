"""The tables of a server, and a line about each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from genset.cli.printing.output import Output
from genset.cli.tables.schema import schema_of

LISTING_COLUMNS: Final = (
    "Table",
    "Status",
    "Key",
    "Items",
    "Bytes",
    "Indexes",
    "Billing",
    "Stream",
)


def table_names(client: Any) -> Iterator[str]:
    """The names of all tables, in order."""
    start: dict[str, str] = {}
    while True:
        answer = client.list_tables(**start)
        yield from answer["TableNames"]
        if "LastEvaluatedTableName" not in answer:
            return
        start = {"ExclusiveStartTableName": answer["LastEvaluatedTableName"]}


def print_listing(client: Any, names: Sequence[str], output: Output) -> None:
    """Print a line about each of the tables."""
    found = (client.describe_table(TableName=name)["Table"] for name in names)
    output.rows(LISTING_COLUMNS, (listing_row(table) for table in found))


def listing_row(table: Mapping[str, Any]) -> list[Any]:
    """The values of `LISTING_COLUMNS` for the description of a table."""
    schema = schema_of(table)
    return [
        table["TableName"],
        table["TableStatus"],
        ", ".join(f"{name}:{schema.types[name]}" for name in schema.keys.names),
        table["ItemCount"],
        table["TableSizeBytes"],
        ", ".join(schema.indexes) or None,
        billing(table),
        stream_view(table),
    ]


def billing(table: Mapping[str, Any]) -> str:
    """How a table is paid for: `on demand`, or the capacity units that are provisioned."""
    if table.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST":
        return "on demand"
    units = table["ProvisionedThroughput"]
    return f"{units['ReadCapacityUnits']} read, {units['WriteCapacityUnits']} write"


def stream_view(table: Mapping[str, Any]) -> str | None:
    """What the table's stream has of each change, or None if there is no stream."""
    stream = table.get("StreamSpecification", {})
    view: str | None = stream.get("StreamViewType") if stream.get("StreamEnabled") else None
    return view
