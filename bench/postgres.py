"""genset on PostgreSQL: one node and two, beside SQLite, and beside pgbench on the same server.

Everything is up at once and driven in turn, so that all figures are of the same minutes: in each
round of a row pgbench with each number of clients, then one node, both nodes, and the same on
SQLite. pgbench has no rows for what it cannot do in one statement.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable
from pathlib import Path

from bench.client import Client, RequestFailed
from bench.clocks import Clocks
from bench.database import Database
from bench.dataset import Dataset, count_items, seed
from bench.nodes import Nodes
from bench.pgbench import SCRIPTS, Pgbench, PgbenchFailed
from bench.processes import ServerFailed, ServerProcess, wait_until_quiet
from bench.results import PgbenchRound, Postgres, Series
from bench.servers import Server, genset_on, server_named, start
from bench.settings import Settings
from bench.throughput import Target, describe, measure_round
from bench.workloads import Members, Workload, workload_named

# The names of the results, with their titles in the report.
ONE_NODE, TWO_NODES = "postgres-1", "postgres-2"
ONE_WORKER, TWO_WORKERS = "genset-1", "genset-2"
TITLES = {
    ONE_NODE: "PostgreSQL, 1 node",
    TWO_NODES: "PostgreSQL, 2 nodes",
    ONE_WORKER: "SQLite, 1 worker",
    TWO_WORKERS: "SQLite, 2 workers",
}
ON_POSTGRES = (ONE_NODE, TWO_NODES)
PGBENCH = "pgbench"
WORKLOADS = ("GetItem", "PutItem", "UpdateItem", "Query100")
# As many as every other row has connections, and other numbers, of which the best counts.
CLIENTS = (16, 8, 32, 64)
# So many connections are tried as well where pgbench may choose: whoever shares statements among
# requests needs requests to share them among.
CONNECTIONS_MANY = max(CLIENTS)


def measure_postgres(dataset: Dataset, settings: Settings, folder: Path) -> Postgres:
    """Start PostgreSQL and all servers, and measure the rows on them.

    A failure is part of the result, not an exception.
    """
    result = Postgres()
    try:
        with Database(folder) as database, contextlib.ExitStack() as stack:
            result.version = database.version
            run = _Run(dataset, settings, database, result)
            run.start(stack, folder / "postgres")
            for name in WORKLOADS:
                run.measure(consistent(workload_named(name)))
            run.check_counts()
    except (ServerFailed, OSError, RuntimeError) as error:
        result.failures["PostgreSQL"] = str(error)
        print(f"  not measured: {str(error)[:200]}", flush=True)
    return result


def consistent(workload: Workload) -> Workload:
    """The same requests, with ConsistentRead where they are reads."""
    if workload.operation not in ("GetItem", "Query"):
        return workload

    def requests(client: Client, dataset: Dataset) -> list[Members]:
        return [{**each, "ConsistentRead": True} for each in workload.requests(client, dataset)]

    return dataclasses.replace(workload, requests=requests)


class _Run:
    """The servers of one run, and the rows on them."""

    def __init__(
        self, dataset: Dataset, settings: Settings, database: Database, result: Postgres
    ) -> None:
        self._dataset = dataset
        self._settings = settings
        self._database = database
        self._result = result
        self._processes: dict[str, ServerProcess] = {}
        self._targets: dict[str, Target] = {}
        self._pgbench = Pgbench(database.postgres, dataset)

    def start(self, stack: contextlib.ExitStack, folder: Path) -> None:
        """Start and seed all servers; the stack stops them. Those that fail are put down."""
        # One node after the other: the first makes the schema.
        nodes = [genset_on(self._database.url, TITLES[name]) for name in (ONE_NODE, TWO_NODES)]
        for names, servers in (
            ((ONE_NODE, TWO_NODES), nodes),
            ((ONE_WORKER,), [server_named(ONE_WORKER)]),
            ((TWO_WORKERS,), [server_named(TWO_WORKERS)]),
        ):
            try:
                started = [
                    self._started(stack, server, folder / f"{names[0]}-{number}")
                    for number, server in enumerate(servers)
                ]
                seed(started[0].port, self._dataset)
            except (ServerFailed, RequestFailed, OSError) as error:
                self._result.failures.update(dict.fromkeys(names, str(error)))
                print(f"  {', '.join(names)}: not measured: {str(error)[:200]}", flush=True)
            else:
                self._targets.update(self._targets_of(names, started))
                self._processes.update(dict.fromkeys(names, started[0]))

    def _started(self, stack: contextlib.ExitStack, server: Server, folder: Path) -> ServerProcess:
        process = stack.enter_context(start(server, folder, self._settings.peers_directory))
        process.wait_for_first_answer()
        return process

    def _targets_of(
        self, names: tuple[str, ...], started: list[ServerProcess]
    ) -> dict[str, Target]:
        if ONE_NODE not in names:
            return {names[0]: started[0]}
        return {
            name: Nodes(tuple(started[: number + 1]), self._database)
            for number, name in enumerate(names)
        }

    def measure(self, workload: Workload) -> None:
        """The rounds of one workload, pgbench and all rows and deployments in turn within each."""
        name = workload.name
        rows = self._rows_of(workload)
        if name in SCRIPTS:
            self._result.pgbench[name] = {clients: [] for clients in CLIENTS}
        for row, settings in rows.items():
            self._result.rows[row] = {each: Series() for each in self._targets}
            self._count_statements(row, workload, settings)
        for number in range(self._settings.rounds):
            if name in SCRIPTS:
                self._measure_pgbench(name)
            for row, settings in rows.items():
                for each, target in self._targets.items():
                    series = self._result.rows[row][each]
                    measure_round(
                        series, workload, target, self._dataset, settings, warm=number > 0
                    )
        self._print(name, rows)

    def _rows_of(self, workload: Workload) -> dict[str, Settings]:
        """The rows of a workload, with their settings."""
        rows = {workload.name: self._settings}
        if workload.name in SCRIPTS:
            many = dataclasses.replace(self._settings, connections=CONNECTIONS_MANY)
            rows[f"{workload.name}, {CONNECTIONS_MANY} connections"] = many
        return rows

    def _count_statements(self, row: str, workload: Workload, settings: Settings) -> None:
        """What reaches the database for one request, in a round that is not measured."""
        counts = self._result.statements[row] = {}
        for name, target in self._targets.items():
            if not isinstance(target, Nodes):
                continue
            series = Series()
            with self._database.statements() as statements:
                measure_round(series, workload, target, self._dataset, settings, warm=True)
            if series.is_valid:
                counts[name] = statements[0] / series.rounds[0].wrk.requests

    def _measure_pgbench(self, name: str) -> None:
        if PGBENCH in self._result.failures:
            return
        for clients, rounds in self._result.pgbench[name].items():
            clocks = Clocks(lambda: 0.0, self._database.cpu_seconds)
            try:
                counted = self._pgbench.run(name, clients, self._settings.seconds)
            except PgbenchFailed as error:
                self._result.failures[PGBENCH] = str(error)
                return
            usage = clocks.read()
            rounds.append(
                PgbenchRound(
                    pgbench=counted,
                    database_seconds=usage.database_seconds,
                    generator_seconds=usage.generator_seconds,
                    others_share=usage.others_share,
                )
            )
            wait_until_quiet(self._database.cpu_seconds)

    def _print(self, name: str, rows: Iterable[str]) -> None:
        for clients in self._result.pgbench.get(name, {}):
            rate = self._result.pgbench_throughput(name, clients)
            print(f"  {name:24} pgbench {clients:2} {rate or 0.0:9,.0f}/s", flush=True)
        for row in rows:
            for each, series in self._result.rows[row].items():
                asked = self._result.statements[row].get(each)
                note = "" if asked is None else f", {asked:.2f} statements a request"
                print(f"  {row:24} {each:10} {describe(series)}{note}", flush=True)

    def check_counts(self) -> None:
        """Fail whatever does not hold the items it was seeded with."""
        for name, process in self._processes.items():
            try:
                with Client(process.port) as client:
                    found = count_items(client)
                reason = f"the table held {found} items after the rows"
            except RequestFailed as error:
                found, reason = -1, f"the table could not be counted after the rows: {error}"
            if found != self._dataset.count:
                for row in self._result.rows.values():
                    row[name].fail(reason)
        try:
            self._pgbench.check()
        except PgbenchFailed as error:
            self._result.failures[PGBENCH] = str(error)
