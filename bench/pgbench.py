"""PostgreSQL's own load generator doing the work of GetItem and PutItem, without DynamoDB.

Its table has as many rows as the dataset has items, and values as long as an item's JSON. A read
is one SELECT by key; a write is one INSERT that overwrites, in a transaction of its own, so that
each is synced. Statements are prepared once. This is the least that the database itself takes for
such a request, and the measure of what genset adds.
"""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

from tools.local_postgres import LocalPostgres

from bench.dataset import Dataset

DATABASE = "pgbench"
# Keys of as many bytes each, as pgbench makes only integers. Values are text, as that is what it
# sends and receives: nothing is converted on the way.
KEY_MIN = 10**18
GET = "GetItem"
PUT = "PutItem"
SCRIPTS = {
    GET: "SELECT value FROM kv WHERE key = :key;",
    PUT: "INSERT INTO kv (key, value) VALUES (:key, :value) "
    "ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value;",
}
# pgbench's own processor time is spread over no more threads than a small machine has cores.
THREADS = 2


class PgbenchFailed(Exception):
    """pgbench did not run to its end, or not every transaction succeeded."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PgbenchResult:
    """What one run of pgbench counted."""

    transactions: int
    # Transactions a second from when all clients were connected, as pgbench reports them.
    throughput: float
    latency_ms: float


def parse_output(text: str) -> PgbenchResult:
    """The result in pgbench's output. Raises PgbenchFailed if it is not that of a whole run."""
    transactions = _field(r"^number of transactions actually processed: (\d+)", text)
    # Versions before 15 know no failed transactions: they end at the first.
    failed = re.search(r"^number of failed transactions: ([1-9]\d*)", text, re.MULTILINE)
    if failed:
        raise PgbenchFailed(f"{failed[1]} transactions failed")
    return PgbenchResult(
        transactions=int(transactions),
        throughput=float(_field(r"^tps = ([\d.]+)", text)),
        latency_ms=float(_field(r"^latency average = ([\d.]+) ms", text)),
    )


def _field(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise PgbenchFailed(f"pgbench printed no result: {text[-300:]!r}")
    return found[1]


class Pgbench:
    """pgbench on a database of its own in a running server."""

    def __init__(self, postgres: LocalPostgres, dataset: Dataset) -> None:
        self._postgres = postgres
        self._dataset = dataset
        self._url = postgres.create_database(DATABASE)
        self._value = "v" * len(json.dumps(dataset.item(0), separators=(",", ":")))
        postgres.sql("CREATE TABLE kv (key bytea PRIMARY KEY, value text NOT NULL)", DATABASE)
        postgres.sql(
            f"INSERT INTO kv SELECT convert_to(({KEY_MIN} + n)::text, 'UTF8'), "
            f"repeat('v', {len(self._value)}) FROM generate_series(0, {dataset.count - 1}) n",
            DATABASE,
        )
        postgres.sql("VACUUM ANALYZE kv", DATABASE)

    def run(self, script: str, clients: int, seconds: int) -> PgbenchResult:
        """One timed run. Raises PgbenchFailed."""
        output = self._output(
            *("--no-vacuum", "--protocol=prepared", f"--file={self._file(script)}"),
            *(f"--client={clients}", f"--jobs={min(THREADS, clients)}", f"--time={seconds}"),
            *(f"--define=value={self._value}", self._url),
        )
        return parse_output(output)

    def check(self) -> None:
        """Raise PgbenchFailed unless the rows are as many, and as long, as at the start."""
        columns = "count(*), min(octet_length(value)), max(octet_length(value))"
        found = self._postgres.sql(f"SELECT {columns} FROM kv", DATABASE)
        expected = f"{self._dataset.count}|{len(self._value)}|{len(self._value)}"
        if found != expected:
            raise PgbenchFailed(f"pgbench's table is {found} after its rounds, not {expected}")

    def _file(self, script: str) -> Path:
        # In the server's folder, which its user can read.
        path = self._postgres.folder / f"{script}.sql"
        first, last = KEY_MIN, KEY_MIN + self._dataset.count - 1
        path.write_text(f"\\set key random({first}, {last})\n{SCRIPTS[script]}\n")
        return path

    def _output(self, *arguments: str) -> str:
        try:
            return self._postgres.run("pgbench", *arguments)
        except RuntimeError as error:
            raise PgbenchFailed(" ".join(str(error).split())[:300]) from error
