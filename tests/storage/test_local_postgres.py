"""A PostgreSQL of one's own: what survives its deaths, and that nothing of it survives ours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.local_postgres import LocalPostgres, find_postgres, missing

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

ROOT = Path(__file__).parents[2]
STARTED_AND_LEFT = """
from tools.local_postgres import LocalPostgres
server = LocalPostgres(fsync=False)
server.start()
print(server.pid, server.folder, flush=True)
input()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[LocalPostgres]:
    with LocalPostgres(fsync=False, settings={"application_name": "it's set"}) as started:
        yield started


def test_the_server_is_not_roots_and_has_the_settings(server: LocalPostgres) -> None:
    assert Path(f"/proc/{server.pid}").stat().st_uid != 0
    assert server.sql("SHOW fsync") == "off"
    assert "application_name = 'it''s set'" in (server.data / "postgresql.conf").read_text()


def test_a_killed_server_has_what_was_committed(server: LocalPostgres) -> None:
    server.create_database("killed")
    server.sql("CREATE TABLE kept (number int); INSERT INTO kept VALUES (7)", "killed")
    killed = server.pid
    server.kill()
    assert not Path(f"/proc/{killed}").exists()
    server.start()
    assert server.sql("SELECT number FROM kept", "killed") == "7"


def test_a_stopped_server_starts_at_the_same_port(server: LocalPostgres) -> None:
    before = server.url()
    server.stop()
    server.start()
    assert server.url() == before
    assert server.sql("SELECT 1") == "1"


def test_a_dropped_database_is_gone(server: LocalPostgres) -> None:
    server.create_database("dropped")
    server.drop_database("dropped")
    with pytest.raises(RuntimeError, match='database "dropped" does not exist'):
        server.sql("SELECT 1", "dropped")


def test_a_server_that_cannot_start_says_why() -> None:
    with (
        pytest.raises(RuntimeError, match="unrecognized configuration parameter"),
        LocalPostgres(settings={"no_such_setting": 1}),
    ):
        pass


def test_the_programs_named_by_the_environment_come_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GENSET_POSTGRES_BIN", str(tmp_path))
    assert find_postgres() == tmp_path


def test_a_server_ends_with_the_process_that_started_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTED_AND_LEFT],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        pid, folder = owner.stdout.readline().split()
        assert Path(f"/proc/{pid}").exists()
        owner.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() or os.path.exists(folder):
        assert time.monotonic() < deadline, "the server or its folder is left"
        time.sleep(0.02)
