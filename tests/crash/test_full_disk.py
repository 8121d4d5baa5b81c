"""A disk that is full, seen by clients: writes are refused, nothing else changes, room heals it.

Once with a real server on a real, tiny file system; once in process, where the disk is faulty.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from genset.storage.sqlite import open_sqlite
from simulation.faulty_vfs import FaultyVfs, disk_full, never
from support import tables
from support.client import Api
from support.in_process import InProcess
from support.values import N, S, normal

TABLE = "items"
ITEMS = tables.table(
    "pk", "sk", types={"pk": "S", "sk": "N", "g": "S"}, everywhere=[tables.index("gsi", "g", "sk")]
)
FULL = {
    "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError",
    "message": "Internal server error",
}
DISK_BYTES = 6 * 1024 * 1024


class TinyDisk:
    """A file system of its own in memory, and a file that takes what room is left."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> None:
        with self._ballast.open("ab", buffering=0) as ballast:
            for size in (65536, 4096, 1):
                try:
                    while ballast.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue

    def make_room(self) -> None:
        self._ballast.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[TinyDisk]:
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root on Linux can mount a file system of a few megabytes")
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(path)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"a file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield TinyDisk(path)
    finally:
        # Lazily: a server that a failed test left behind is stopped after this.
        subprocess.run(["umount", "-l", str(path)], check=True)


def item(number: int, size: int) -> dict[str, dict[str, str]]:
    return {"pk": S("p"), "sk": N(number), "g": S("g"), "v": S(str(number % 10) * size)}


def put_until_refused(api: Api, kept: dict[int, object], size: int) -> None:
    """Acknowledged items are `kept`; that nothing is left has to show within the disk's size."""
    for number in range(len(kept), len(kept) + DISK_BYTES // size):
        answer = api.send("PutItem", {"TableName": TABLE, "Item": item(number, size)})
        if answer.status != 200:
            assert (answer.status, answer.json) == (500, FULL)
            return
        kept[number] = item(number, size)
    pytest.fail("the disk was never full")


def assert_holds(api: Api, kept: dict[int, object]) -> None:
    """The table and its index hold exactly what was acknowledged, and each read works."""
    wanted = [normal(kept[number]) for number in sorted(kept)]
    for request in (
        {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": S("p")}},
        {
            "IndexName": "gsi",
            "KeyConditionExpression": "g = :g",
            "ExpressionAttributeValues": {":g": S("g")},
        },
    ):
        assert [normal(each) for each in pages(api, "Query", request)] == wanted
    scanned = pages(api, "Scan", {})
    assert sorted((normal(each) for each in scanned), key=str) == sorted(wanted, key=str)
    number = max(kept)
    got = api("GetItem", TableName=TABLE, Key={"pk": S("p"), "sk": N(number)})
    assert normal(got["Item"]) == normal(kept[number])
    assert api("DescribeTable", TableName=TABLE)["Table"]["ItemCount"] == len(kept)


def pages(api: Api, operation: str, request: dict[str, object]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    more: dict[str, object] = {}
    while True:
        answer = api(operation, {**request, **more}, TableName=TABLE)
        rows += answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return rows
        more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


@pytest.mark.crash
@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.sqlite_only("the disk of a database is its own affair")
def test_a_full_disk_refuses_writes_and_nothing_else(disk, durable_server, workers) -> None:
    kept: dict[int, object] = {}
    options = ("--durability", "full", "--workers", workers)
    server = durable_server(*options, folder=disk.path / "data")
    with Api(server.url) as api:
        tables.create(api, TABLE, ITEMS)
        for number in range(20):
            kept[number] = item(number, 1000)
            api("PutItem", TableName=TABLE, Item=kept[number])
        disk.fill()
        put_until_refused(api, kept, 50_000)
        assert_holds(api, kept)

    server.kill()
    again = durable_server(*options, folder=disk.path / "data")
    with Api(again.url) as api:
        assert_holds(api, kept)
        put_until_refused(api, kept, 50_000)
        assert_holds(api, kept)
        disk.make_room()
        for size in (1000, 50_000):
            number = len(kept)
            kept[number] = item(number, size)
            api("PutItem", TableName=TABLE, Item=kept[number])
        api("DeleteItem", TableName=TABLE, Key={"pk": S("p"), "sk": N(0)})
        del kept[0]
        assert_holds(api, kept)

    again.kill()
    last = durable_server(*options, folder=disk.path / "data")
    with Api(last.url) as api:
        assert_holds(api, kept)
    assert last.stop() == 0


# In process.

KEY = {"pk": S("p"), "sk": N(1)}
WRITES = {
    "PutItem": {"TableName": TABLE, "Item": item(1, 10)},
    "UpdateItem": {
        "TableName": TABLE,
        "Key": KEY,
        "UpdateExpression": "SET v = :v",
        "ExpressionAttributeValues": {":v": S("new")},
    },
    "DeleteItem": {"TableName": TABLE, "Key": {"pk": S("p"), "sk": N(0)}},
    "BatchWriteItem": {"RequestItems": {TABLE: [{"PutRequest": {"Item": item(1, 10)}}]}},
    "TransactWriteItems": {"TransactItems": [{"Put": {"TableName": TABLE, "Item": item(1, 10)}}]},
    "CreateTable": {**ITEMS, "TableName": "another"},
    "DeleteTable": {"TableName": TABLE},
}


@pytest.mark.parametrize("operation", WRITES)
def test_every_write_on_a_full_disk_is_an_internal_server_error(
    operation: str, tmp_path: Path
) -> None:
    vfs = FaultyVfs(f"full-{uuid.uuid4()}")

    async def scenario() -> None:
        engine = open_sqlite(tmp_path / "genset.db", vfs=vfs.vfs_name)
        send = InProcess(engine).send
        assert (await send("CreateTable", {**ITEMS, "TableName": TABLE}))[0] == 200
        kept = {"TableName": TABLE, "Item": item(0, 10)}
        assert (await send("PutItem", kept))[0] == 200
        vfs.schedule = lambda asked, _file: disk_full() if asked == "write" else None
        for _ in range(3):
            assert await send(operation, WRITES[operation]) == (500, FULL)
            answer = await send("Scan", {"TableName": TABLE})
            assert answer == (200, {"Count": 1, "ScannedCount": 1, "Items": [item(0, 10)]})
        vfs.schedule = never
        assert (await send(operation, WRITES[operation]))[0] == 200
        await engine.close()

    try:
        asyncio.run(scenario())
    finally:
        vfs.schedule = never
        vfs.unregister()
