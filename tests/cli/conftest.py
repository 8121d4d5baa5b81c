"""Commands that are run in this process, and a PostgreSQL that asks for passwords."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.loaders import create_loader
from tools.local_postgres import LocalPostgres, missing

from cli.console import Console
from support.process import genset_command
from support.tables import index, table

# The superuser is the tests themselves.
_HBA = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
MUSIC = {
    **table(
        "Artist",
        "Song",
        types={"Artist": "S", "Song": "S", "Year": "N"},
        everywhere=[index("ByYear", "Year", "Song")],
    ),
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}
_numbers = itertools.count(1)


class GuardedPostgres(LocalPostgres):
    """A server that asks all but its superuser for a password."""

    def make_data(self) -> None:
        super().make_data()
        (self.data / "pg_hba.conf").write_text(_HBA)

    def new_database(self) -> str:
        """The name of an empty database that belongs to the role `genset`."""
        name = f"test{next(_numbers)}"
        self.sql(f"CREATE DATABASE {name} OWNER genset")
        return name


@pytest.fixture(autouse=True)
def without_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """PGPASSWORD and its like are for the servers of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def guarded_postgres() -> Iterator[GuardedPostgres]:
    """It has the role `genset`, whose password is `s3cr@t`."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with GuardedPostgres(fsync=False) as server:
        server.sql("CREATE ROLE genset LOGIN PASSWORD 's3cr@t'")
        yield server


@pytest.fixture
def database(guarded_postgres: GuardedPostgres) -> str:
    """The name of an empty database in it that belongs to the role `genset`."""
    return guarded_postgres.new_database()


def refusal(*options: str) -> str:
    """The one line that `genset serve` ends with, which has no password in it."""
    done = subprocess.run(
        [*genset_command(), "serve", "--port", "0", *options],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert "s3cr" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("genset: ")
    return line


@pytest.fixture(scope="session", autouse=True)
def service_models() -> Iterator[None]:
    """What a command spends most of its time on is read from its files once for all."""
    loader = create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", lambda _: loader)
        yield


@pytest.fixture(autouse=True)
def without_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the settings nor the files of whoever runs the tests are the commands'."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "_GENSET"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))


@pytest.fixture
def console(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Console:
    """Runs `genset` against the session's server."""
    return Console(endpoint, monkeypatch)


@pytest.fixture
def music(create: Callable[..., str]) -> str:
    """The name of an empty table of songs, with an index and a stream."""
    return create(MUSIC)
