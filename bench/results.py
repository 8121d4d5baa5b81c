"""What was measured, and the arithmetic on it: medians, spreads, ratios and bars."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Mapping, Sequence

from bench.pgbench import PgbenchResult
from bench.processes import Memory
from bench.wrk import WrkResult

# One answer for each connection: with fewer, a rate is the luck of where the clock stopped.
ANSWERS_MIN = 16


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measurement:
    """One round of one row on one server."""

    wrk: WrkResult
    # Processor time of the server's whole process tree in the round.
    cpu_seconds: float
    # That of the database the server keeps its data in, if that is a server of its own.
    database_seconds: float = 0.0
    # That of the load generator.
    generator_seconds: float = 0.0
    # The share of all cores that processes of neither the server nor the harness used.
    others_share: float = 0.0
    # What the background load achieved beside it, by kind, a second. Empty without one.
    background: Mapping[str, float] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Series:
    """The rounds of one row on one server, or why there are none.

    One failed round makes the whole series invalid: a server that answers some requests with
    errors is not doing the same work.
    """

    rounds: list[Measurement] = dataclasses.field(default_factory=list)
    failure: str | None = None

    def add(self, measurement: Measurement) -> None:
        """Keep a round; one with errors, or with hardly an answer, fails the series."""
        if measurement.wrk.errors:
            kinds = ", ".join(f"{n} {kind}" for kind, n in measurement.wrk.errors.items())
            self.fail(f"errors under load: {kinds}")
        elif measurement.wrk.requests < ANSWERS_MIN:
            seconds = f"{measurement.wrk.seconds:.0f} s"
            self.fail(f"too slow: {measurement.wrk.requests} answers in {seconds}")
        self.rounds.append(measurement)

    def fail(self, reason: str) -> None:
        """Make the series invalid; the first reason is kept."""
        self.failure = self.failure or reason

    @property
    def is_valid(self) -> bool:
        """Whether there are rounds and all are clean."""
        return self.failure is None and bool(self.rounds)

    def values(self, figure: Callable[[Measurement], float]) -> list[float]:
        """One figure of every round."""
        return [figure(measurement) for measurement in self.rounds]

    def median(self, figure: Callable[[Measurement], float]) -> float:
        """The median of a figure over the rounds. Only for valid series."""
        return statistics.median(self.values(figure))


def throughput(measurement: Measurement) -> float:
    """Answers a second."""
    return measurement.wrk.throughput


def p50_ms(measurement: Measurement) -> float:
    """Median latency."""
    return measurement.wrk.p50_ms


def p99_ms(measurement: Measurement) -> float:
    """99th percentile of the latency."""
    return measurement.wrk.p99_ms


def cpu_us_per_request(measurement: Measurement) -> float:
    """Processor time of the server for one request."""
    return measurement.cpu_seconds / max(1, measurement.wrk.requests) * 1e6


def others_share(measurement: Measurement) -> float:
    """The share of all cores that was taken by what has no part in the benchmark."""
    return measurement.others_share


@dataclasses.dataclass(frozen=True)
class Footprint:
    """How fast a server starts and what it holds when idle; or why that is not known."""

    start_seconds: tuple[float, ...] = ()
    idle: Memory | None = None
    failure: str | None = None

    @property
    def start_median(self) -> float | None:
        """The median time from start to first answer."""
        return statistics.median(self.start_seconds) if self.start_seconds else None


@dataclasses.dataclass(frozen=True, kw_only=True)
class SuiteRound:
    """One run of the two hundred tests, in seconds.

    `whole_seconds` is that of the process of pytest, and of the start of the server that its tests
    share, if there is one. `tests_seconds` is the part from before the first test's fixtures to
    after the last one's, so without starting Python, importing and collecting. `each_seconds` is
    each test with its fixtures.
    """

    whole_seconds: float
    tests_seconds: float
    each_seconds: tuple[float, ...]


@dataclasses.dataclass
class Suite:
    """The runs of the tests in one way, or why it has none."""

    rounds: list[SuiteRound] = dataclasses.field(default_factory=list)
    failure: str | None = None

    def median(self, figure: Callable[[SuiteRound], float]) -> float | None:
        """The median of a figure over the rounds; None if they are not valid."""
        if self.failure is not None or not self.rounds:
            return None
        return statistics.median(figure(each) for each in self.rounds)

    @property
    def whole_seconds(self) -> float | None:
        """The median of the whole runs."""
        return self.median(lambda each: each.whole_seconds)

    @property
    def tests_seconds(self) -> float | None:
        """The median of the tests alone."""
        return self.median(lambda each: each.tests_seconds)

    @property
    def test_ms(self) -> float | None:
        """The milliseconds of the median test, in the median round."""
        return self.median(lambda each: statistics.median(each.each_seconds) * 1000)


@dataclasses.dataclass(frozen=True)
class Comparison:
    """genset's best figure beside the best peer's; None where there is none."""

    genset: tuple[str, float] | None
    peer: tuple[str, float] | None

    @property
    def ratio(self) -> float | None:
        """genset's figure over the peer's."""
        if self.genset is None or self.peer is None or not self.peer[1]:
            return None
        return self.genset[1] / self.peer[1]


def compare(
    figures: Mapping[str, float],
    gensets: Sequence[str],
    best: Callable[[Sequence[float]], float] = max,
) -> Comparison:
    """Compare the best of the gensets' figures with the best of all others'."""

    def best_of(names: Sequence[str]) -> tuple[str, float] | None:
        known = [name for name in names if name in figures]
        if not known:
            return None
        value = best([figures[name] for name in known])
        return next((name, value) for name in known if figures[name] == value)

    return Comparison(
        best_of([name for name in figures if name in gensets]),
        best_of([name for name in figures if name not in gensets]),
    )


def verdict(
    ratio: float | None, *, at_least: float | None = None, at_most: float | None = None
) -> str:
    """'met', 'not met', or 'not measured' where there is no ratio."""
    if ratio is None:
        return "not measured"
    if at_least is not None and ratio < at_least:
        return "not met"
    if at_most is not None and ratio > at_most:
        return "not met"
    return "met"


@dataclasses.dataclass
class Growth:
    """GetItem and Query with few and with many items in one server."""

    small_items: int
    large_items: int
    seeding_seconds: float | None = None
    # By workload: the rounds with few and with many items.
    small: dict[str, Series] = dataclasses.field(default_factory=dict)
    large: dict[str, Series] = dataclasses.field(default_factory=dict)
    failure: str | None = None

    def slowdown(self, workload: str) -> float | None:
        """How many times slower the workload is with many items."""
        small, large = self.small.get(workload), self.large.get(workload)
        if not (small and large and small.is_valid and large.is_valid):
            return None
        return small.median(throughput) / large.median(throughput)


@dataclasses.dataclass
class Features:
    """What the features of a table cost on one server, or why that is not known.

    Rows are named by ``bench.features``; a rate is items a second, one for each round.
    """

    rows: dict[str, Series] = dataclasses.field(default_factory=dict)
    records_a_page: float | None = None
    rates: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    # By feature.
    failures: dict[str, str] = dataclasses.field(default_factory=dict)

    def throughput(self, row: str) -> float | None:
        """The median of a row's answers a second."""
        series = self.rows.get(row)
        return series.median(throughput) if series and series.is_valid else None

    def slowdown(self, plain: str, other: str) -> float | None:
        """How many times slower the other row is than the plain one."""
        rates = self.throughput(plain), self.throughput(other)
        return rates[0] / rates[1] if rates[0] and rates[1] else None

    def rate(self, name: str) -> float | None:
        """The median of the rounds of a rate."""
        rounds = self.rates.get(name)
        return statistics.median(rounds) if rounds and name not in self.failures else None


