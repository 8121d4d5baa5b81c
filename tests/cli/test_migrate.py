"""`genset migrate`: all data arrives, through any kill, and nobody is shown a part of it."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import asyncpg
import pytest

from genset.cli.stores.store import InPostgres, claimed, open_engine, store_at
from genset.storage import keyspace
from genset.storage.engine import Engine, Snapshot, Transaction
from support import streams, tables
from support.client import Api
from support.process import genset_command, serve
from support.values import N, S

from .conftest import GuardedPostgres

Place = Callable[[str], str]

# By way of a database the data comes to a directory too, where it can be looked at.
WAYS = [("directory",), ("database", "directory")]
EVERYTHING = {
    **tables.table(
        "pk",
        "sk",
        types={"pk": "S", "sk": "N", "l": "S", "g": "S"},
        local=[tables.index("lsi", "pk", "l")],
        everywhere=[tables.index("gsi", "g", "sk", projection="KEYS_ONLY")],
    ),
    **streams.enabled(),
}
TRANSACTION = {
    "TransactItems": [
        {"Update": {"TableName": "everything", "Key": {"pk": S("counted"), "sk": N(0)},
                    "UpdateExpression": "ADD n :one",
                    "ExpressionAttributeValues": {":one": N(1)}}}
    ],
    "ClientRequestToken": "once",
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    """Makes places of either kind that hold nothing yet."""
    numbers = itertools.count(1)

    def make(kind: str) -> str:
        if kind == "directory":
            return str(tmp_path / f"{next(numbers)}" / "genset")
        postgres: GuardedPostgres = request.getfixturevalue("guarded_postgres")
        return postgres.url(postgres.new_database())

    return make


def migrate(source: str, target: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        migrate_command(source, target), capture_output=True, text=True, timeout=60, check=False
    )


def migrate_command(source: str, target: str) -> list[str]:
    return [*genset_command(), "migrate", "--from", source, "--to", target]


def serve_options(place: str) -> list[str]:
    is_database = isinstance(store_at(place), InPostgres)
    return ["--storage" if is_database else "--data-dir", place]


@contextmanager
def served(place: str, *options: str) -> Iterator[Api]:
    with serve(*serve_options(place), *options) as server, Api(server.url) as api:
        yield api


def fill(api: Api) -> None:
    """Tables with indexes, a stream and time to live, a deleted one, and a client token."""
    tables.create(api, "everything", EVERYTHING)
    tables.create(api, "deleted", tables.table("pk", types={"pk": "S"}))
    api("PutItem", TableName="deleted", Item={"pk": S("a")})
    api("DeleteTable", TableName="deleted")
    ttl = {"Enabled": True, "AttributeName": "ends"}
    api("UpdateTimeToLive", TableName="everything", TimeToLiveSpecification=ttl)
    for number in range(120):
        item = {"pk": S(f"p{number % 7}"), "sk": N(number), "text": S("x" * number)}
        item |= {"l": S(f"l{number % 5}")} if number % 2 else {}
        item |= {"g": S(f"g{number % 3}"), "ends": N(int(time.time()) + 10**6)}
        api("PutItem", TableName="everything", Item=item)
    for number in range(0, 120, 10):
        api("DeleteItem", TableName="everything", Key={"pk": S(f"p{number % 7}"), "sk": N(number)})
    api("TransactWriteItems", TRANSACTION)


def answers(api: Api) -> list[Any]:
    """What the server says of all that `fill` has made."""
    arn = streams.latest_arn(api, "everything")
    return [
        api("DescribeTable", TableName="everything"),
        api("DescribeTimeToLive", TableName="everything"),
        api("Scan", TableName="everything"),
        *(api("Scan", TableName="everything", IndexName=index) for index in ("lsi", "gsi")),
        streams.shards_of(api, arn),
        streams.read_all(api, arn),
    ]


def rows(directory: str) -> list[Any]:
    """All rows as SQLite has them, whatever genset takes them for."""
    connection = apsw.Connection(f"{directory}/genset.db")
    found = connection.execute("SELECT key, value FROM kv ORDER BY key").fetchall()
    connection.close()
    return found


def on_engine(place: str, work: Callable[[Engine], Any]) -> Any:
    """What comes of work on the engine at a place."""

    async def run() -> Any:
        engine = await open_engine(store_at(place))
        try:
            return await work(engine)
        finally:
            await engine.close()

    with claimed(store_at(place)):
        return asyncio.run(run())


def fill_directly(place: str, keys: int) -> None:
    """Much data in little time: values of 20 KB, and as many counters."""

    async def body(transaction: Transaction) -> None:
        prefix = keyspace.items_prefix(1)
        for number in range(keys):
            transaction.put(prefix + number.to_bytes(4), os.urandom(100) + bytes(20_000))
            transaction.add(keyspace.collection_key(1, number.to_bytes(16)), number, -number)

    on_engine(place, lambda engine: engine.write(body))


def copied_values(place: str) -> int:
    """How many values a migration that was killed has left there."""

    async def body(snapshot: Snapshot) -> Any:
        return json.loads(await snapshot.get(keyspace.migration_key()) or b"null")

    return int(on_engine(place, lambda engine: engine.read(body))["amount"]["values"])


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_a_server_goes_on_with_what_was_moved(place: Place, way: tuple[str, ...]) -> None:
    source, *targets = map(place, ("directory", *way))
    with served(source) as api:
        fill(api)
        before = answers(api)
    moved = rows(source)
    counters = [key for key, _ in moved if key[:1] in b"\x04\x05\x07\x0b"]
    for here, there in zip([source, *targets], targets, strict=False):
        done = migrate(here, there)
        assert done.returncode == 0, done.stderr
        assert f"{len(moved) - len(counters)} values" in done.stdout
        assert f"{len(counters)} counters" in done.stdout
        assert f"moving all data from {store_at(here)} to {store_at(there)}" in done.stderr
    assert rows(targets[-1]) == moved
    with served(targets[0], "--workers", "2") as api:
        assert answers(api) == before
        _write_on(api, before)


def _write_on(api: Api, before: list[Any]) -> None:
    """Tokens, counts, queues and sequences go on as if nothing had been."""
    api("TransactWriteItems", TRANSACTION)
    key = {"pk": S("counted"), "sk": N(0)}
    assert api("GetItem", TableName="everything", Key=key)["Item"]["n"] == N(1)
    expired = {"pk": S("p1"), "sk": N(1), "ends": N(int(time.time()) - 10)}
    api("PutItem", TableName="everything", Item=expired)
    deadline = time.monotonic() + 10
    while "Item" in api("GetItem", TableName="everything", Key={"pk": S("p1"), "sk": N(1)}):
        assert time.monotonic() < deadline, "what has expired is not deleted"
        time.sleep(0.05)
    count = before[0]["Table"]["ItemCount"] - 1
    assert api("DescribeTable", TableName="everything")["Table"]["ItemCount"] == count
    records = streams.read_all(api, streams.latest_arn(api, "everything"))
    assert len(records) == len(before[-1]) + 2
    assert {record["eventID"] for record in before[-1]} < {each["eventID"] for each in records}


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_a_killed_migration_goes_on(place: Place, way: tuple[str, ...]) -> None:
    source, *targets = map(place, ("directory", *way))
    fill_directly(source, 1000)
    for here, there in zip([source, *targets], targets, strict=False):
        _kill_migration(here, there)
        for each in (here, there):
            _forget_the_killed(each)
        copied = copied_values(there)
        assert 0 < copied < 1000
        if there is targets[0]:
            for options in ((), ("--workers", "2")):
                _refused(there, *options)
        done = migrate(here, there)
        assert done.returncode == 0, done.stderr
        assert "1000 values" in done.stdout
        first_portion = int(done.stderr.splitlines()[1].split()[2])
        assert first_portion > copied
        again = migrate(here, there)
        assert (again.returncode, again.stdout) == (0, done.stdout)
    assert rows(targets[-1]) == rows(source)


def _kill_migration(source: str, target: str) -> None:
    """After its first portion, of which there are twenty."""
    pipe = subprocess.PIPE
    command = migrate_command(source, target)
    with subprocess.Popen(command, stderr=pipe, text=True) as process:
        assert process.stderr is not None
        assert "moving" in process.stderr.readline()
        assert "copied" in process.stderr.readline()
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def _forget_the_killed(place: str) -> None:
    """Let the time pass in which a killed process is still taken for alive."""
    if isinstance(store_at(place), InPostgres):
        asyncio.run(_delete_leases(place))


async def _delete_leases(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("DELETE FROM genset.leases")
    await connection.close()


def _refused(place: str, *options: str) -> None:
    """A server does not serve what is not complete, and says so once."""
    command = [*genset_command(), "serve", "--port", "0", *serve_options(place), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "genset migrate has not come to its end" in line


def test_what_cannot_be_moved_is_said_in_one_line(place: Place, tmp_path: Path) -> None:
    full, absent = place("directory"), str(tmp_path / "absent")
    fill_directly(full, 3)
    other = place("directory")
    fill_directly(other, 4)
    before = rows(other)
    for source, target, message in (
        (full, other, "the target has other data"),
        (full, f"{full}/../genset", "the same place"),
        (absent, other, f"there is no data of genset in {absent}"),
        (str(tmp_path), other, f"there is no data of genset in {tmp_path}"),
    ):
        done = migrate(source, target)
        assert done.returncode == 1
        assert done.stdout == ""
        assert message in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
    assert not Path(absent).exists()
    assert rows(other) == before


def test_other_data_in_a_database_is_left_alone(place: Place) -> None:
    full, other = place("directory"), place("database")
    fill_directly(full, 3)
    fill_directly(other, 4)
    done = migrate(full, other)
    assert done.returncode == 1
    assert "the target has other data" in done.stderr
    assert migrate(other, place("directory")).stdout.count(": 4 values") == 1


@pytest.mark.parametrize(
    ("kind", "message"),
    [("directory", "is in use by another genset server"), ("database", "a genset server runs on")],
)
def test_the_data_of_a_running_server_is_left_alone(place: Place, kind: str, message: str) -> None:
    running, full = place(kind), place("directory")
    fill_directly(running, 3)
    fill_directly(full, 3)
    with served(running):
        # Both at once, for on a database they first wait until it is sure that somebody leads.
        with ThreadPoolExecutor() as pool:
            outcomes = pool.map(migrate, (running, full), (place("directory"), running))
        for done in outcomes:
            assert done.returncode == 1
            assert message in done.stderr
