"""The examples of docs/scaling.md work as they stand, against a real PostgreSQL."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support import tables
from support.client import Api
from support.pages import DOCS, blocks_of
from support.process import ServerProcess, serve
from support.values import S

from .conftest import GuardedPostgres

SIMPLE = tables.table("pk", types={"pk": "S"})


def blocks(language: str) -> list[str]:
    return [each.code for each in blocks_of(DOCS / "scaling.md") if each.language == language]


def shell(example: str, postgres: GuardedPostgres, database: str) -> list[str]:
    """The command that runs an example on a database of ours."""
    place = f"{postgres.host}:{postgres.port}/{database}"
    return ["bash", "-euc", re.sub(r"127\.0\.0\.1:543[23]/genset", place, example)]


@contextmanager
def started(command: list[str]) -> Iterator[Api]:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PGPASSWORD": "s3cr@t",
        "GENSET_PORT": "0",
    }
    server = ServerProcess(command, environment=environment)
    try:
        with Api(server.url) as api:
            yield api
    finally:
        # The shell and the server in it.
        server.kill()


@pytest.mark.parametrize("words", ["serve --storage", "--read-replica"])
def test_a_node_starts_as_the_page_says(
    guarded_postgres: GuardedPostgres, database: str, words: str
) -> None:
    (example,) = [each for each in blocks("sh") if words in " ".join(each.split()[:7])][-1:]
    with started(shell(example, guarded_postgres, database)) as api:
        tables.create(api, "notes", SIMPLE)
        api("PutItem", TableName="notes", Item={"pk": S("a")})
        key = {"pk": S("a")}
        assert api("GetItem", TableName="notes", Key=key, ConsistentRead=True)["Item"] == key


def test_data_is_moved_as_the_page_says(
    guarded_postgres: GuardedPostgres,
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with serve() as server, Api(server.url) as api:
        tables.create(api, "notes", SIMPLE)
        api("PutItem", TableName="notes", Item={"pk": S("a")})
    (example,) = [each for each in blocks("sh") if "genset migrate" in each]
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PGPASSWORD": "s3cr@t",
    }
    command = shell(example, guarded_postgres, database)
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
    with serve("--storage", guarded_postgres.url(database)) as server, Api(server.url) as api:
        assert api("Scan", TableName="notes")["Items"] == [{"pk": S("a")}]


def test_the_roles_of_the_page_suffice_and_no_more(guarded_postgres: GuardedPostgres) -> None:
    as_superuser, as_owner = blocks("sql")
    for statement in as_superuser.split(";\n"):
        if statement:
            guarded_postgres.sql(statement)
    owner, node = (
        guarded_postgres.url("genset", f"genset_{role}:of-the-{role}s".replace("owners", "owner"))
        for role in ("owner", "node")
    )
    with serve("--storage", owner):
        pass
    guarded_postgres.run("psql", "-v", "ON_ERROR_STOP=1", "-c", as_owner, owner)
    with serve("--storage", node, "--workers", "2") as server, Api(server.url) as api:
        tables.create(api, "notes", SIMPLE)
        api("PutItem", TableName="notes", Item={"pk": S("a")})
        api("DeleteTable", TableName="notes")
    for forbidden in (
        "DROP TABLE genset.kv",
        "TRUNCATE genset.kv",
        "CREATE TABLE genset.more (a int)",
    ):
        with pytest.raises(RuntimeError, match=r"must be owner|permission denied"):
            guarded_postgres.run("psql", "-v", "ON_ERROR_STOP=1", "-c", forbidden, node)
