"""What a server has: about itself if it is genset, and about each table."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from genset.cli.asking.remote import Remote
from genset.cli.asking.server_page import maybe_about
from genset.cli.printing.output import Output
from genset.cli.tables.listing import billing, stream_view, table_names
from genset.cli.tables.schema import schema_of

_COLUMNS = ("Table", "Status", "Items", "Bytes", "Indexes", "Billing", "Stream", "TTL")


def statistics(remote: Remote, client: Any) -> dict[str, Any]:
    """Where the server is, what it says of itself, and a description of each table.

    As JSON has it: `place`, `region`, `server` (None for another DynamoDB), and `tables`.
    """
    return {
        "place": remote.place,
        "region": client.meta.region_name,
        "server": maybe_about(client),
        "tables": [_table(client, name) for name in table_names(client)],
    }


def _table(client: Any, name: str) -> dict[str, Any]:
    table = client.describe_table(TableName=name)["Table"]
    return {
        "table": name,
        "status": table["TableStatus"],
        "items": table["ItemCount"],
        "bytes": table["TableSizeBytes"],
        "indexes": list(schema_of(table).indexes),
        "billing": billing(table),
        "stream": stream_view(table),
        "ttl": _expiry_attribute(client, name),
    }


def _expiry_attribute(client: Any, name: str) -> str | None:
    """The attribute with the time to live, or None if there is none, or it may not be known."""
    from botocore.exceptions import ClientError

    try:
        answer = client.describe_time_to_live(TableName=name)
    except ClientError:
        return None
    found: str | None = answer["TimeToLiveDescription"].get("AttributeName")
    return found


def print_statistics(found: dict[str, Any], output: Output) -> None:
    """Print what `statistics` has found."""
    if not output.is_table:
        output.document(found)
        return
    tables = found["tables"]
    for name, value in _facts(found):
        print(f"{name:<9} {value}")
    print()
    output.rows(_COLUMNS, [_row(table) for table in tables])


def _row(table: dict[str, Any]) -> list[Any]:
    shown = {**table, "indexes": ", ".join(table["indexes"]) or None}
    return [shown[column.lower()] for column in _COLUMNS]


def _facts(found: dict[str, Any]) -> Iterable[tuple[str, str]]:
    server, tables = found["server"], found["tables"]
    yield "place", f"{found['place']}, {found['region']}"
    if server is not None:
        yield "genset", f"{server['genset']}, {server['python']}, SQLite {server['sqlite']}"
        yield "up", str(datetime.timedelta(seconds=server["uptime_s"]))
        yield "workers", f"{server['workers']}; what is told here is of process {server['pid']}"
        size = "" if server["bytes"] is None else f", {server['bytes']} bytes"
        place = "" if server["place"] is None else f" in {server['place']}"
        yield "storage", f"{server['storage']}{place}{size}"
    items = sum(table["items"] for table in tables)
    size_of_items = sum(table["bytes"] for table in tables)
    yield "tables", f"{len(tables)}, with {items} items of {size_of_items} bytes"
