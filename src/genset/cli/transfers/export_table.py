"""`genset export`: reads a table's segments and writes them as an export to S3."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from genset.cli.asking.remote import Remote
from genset.cli.printing.amounts import amount
from genset.cli.printing.progress import progress
from genset.cli.transfers.faults import told
from genset.transfer.s3_export.writing import write_export
from genset.transfer.scanning import scan_segment
from genset.transfer.tables import described


def run(remote: Remote, table: str, folder: Path, segments: int) -> None:
    """Write the export and print its path."""
    client = remote.client()
    description = described(client, table)
    request = {"TableName": table, "ConsistentRead": True}
    name = description["TableName"]
    with told(), progress(f"exporting {name}", description.get("ItemCount")) as bar:
        parts = [scan_segment(client, request, each, segments) for each in range(segments)]
        written = write_export(
            folder, description, parts, lambda count: bar.show(count, amount(count, "item"))
        )
        _write_description(folder / f"{name}-{written.export_id}.json", description)
    print(f"exported {amount(written.item_count, 'item')} of {name}", file=sys.stderr)
    print(written.folder)


def _write_description(path: Path, description: dict[str, Any]) -> None:
    """As `aws dynamodb describe-table` prints it; times are in ISO 8601 there."""
    text = json.dumps({"Table": description}, indent=4, default=lambda time: time.isoformat())
    path.write_text(text + "\n", encoding="utf-8")
