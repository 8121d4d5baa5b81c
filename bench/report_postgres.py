"""The section of the report on genset on PostgreSQL, and its bars."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable

from bench.database import SETTINGS
from bench.markdown import one_line, table
from bench.pgbench import SCRIPTS
from bench.postgres import (
    CLIENTS,
    ON_POSTGRES,
    ONE_NODE,
    ONE_WORKER,
    PGBENCH,
    TITLES,
    TWO_NODES,
    TWO_WORKERS,
)
from bench.results import (
    Measurement,
    Postgres,
    Series,
    p50_ms,
    p99_ms,
    throughput,
    verdict,
    workload_of,
)

PGBENCH_BAR = 0.4
MISSING = "-"


def postgres_section(postgres: Postgres | None) -> str:
    """The whole section."""
    if postgres is None:
        return "Not measured in this run."
    return "\n\n".join(
        [
            _lead(postgres),
            _throughputs(postgres),
            "Shares of pgbench's best, and how throughput grows with nodes and workers. Statements "
            "are those that reached the database for one request in a round of its own: each is a "
            "round trip, and one may serve many requests.",
            _ratios(postgres),
            "Processor time, in milliseconds for 1,000 requests: of the database, of genset, of "
            "the load generator.",
            _processor_times(postgres),
            "Milliseconds, p50 / p99 (of pgbench the mean), at the throughput above.",
            _latencies(postgres),
        ]
    )


def postgres_bars(postgres: Postgres | None) -> Iterable[list[str]]:
    """The rows of the table of bars: title, genset, pgbench, ratio, bar, verdict."""
    postgres = postgres or Postgres()
    for workload in SCRIPTS:
        best = postgres.best_row(workload, ON_POSTGRES)
        clients = postgres.best_clients(workload)
        ratio = postgres.to_pgbench(*best) if best else None
        yield [
            f"{workload} on PostgreSQL, to pgbench",
            _rate(postgres.throughput(*best), _title(*best)) if best else MISSING,
            _rate(postgres.pgbench_throughput(workload, clients), _clients(clients))
            if clients
            else MISSING,
            _ratio(ratio),
            f">= {PGBENCH_BAR}",
            verdict(ratio, at_least=PGBENCH_BAR),
        ]


def postgres_failures(postgres: Postgres | None) -> Iterable[str]:
    """The lines on what was not measured."""
    if postgres is None:
        return
    for name, reason in postgres.failures.items():
        yield f"- On PostgreSQL: {TITLES.get(name, name)}: {one_line(reason)}"
    for row, deployments in postgres.rows.items():
        for name, series in deployments.items():
            if not series.is_valid:
                reason = series.failure or "no rounds"
                yield f"- On PostgreSQL: {TITLES[name]}: {row}: {one_line(reason)}"


def _lead(postgres: Postgres) -> str:
    settings = ", ".join(
        f"{name} = {value}" for name, value in SETTINGS.items() if "log" not in name
    )
    return (
        f"Answers a second, median (least-most), on {postgres.version or 'PostgreSQL'} with fsync "
        f"on, {settings}. A node is a process of its own; all share the database, and everything, "
        "the load generators too, shares the machine's cores: with two of them, a second node has "
        "no core to itself, and what it adds is what one node leaves idle. pgbench reads a value "
        "by its key (GetItem) or overwrites it (PutItem), one prepared statement and one "
        "transaction each, on a table of as many rows and with values as long. As it may choose "
        "its clients, genset may in these two. Reads are consistent."
    )


def _throughputs(postgres: Postgres) -> str:
    header = ["", *TITLES.values(), *(_clients(each) for each in sorted(CLIENTS))]
    body = []
    for row in postgres.rows:
        cells = [_cell(postgres, row, name, _spread) for name in TITLES]
        for clients in sorted(CLIENTS):
            rounds = postgres.pgbench.get(row, {}).get(clients, [])
            rates = [each.pgbench.throughput for each in rounds]
            cells.append(_median_spread(rates) if rates else MISSING)
        body.append([row, *cells])
    return table(header, body)


def _ratios(postgres: Postgres) -> str:
    header = [
        "",
        *(f"{TITLES[name]}, to pgbench" for name in ON_POSTGRES),
        "2 nodes to 1",
        "SQLite: 2 workers to 1",
        *(f"statements a request, {TITLES[name]}" for name in ON_POSTGRES),
    ]
    body = []
    for row in postgres.rows:
        asked = postgres.statements.get(row, {})
        body.append(
            [
                row,
                *(_ratio(postgres.to_pgbench(row, name)) for name in ON_POSTGRES),
                _ratio(postgres.growth(row, ONE_NODE, TWO_NODES)),
                _ratio(postgres.growth(row, ONE_WORKER, TWO_WORKERS)),
                *(_ratio(asked.get(name)) for name in ON_POSTGRES),
            ]
        )
    return table(header, body)


def _processor_times(postgres: Postgres) -> str:
    header = ["", *TITLES.values(), "pgbench at its best", "database's share, 1 node"]
    body = []
    for row in postgres.rows:
        cells = [_cell(postgres, row, name, _parts) for name in TITLES]
        body.append([row, *cells, _pgbench_parts(postgres, row), _share(postgres, row)])
    return table(header, body)


def _parts(series: Series) -> str:
    def each(seconds: Callable[[Measurement], float]) -> str:
        return f"{series.median(lambda one: 1e6 * seconds(one) / one.wrk.requests):,.0f}"

    return " / ".join(
        [
            each(lambda one: one.database_seconds),
            each(lambda one: one.cpu_seconds),
            each(lambda one: one.generator_seconds),
        ]
    )


def _pgbench_parts(postgres: Postgres, row: str) -> str:
    clients = postgres.best_clients(row)
    if clients is None:
        return MISSING
    rounds = postgres.pgbench[row][clients]
    database, generator = (
        statistics.median(1e6 * seconds / transactions for seconds, transactions in part)
        for part in (
            [(each.database_seconds, each.pgbench.transactions) for each in rounds],
            [(each.generator_seconds, each.pgbench.transactions) for each in rounds],
        )
    )
    return f"{database:,.0f} / 0 / {generator:,.0f}"


def _share(postgres: Postgres, row: str) -> str:
    series = postgres.rows.get(row, {}).get(ONE_NODE, Series())
    if not series.is_valid:
        return MISSING
    share = series.median(
        lambda one: (
            one.database_seconds / (one.database_seconds + one.cpu_seconds + one.generator_seconds)
        )
    )
    return f"{share:.0%}"


def _latencies(postgres: Postgres) -> str:
    header = ["", *TITLES.values(), "pgbench at its best"]
    body = []
    for row in postgres.rows:
        cells = [_cell(postgres, row, name, _latency) for name in TITLES]
        clients = postgres.best_clients(row)
        mean = MISSING
        if clients is not None:
            rounds = postgres.pgbench[row][clients]
            mean = f"{statistics.median(each.pgbench.latency_ms for each in rounds):.2f}"
        body.append([row, *cells, mean])
    return table(header, body)


def _latency(series: Series) -> str:
    return f"{series.median(p50_ms):.2f} / {series.median(p99_ms):.2f}"


def _cell(postgres: Postgres, row: str, name: str, form: Callable[[Series], str]) -> str:
    series = postgres.rows.get(row, {}).get(name, Series())
    return form(series) if series.is_valid else MISSING


def _spread(series: Series) -> str:
    return _median_spread(series.values(throughput))


def _median_spread(rates: list[float]) -> str:
    return f"{statistics.median(rates):,.0f} ({min(rates):,.0f}-{max(rates):,.0f})"


def _rate(rate: float | None, title: str) -> str:
    return MISSING if rate is None else f"{rate:,.0f}/s ({title})"


def _title(row: str, name: str) -> str:
    connections = row.removeprefix(workload_of(row))
    return f"{TITLES[name]}{connections}"


def _clients(clients: int | None) -> str:
    return f"{PGBENCH}, {clients} clients"


def _ratio(ratio: float | None) -> str:
    return MISSING if ratio is None else f"{ratio:.2f}"