@dataclasses.dataclass(frozen=True, kw_only=True)
class PgbenchRound:
    """One round of pgbench with one number of clients."""

    pgbench: PgbenchResult
    database_seconds: float
    generator_seconds: float
    others_share: float = 0.0


@dataclasses.dataclass
class Postgres:
    """genset on PostgreSQL and on SQLite, and pgbench, under the same load in the same minutes.

    Rows and deployments are named by ``bench.postgres``. What is missing has its reason in
    `failures`, by the name of a deployment or of what else it is.
    """

    version: str = ""
    # By row, then by deployment.
    rows: dict[str, dict[str, Series]] = dataclasses.field(default_factory=dict)
    # By workload, then by number of clients.
    pgbench: dict[str, dict[int, list[PgbenchRound]]] = dataclasses.field(default_factory=dict)
    # Statements that reached the database for one request: by row, then by deployment.
    statements: dict[str, dict[str, float]] = dataclasses.field(default_factory=dict)
    failures: dict[str, str] = dataclasses.field(default_factory=dict)

    def throughput(self, row: str, deployment: str) -> float | None:
        """The median of a row's answers a second."""
        series = self.rows.get(row, {}).get(deployment)
        return series.median(throughput) if series and series.is_valid else None

    def pgbench_throughput(self, workload: str, clients: int) -> float | None:
        """The median of pgbench's transactions a second with so many clients."""
        rounds = self.pgbench.get(workload, {}).get(clients)
        return statistics.median(each.pgbench.throughput for each in rounds) if rounds else None

    def best_clients(self, workload: str) -> int | None:
        """The number of clients with which pgbench was the fastest."""
        counts = [clients for clients, rounds in self.pgbench.get(workload, {}).items() if rounds]
        return max(
            counts, key=lambda each: self.pgbench_throughput(workload, each) or 0.0, default=None
        )

    def to_pgbench(self, row: str, deployment: str) -> float | None:
        """A deployment's throughput over pgbench's best."""
        workload = workload_of(row)
        clients = self.best_clients(workload)
        if clients is None:
            return None
        return _ratio(self.throughput(row, deployment), self.pgbench_throughput(workload, clients))

    def best_row(self, workload: str, deployments: Sequence[str]) -> tuple[str, str] | None:
        """The row and the deployment that answer a workload the fastest."""
        found = {
            (row, name): rate
            for row in self.rows
            for name in deployments
            if workload_of(row) == workload and (rate := self.throughput(row, name)) is not None
        }
        return max(found, key=lambda each: found[each], default=None)

    def growth(self, row: str, fewer: str, more: str) -> float | None:
        """The throughput of one deployment over that of another with fewer nodes."""
        return _ratio(self.throughput(row, more), self.throughput(row, fewer))


