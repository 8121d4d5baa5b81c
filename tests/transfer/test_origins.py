"""What is read of other servers' data where those servers are not at hand, or it is not whole."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from genset.transfer.creation import creation_request
from genset.transfer.origins.detection import origin_at
from genset.transfer.origins.dynalite import DynaliteFolder
from genset.transfer.origins.dynamodb_local import DynamoDBLocalFile
from genset.transfer.records import TransferError
from transfer.items import told
from transfer.made_data import INFO, level_folder, level_table, local_file


def test_a_database_of_an_older_dynamodb_local_is_read(tmp_path: Path) -> None:
    path = local_file(tmp_path / "key_region.db", {"t": [b'{"pk":{"S":"a"}}', b'{"pk":{"B":"*"}}']})
    origin = origin_at(path)
    assert isinstance(origin, DynamoDBLocalFile)
    assert origin.names() == ["t"]
    table = origin.table("t")
    assert table.description["ItemCount"] == 2
    assert creation_request(table) == {
        "TableName": "t",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
    }
    item, fault = origin.read("t", 1)
    assert item.text == '{"pk":{"S":"a"}}'
    assert told([fault])[0].startswith(f"{path}[t]:2: ")
    with pytest.raises(TransferError, match="there is no table u in"):
        origin.table("u")
    origin.close()


@pytest.mark.parametrize("info", [{}, [], {**INFO, "SQLiteIndex": {}}, 5])
def test_a_description_of_an_unknown_form_is_told(tmp_path: Path, info: Any) -> None:
    origin = origin_at(local_file(tmp_path / "x.db", {"t": []}, info))
    with pytest.raises(TransferError, match="describes t in an unknown way"):
        origin.table("t")
    origin.close()


def test_another_sqlite_file_is_refused(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "x.db")
    database.execute("CREATE TABLE other (x)")
    database.close()
    with pytest.raises(TransferError, match=r"x\.db is a SQLite file, but not one of DynamoDB"):
        origin_at(tmp_path / "x.db")


def test_a_damaged_database_is_told(tmp_path: Path) -> None:
    path = local_file(tmp_path / "x.db", {"t": [b'{"pk":{"S":"a"}}'] * 3000})
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = b"\xff" * (len(content) - len(content) // 2)
    path.write_bytes(content)
    origin = origin_at(path)
    with pytest.raises(TransferError, match=r"cannot read .*x\.db"):
        list(origin.read("t", 1))
    origin.close()


def test_of_several_databases_one_must_be_named(tmp_path: Path) -> None:
    for name in ("a_us-east-1.db", "b_us-east-1.db"):
        local_file(tmp_path / name, {"t": []})
    with pytest.raises(TransferError, match=r"several databases; name one of .*a_.*, .*b_"):
        origin_at(tmp_path)


@pytest.mark.parametrize("form", ["{}~{}", "!{}!{}"])
def test_a_folder_of_each_version_of_dynalite_is_read(tmp_path: Path, form: str) -> None:
    contents = {
        ("table", "t"): level_table("t"),
        ("table", "t2"): level_table("t2"),
        ("item-t", "8cc798/61/"): {"pk": {"S": "a"}},
        ("item-t", "8cc799/62/"): {"pk": {"S": "b"}},
        ("item-t2", "8cc798/61/"): {"pk": {"S": "c"}},
        ("index-global~t~g", "8cc798/61/"): {"pk": {"S": "a"}},
        ("tag-t", "team"): "blue",
    }
    folder = level_folder(
        tmp_path / "data", {form.format(*key): value for key, value in contents.items()}
    )
    origin = origin_at(folder)
    assert isinstance(origin, DynaliteFolder)
    assert origin.names() == ["t", "t2"]
    table = origin.table("t")
    assert (table.description["ItemCount"], table.tags) == (2, [{"Key": "team", "Value": "blue"}])
    assert creation_request(table)["BillingMode"] == "PAY_PER_REQUEST"
    assert "ProvisionedThroughput" not in creation_request(table)
    assert [each.text for each in origin.read("t", 1)] == [
        '{"pk": {"S": "a"}}',
        '{"pk": {"S": "b"}}',
    ]
    with pytest.raises(TransferError, match="there is no table u in"):
        origin.table("u")
    origin.close()
    origin.close()


def test_without_plyvel_it_is_told_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "CURRENT").write_text("MANIFEST-000002\n")
    monkeypatch.setitem(sys.modules, "plyvel", None)
    with pytest.raises(TransferError, match=r"needs plyvel: pip install 'genset\[dynalite\]'"):
        origin_at(tmp_path)


def test_a_folder_that_is_no_leveldb_is_told(tmp_path: Path) -> None:
    pytest.importorskip("plyvel", reason="plyvel has no wheel for this Python")
    (tmp_path / "CURRENT").write_text("MANIFEST-000002\n")
    with pytest.raises(TransferError, match=f"cannot read {tmp_path}"):
        origin_at(tmp_path)
