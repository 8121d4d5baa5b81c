"""What README.md says of PostgreSQL works as it stands; tests/docs run the rest of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from tools.local_postgres import LocalPostgres, missing

from support import tables
from support.client import Api
from support.pages import ROOT, blocks_of
from support.process import ServerProcess, serve
from support.values import S

SIMPLE = tables.table("pk", types={"pk": "S"})


@pytest.mark.skipif(missing() is not None, reason=str(missing()))
def test_the_postgresql_example_works(tmp_path, monkeypatch):
    """What a server with its data in a folder has is moved, and served from there."""
    monkeypatch.chdir(tmp_path)
    (example,) = [block.code for block in blocks_of(ROOT / "README.md") if block.run_by]
    with serve() as server, Api(server.url) as api:
        tables.create(api, "notes", SIMPLE)
        api("PutItem", TableName="notes", Item={"pk": S("a")})
    with LocalPostgres(fsync=False) as postgres:
        postgres.sql("CREATE ROLE genset LOGIN")
        postgres.sql("CREATE DATABASE genset OWNER genset")
        command = example.replace("127.0.0.1:5432", f"{postgres.host}:{postgres.port}")
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        server = ServerProcess(
            ["bash", "-euc", command], environment={"PATH": path, "GENSET_PORT": "0"}
        )
        try:
            with Api(server.url) as api:
                assert api("Scan", TableName="notes")["Items"] == [{"pk": S("a")}]
        finally:
            # The shell and the server in it.
            server.kill()
