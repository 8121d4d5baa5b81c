"""A PostgreSQL that asks for passwords, as one does that is not on a developer's machine."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator

import pytest
from tools.local_postgres import LocalPostgres, missing

from support.process import genset_command

# The superuser is the tests themselves.
_HBA = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
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
