"""Small databases of other servers, made as those servers were seen to make them.

DynamoDB Local was 1.25, dynalite 3 and 4. `test_import.py` has the programs themselves make some.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

KEY = {"DynamoDBAttribute": {"AttributeName": "pk", "AttributeType": "S"}, "KeyType": "HASH"}
INFO: dict[str, Any] = {
    "Attributes": [{"AttributeName": "pk", "AttributeType": "S"}],
    "GSIList": [],
    "SQLiteIndex": {"": [KEY]},
}
_COLUMNS = "TableName TEXT, ReadCapacityUnits INT, WriteCapacityUnits INT, TableInfo BLOB"


def local_file(path: Path, tables: Mapping[str, Sequence[bytes]], info: Any = INFO) -> Path:
    """A database of an old DynamoDB Local: tables with their items, in DynamoDB JSON."""
    database = sqlite3.connect(path)
    database.execute(f"CREATE TABLE dm ({_COLUMNS})")
    database.execute("CREATE TABLE sm (TableName TEXT, StreamStatus TEXT, StreamInfo BLOB)")
    for name, contents in tables.items():
        row = (name, 3, 4, json.dumps(info).encode())
        database.execute("INSERT INTO dm VALUES (?, ?, ?, ?)", row)
        stream = (name, "DISABLED", b'{"streamViewType":"X"}')
        database.execute("INSERT INTO sm VALUES (?, ?, ?)", stream)
        database.execute(f'CREATE TABLE "{name}" (hashKey TEXT, ObjectJSON BLOB NOT NULL)')
        database.executemany(f'INSERT INTO "{name}" VALUES (?, ?)', enumerate(contents))
    database.commit()
    database.close()
    return path


def level_table(name: str) -> dict[str, Any]:
    """The description of a table as dynalite keeps it."""
    return {
        "TableName": name,
        "AttributeDefinitions": INFO["Attributes"],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
    }


def level_folder(path: Path, contents: Mapping[str, Any]) -> Path:
    """A LevelDB with these keys, whose values are JSON."""
    plyvel = pytest.importorskip("plyvel", reason="plyvel has no wheel for this Python")
    database = plyvel.DB(str(path), create_if_missing=True)
    for key, value in contents.items():
        database.put(key.encode(), json.dumps(value).encode())
    database.close()
    return path
