"""The part on PostgreSQL: what is read from pgbench, its ratios, its report, and its server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.__main__ import main
from bench.database import GENSET_DATABASE, Database, count_statements
from bench.dataset import Dataset
from bench.pgbench import DATABASE, SCRIPTS, Pgbench, PgbenchFailed, PgbenchResult, parse_output
from bench.postgres import ONE_NODE, TWO_NODES, WORKLOADS, consistent
from bench.report import render
from bench.results import Measurement, PgbenchRound, Postgres, Results, Series
from bench.settings import PART_NAMES, parse_settings
from bench.workloads import workload_named
from bench.wrk import WrkResult
from tools.local_postgres import missing

CLEAN = """\
pgbench (16.14)
transaction type: PutItem.sql
query mode: prepared
number of clients: 16
number of transactions actually processed: 14862
number of failed transactions: 0 (0.000%)
latency average = 2.108 ms
initial connection time = 53.635 ms
tps = 7590.952761 (without initial connection time)
"""


def test_a_whole_run_of_pgbench_gives_its_rate_and_latency() -> None:
    result = parse_output(CLEAN)
    assert (result.transactions, result.throughput) == (14862, 7590.952761)
    assert result.latency_ms == 2.108


def test_versions_without_failed_transactions_are_read_too() -> None:
    lines = [line for line in CLEAN.splitlines() if "failed" not in line]
    assert parse_output("\n".join(lines)) == parse_output(CLEAN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        CLEAN.replace("transactions: 0 ", "transactions: 12 "),
        CLEAN.replace("tps = ", "tps is "),
        # What is left of a run whose clients all ended.
        CLEAN.partition("latency average")[0],
    ],
)
def test_what_is_not_a_whole_run_is_a_failure(text: str) -> None:
    with pytest.raises(PgbenchFailed):
        parse_output(text)


def test_a_statement_is_counted_once_and_for_its_database_alone() -> None:
    log = (
        "genset LOG:  execute __asyncpg_stmt_1__: SELECT key,\n"
        "\tvalue FROM t -- LOG:  statement: of a text\n"
        "genset LOG:  statement: BEGIN;\n"
        "genset ERROR:  could not serialize access\n"
        "genset STATEMENT:  COMMIT\n"
        "postgres LOG:  statement: SELECT pg_reload_conf()\n"
        " LOG:  checkpoint starting: time\n"
    )
    assert count_statements(log, "genset") == 2


def test_reads_are_consistent_and_writes_as_they_are() -> None:
    dataset = Dataset(200)
    for name in WORKLOADS:
        requests = consistent(workload_named(name)).requests(None, dataset)  # type: ignore[arg-type]
        is_read = name in ("GetItem", "Query100")
        assert all(each.get("ConsistentRead", False) == is_read for each in requests)


def series(throughput: int) -> Series:
    result = WrkResult(
        requests=throughput * 2, seconds=2.0, bytes_read=1, p50_ms=1.0, p99_ms=2.0, errors={}
    )
    measurement = Measurement(
        wrk=result, cpu_seconds=0.5, database_seconds=0.25, generator_seconds=0.25
    )
    return Series(rounds=[measurement])


def pgbench_round(throughput: float) -> PgbenchRound:
    result = PgbenchResult(transactions=int(throughput * 2), throughput=throughput, latency_ms=0.25)
    return PgbenchRound(pgbench=result, database_seconds=1.0, generator_seconds=0.5)


def measured() -> Postgres:
    return Postgres(
        version="postgres (PostgreSQL) 18.4",
        rows={
            "GetItem": {ONE_NODE: series(4_000), TWO_NODES: series(6_000)},
            "PutItem": {ONE_NODE: series(3_000), TWO_NODES: Series(failure="it | broke")},
        },
        pgbench={
            "GetItem": {
                8: [pgbench_round(each) for each in (9_000, 10_000, 90_000)],
                16: [pgbench_round(each) for each in (8_000, 9_000, 9_500)],
            },
            "PutItem": {8: [pgbench_round(8_000)], 16: []},
        },
        statements={"GetItem": {ONE_NODE: 0.125}},
    )


def test_pgbench_is_judged_by_the_clients_with_the_best_median() -> None:
    assert measured().best_clients("GetItem") == 8
    assert measured().to_pgbench("GetItem", ONE_NODE) == pytest.approx(0.4)
    assert measured().best_clients("Query100") is None


def test_growth_is_more_nodes_over_fewer() -> None:
    assert measured().growth("GetItem", ONE_NODE, TWO_NODES) == pytest.approx(1.5)
    assert measured().growth("PutItem", ONE_NODE, TWO_NODES) is None


def report(postgres: Postgres | None, *arguments: str) -> str:
    settings = parse_settings(["--only", "postgres", *arguments])
    return render(Results(postgres=postgres), settings, {}, {})


def line(text: str, start: str) -> str:
    return next(each for each in text.splitlines() if each.startswith(start))


def test_the_better_of_the_nodes_is_judged_against_pgbench() -> None:
    text = report(measured())
    assert line(text, "| GetItem on PostgreSQL").endswith(
        "| 6,000/s (PostgreSQL, 2 nodes) | 10,000/s (pgbench, 8 clients) | 0.60 | >= 0.4 | met |"
    )
    assert line(text, "| PutItem on PostgreSQL").endswith("| 0.38 | >= 0.4 | not met |")


def test_the_better_of_the_numbers_of_connections_is_judged_too() -> None:
    postgres = measured()
    postgres.rows["PutItem, 64 connections"] = {ONE_NODE: series(4_000)}
    text = report(postgres)
    assert line(text, "| PutItem on PostgreSQL").startswith(
        "| PutItem on PostgreSQL, to pgbench | 4,000/s (PostgreSQL, 1 node, 64 connections) |"
    )
    assert line(text, "| PutItem on PostgreSQL").endswith("| 0.50 | >= 0.4 | met |")
    assert "| PutItem, 64 connections | 0.50 | - |" in text


def test_the_report_has_ratios_statements_and_whose_the_processor_time_is() -> None:
    text = report(measured())
    assert "| GetItem | 0.40 | 0.60 | 1.50 | - | 0.12 | - |" in text
    # Microseconds a request are milliseconds for a thousand.
    parts = next(each for each in text.splitlines() if "31 / 62 / 31" in each)
    assert parts.startswith("| GetItem |")
    assert parts.endswith("| 50 / 0 / 25 | 25% |")


def test_what_failed_is_told_and_not_judged() -> None:
    text = report(Postgres(failures={"PostgreSQL": "it does\nnot start"}))
    assert line(text, "| GetItem on PostgreSQL").endswith("not measured |")
    assert "- On PostgreSQL: PostgreSQL: it does not start" in text
    assert "- On PostgreSQL: PostgreSQL, 2 nodes: PutItem: it \\| broke" in report(measured())


def test_a_part_alone_has_its_own_report_and_installs_no_peer() -> None:
    settings = parse_settings(["--only", "postgres"])
    assert (settings.parts, settings.servers, settings.output) == (("postgres",), (), None)
    text = report(measured())
    assert "## On PostgreSQL" in text
    assert "| GetItem on PostgreSQL" in text
    for other in ("## Throughput", "## Features of a table", "| Start to first answer", "moto"):
        assert other not in text.partition("## What the figures mean")[0]


def test_everything_is_measured_unless_left_out() -> None:
    assert parse_settings([]).parts == PART_NAMES
    without = parse_settings(["--no-postgres"])
    assert "postgres" not in without.parts
    assert without.servers
    only = parse_settings(["--only", "rows,mixed"])
    assert (only.features, only.growth_servers, only.mixed) == ((), (), True)


def test_the_benchmark_needs_postgres_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("GENSET_POSTGRES_BIN", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["bench", "--only", "postgres"])
    monkeypatch.setattr("bench.peers.shutil.which", lambda program: program)
    assert main() == 1
    assert "the benchmark needs PostgreSQL's initdb, postgres, psql, pgbench" in (
        capsys.readouterr().err
    )


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    # Not pytest's folder, which is closed to the server's user.
    with Database(Path(tempfile.gettempdir())) as started:
        yield started


needs_postgres = pytest.mark.skipif(missing() is not None, reason=str(missing()))


@needs_postgres
def test_the_server_syncs_every_commit(database: Database) -> None:
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert database.postgres.sql(f"SHOW {setting}") == "on"


@needs_postgres
def test_statements_are_counted_while_asked_for(database: Database) -> None:
    def ask() -> None:
        database.postgres.sql("SELECT 'genset LOG:  statement: in a text'", GENSET_DATABASE)

    ask()
    with database.statements() as counted:
        ask()
        ask()
    ask()
    with database.statements() as none:
        pass
    assert (counted, none) == ([2], [0])


@needs_postgres
def test_the_time_of_connections_that_have_ended_is_the_databases(database: Database) -> None:
    before = database.cpu_seconds()
    database.postgres.sql("SELECT sum(sqrt(n)) FROM generate_series(1, 1000000) n")
    assert database.cpu_seconds() >= before + 0.05


@needs_postgres
def test_pgbench_reads_and_overwrites_the_rows_it_has(database: Database) -> None:
    dataset = Dataset(50)
    pgbench = Pgbench(database.postgres, dataset)
    database.postgres.sql("UPDATE kv SET value = repeat('o', octet_length(value))", DATABASE)
    for script in SCRIPTS:
        assert pgbench.run(script, clients=4, seconds=1).transactions > 50
    pgbench.check()
    overwritten = "SELECT count(*) FROM kv WHERE value LIKE 'v%'"
    assert database.postgres.sql(overwritten, DATABASE) == "50"
    database.postgres.sql("DELETE FROM kv WHERE key = (SELECT min(key) FROM kv)", DATABASE)
    with pytest.raises(PgbenchFailed, match="49"):
        pgbench.check()
    database.postgres.sql("DROP TABLE kv", DATABASE)
    with pytest.raises(PgbenchFailed, match="does not exist"):
        pgbench.run("GetItem", clients=1, seconds=1)
