"""`genset serve --storage`: how it finds its database, and what it says if it does not."""

from __future__ import annotations

import os
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tools.local_postgres import free_port

from support import tables
from support.client import Api
from support.process import ServerProcess, serve
from support.values import S

from .conftest import GuardedPostgres, refusal

SIMPLE = tables.table("pk", types={"pk": "S"})


def put_and_get(writer: ServerProcess, reader: ServerProcess) -> None:
    with Api(writer.url) as api:
        tables.create(api, "shared", SIMPLE)
        api("PutItem", TableName="shared", Item={"pk": S("a")})
    with Api(reader.url) as api:
        found = api("GetItem", TableName="shared", Key={"pk": S("a")}, ConsistentRead=True)
        assert found["Item"] == {"pk": S("a")}


def test_several_nodes_serve_one_database_and_keep_nothing(
    guarded_postgres: GuardedPostgres,
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ("--storage", guarded_postgres.url(database))
    with serve(*options, "--workers", "2") as one, serve(*options) as other:
        put_and_get(one, other)
    with serve(*options, "--durability", "relaxed") as later, Api(later.url) as api:
        assert api("Scan", TableName="shared")["Count"] == 1
    assert list(tmp_path.iterdir()) == []


def test_the_password_comes_from_wherever_the_drivers_look(
    guarded_postgres: GuardedPostgres,
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From the address, PGPASSWORD, the file of PGPASSFILE, or genset.toml."""
    monkeypatch.chdir(tmp_path)
    url = guarded_postgres.url(database, "genset")
    named = url.replace("genset@", "genset:s3cr%40t@")
    passwords = tmp_path / "passwords"
    passwords.write_text("127.0.0.1:*:*:genset:s3cr@t\n")
    passwords.chmod(0o600)
    for options, environment in (
        (("--storage", named), {}),
        (("--storage", url), {"PGPASSWORD": "s3cr@t"}),
        (("--storage", url), {"PGPASSFILE": str(passwords)}),
        (("--storage", "postgresql://"), _variables(url)),
    ):
        with serve(*options, "--log-level", "debug", environment=environment) as server:
            put_and_get(server, server)
            assert "s3cr" not in server.log
    Path("genset.toml").write_text(f'storage = "{named}"\n')
    with serve() as server:
        put_and_get(server, server)


def _variables(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return {
        "PGHOST": str(parts.hostname),
        "PGPORT": str(parts.port),
        "PGUSER": str(parts.username),
        "PGDATABASE": parts.path[1:],
        "PGPASSWORD": "s3cr@t",
    }


def test_a_database_that_cannot_be_used_is_one_line(
    guarded_postgres: GuardedPostgres, database: str
) -> None:
    right = guarded_postgres.url(database, "genset").replace("genset@", "genset:s3cr%40t@")
    wrong = right.replace("s3cr%40t", "s3cret")
    nobody = f"postgresql://genset:s3cr%40t@127.0.0.1:{free_port()}/{database}"
    for url, words, workers in (
        (nobody, "does not answer", "1"),
        (nobody, "does not answer", "2"),
        (wrong, "password authentication failed", "2"),
        (right.replace(database, "absent"), 'database "absent" does not exist', "1"),
        (f"{right}?sslmode=require", "SSL", "1"),
        (f"{right}?no_such_setting=1", "no_such_setting", "1"),
    ):
        line = refusal("--storage", url, "--workers", workers)
        assert words in line
        assert f"postgresql://127.0.0.1:{urlsplit(url).port}/" in line


def test_a_host_that_is_dead_is_passed_over(
    guarded_postgres: GuardedPostgres, database: str
) -> None:
    hosts = f"127.0.0.1:{free_port()},127.0.0.1:{guarded_postgres.port}"
    with serve("--storage", f"postgresql://postgres@{hosts}/{database}") as server:
        put_and_get(server, server)


def test_reads_that_need_not_be_consistent_go_to_the_replica(
    guarded_postgres: GuardedPostgres, database: str
) -> None:
    """Shown by a replica that is behind for ever: a copy that was made before the last write."""
    primary = ("--storage", guarded_postgres.url(database))
    with serve(*primary) as server:
        put_and_get(server, server)
    guarded_postgres.sql(f"CREATE DATABASE {database}_copy TEMPLATE {database}")
    replica = ("--read-replica", guarded_postgres.url(f"{database}_copy"))
    with serve(*primary, *replica) as server, Api(server.url) as api:
        api("PutItem", TableName="shared", Item={"pk": S("b")})
        for key, is_there in (("a", True), ("b", False)):
            request = {"TableName": "shared", "Key": {"pk": S(key)}}
            assert ("Item" in api("GetItem", request)) == is_there
            assert "Item" in api("GetItem", request, ConsistentRead=True)


def test_a_replica_that_does_not_answer_is_left_alone_for_a_while(
    guarded_postgres: GuardedPostgres, database: str
) -> None:
    """The primary answers meanwhile; it is asked again when it is back."""
    primary = ("--storage", guarded_postgres.url(database))
    with serve(*primary) as server:
        put_and_get(server, server)
    copy = f"{database}_copy"
    guarded_postgres.sql(f"CREATE DATABASE {copy} TEMPLATE {database} ALLOW_CONNECTIONS false")
    replica = ("--read-replica", guarded_postgres.url(copy))
    with serve(*primary, *replica) as server, Api(server.url) as api:
        api("PutItem", TableName="shared", Item={"pk": S("b")})
        request = {"TableName": "shared", "Key": {"pk": S("b")}}
        started = time.monotonic()
        for _ in range(20):
            assert "Item" in api("GetItem", request)
        # Hardly any of them has waited for it.
        assert time.monotonic() - started < 4
        guarded_postgres.sql(f"ALTER DATABASE {copy} ALLOW_CONNECTIONS true")
        deadline = time.monotonic() + 20
        # The copy does not have it.
        while "Item" in api("GetItem", request):
            assert time.monotonic() < deadline, "the replica is not asked again"
            time.sleep(0.05)


def test_a_worker_that_loses_the_database_at_its_start_is_replaced(
    guarded_postgres: GuardedPostgres, database: str
) -> None:
    """The server outlives a worker that could not open the database, and is whole again later."""
    with serve("--storage", guarded_postgres.url(database), "--workers", "2") as server:
        put_and_get(server, server)
        deadline = time.monotonic() + 20
        guarded_postgres.sql(f"ALTER DATABASE {database} WITH ALLOW_CONNECTIONS false")
        _kill_a_worker(server)
        while "a worker cannot serve" not in server.log:
            assert time.monotonic() < deadline, server.log
            time.sleep(0.05)
        guarded_postgres.sql(f"ALTER DATABASE {database} WITH ALLOW_CONNECTIONS true")
        while len(_workers(server)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        with Api(server.url) as api:
            api("PutItem", TableName="shared", Item={"pk": S("b")})


def _workers(server: ServerProcess) -> list[int]:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text()
    return [int(each) for each in children.split()]


def _kill_a_worker(server: ServerProcess) -> None:
    os.kill(_workers(server)[0], 9)