def workload_of(row: str) -> str:
    """The workload of a row, which may be named with its connections."""
    return row.partition(",")[0]


def _ratio(figure: float | None, reference: float | None) -> float | None:
    return figure / reference if figure is not None and reference else None


@dataclasses.dataclass
class Results:
    """All parts of one run; a part that was left out is empty."""

    footprints: dict[str, Footprint] = dataclasses.field(default_factory=dict)
    # By workload, then by server.
    rows: dict[str, dict[str, Series]] = dataclasses.field(default_factory=dict)
    mixed: dict[str, Series] = dataclasses.field(default_factory=dict)
    loaded_memory: dict[str, Memory] = dataclasses.field(default_factory=dict)
    growth: dict[str, Growth] = dataclasses.field(default_factory=dict)
    features: dict[str, Features] = dataclasses.field(default_factory=dict)
    postgres: Postgres | None = None
    # By way; see ``bench.suites``.
    suites: dict[str, Suite] = dataclasses.field(default_factory=dict)
    suites_versions: str = ""
    # By command: the seconds of each run.
    commands: dict[str, tuple[float, ...]] = dataclasses.field(default_factory=dict)
    commands_failure: str | None = None

    def measurements(self) -> list[Measurement]:
        """Every round of the run."""
        series = [each for row in (*self.rows.values(), self.mixed) for each in row.values()]
        for growth in self.growth.values():
            series += [*growth.small.values(), *growth.large.values()]
        for features in self.features.values():
            series += features.rows.values()
        if self.postgres is not None:
            series += [each for row in self.postgres.rows.values() for each in row.values()]
        return [measurement for each in series for measurement in each.rounds]
