"""DynamoDB Local's database: `shared-local-instance.db`, or `<access key>_<region>.db`.

It is a SQLite file, here as DynamoDB Local 1.25 (format v2.4.0) was seen to write it: `dm` has a
row for each table, whose `TableInfo` is JSON; `sm` one for each stream; and a table's items are in
a SQL table of its name, each as DynamoDB JSON in `ObjectJSON`. Older files have fewer columns.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson

from genset.transfer.formats.dynamodb_json import parse_item
from genset.transfer.origins.origin import OriginTable
from genset.transfer.records import Place, Readings, TransferError

MAGIC: Final = b"SQLite format 3\0"
_ON_DEMAND: Final = 1


class DynamoDBLocalFile:
    """An origin: such a file, which is only read."""

    def __init__(self, path: Path) -> None:
        self.place = str(path)
        self._connection = sqlite3.connect(
            f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, check_same_thread=False
        )
        self._connection.row_factory = sqlite3.Row
        self._connection.text_factory = lambda raw: raw.decode(errors="surrogateescape")
        try:
            if not self._ask("SELECT name FROM sqlite_master WHERE name = 'dm'"):
                raise TransferError(f"{path} is a SQLite file, but not one of DynamoDB Local")
        except TransferError:
            self._connection.close()
            raise

    def _ask(self, statement: str, *values: object) -> list[dict[str, Any]]:
        try:
            return [dict(row) for row in self._connection.execute(statement, values)]
        except sqlite3.Error as error:
            raise self._unreadable(error) from None

    def _unreadable(self, error: sqlite3.Error) -> TransferError:
        return TransferError(f"cannot read {self.place} (is it in use?): {error}")

    def names(self) -> list[str]:
        """See `Origin`."""
        return [row["TableName"] for row in self._ask("SELECT TableName FROM dm ORDER BY 1")]

    def table(self, name: str) -> OriginTable:
        """See `Origin`."""
        rows = self._ask("SELECT * FROM dm WHERE TableName = ?", name)
        if not rows:
            raise TransferError(f"there is no table {name} in {self.place}")
        try:
            info = orjson.loads(rows[0]["TableInfo"])
            description = _description(rows[0], info) | self._stream(name)
        except (ValueError, KeyError, TypeError) as error:
            raise TransferError(
                f"{self.place} describes {name} in an unknown way: {error}"
            ) from None
        (count,) = self._ask(f"SELECT count(*) AS items FROM {_quoted(name)}")
        description["ItemCount"] = count["items"]
        return OriginTable(
            description=description, time_to_live=info.get("TimeToLiveAttributeName")
        )

    def _stream(self, name: str) -> dict[str, Any]:
        rows = self._ask(
            "SELECT StreamInfo FROM sm WHERE TableName = ? AND StreamStatus LIKE 'ENABL%'", name
        )
        if not rows:
            return {}
        view = orjson.loads(rows[0]["StreamInfo"])["streamViewType"]
        return {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}}

    def read(self, name: str, segments: int) -> Readings:
        """See `Origin`; a place's line is the number of the item."""
        source = f"{self.place}[{name}]"
        try:
            rows = self._connection.execute(f"SELECT ObjectJSON FROM {_quoted(name)}")
            for number, (content,) in enumerate(rows, start=1):
                yield parse_item(content, Place(source, number))
        except sqlite3.Error as error:
            raise self._unreadable(error) from None

    def close(self) -> None:
        """See `Origin`."""
        self._connection.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _description(row: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
    units = {name: row[name] for name in ("ReadCapacityUnits", "WriteCapacityUnits")}
    on_demand = row.get("BillingMode") == _ON_DEMAND
    return {
        "TableName": row["TableName"],
        "AttributeDefinitions": info["Attributes"],
        "KeySchema": [
            {
                "AttributeName": each["DynamoDBAttribute"]["AttributeName"],
                "KeyType": each["KeyType"],
            }
            for each in info["SQLiteIndex"][""]
        ],
        "LocalSecondaryIndexes": info.get("LSIList") or [],
        "GlobalSecondaryIndexes": info.get("GSIList") or [],
        "ProvisionedThroughput": units,
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST" if on_demand else "PROVISIONED"},
        "DeletionProtectionEnabled": str(row.get("DeletionProtectionEnabled")).lower() == "true",
    }
