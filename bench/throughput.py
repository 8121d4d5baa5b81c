"""The throughput rows: every workload on every server, in interleaved rounds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Protocol

from bench import wrk
from bench.background import BackgroundLoad
from bench.client import Client, RequestFailed
from bench.clocks import Clocks
from bench.dataset import Dataset
from bench.processes import ServerFailed, ServerProcess
from bench.results import Measurement, Series
from bench.settings import Settings
from bench.signing import Signer
from bench.workloads import Members, Workload, WrongAnswer


class Target(Protocol):
    """What a row drives: one server, or several that serve the same data."""

    @property
    def ports(self) -> tuple[int, ...]:
        """Where it listens; the connections are shared out among them."""

    def cpu_seconds(self) -> float:
        """The processor time that the servers have used so far."""

    def database_cpu_seconds(self) -> float:
        """The processor time of the database behind them, if it is a server of its own."""

    def wait_until_quiet(self) -> None:
        """Wait until what was sent is worked off. Raises ServerFailed if it never is."""

    def ensure_running(self) -> None:
        """Raise ServerFailed if a server has ended."""


def measure_rows(
    workloads: Iterable[Workload],
    servers: Mapping[str, ServerProcess],
    dataset: Dataset,
    settings: Settings,
) -> dict[str, dict[str, Series]]:
    """The rounds of each workload, the servers in turn within each round."""
    rows: dict[str, dict[str, Series]] = {}
    for workload in workloads:
        row = rows[workload.name] = {name: Series() for name in servers}
        for number in range(settings.rounds):
            for name, process in servers.items():
                measure_round(row[name], workload, process, dataset, settings, warm=number > 0)
        for name, series in row.items():
            print(f"  {workload.name:15} {name:15} {describe(series)}", flush=True)
    return rows


def measure_round(
    series: Series,
    workload: Workload,
    target: Target,
    dataset: Dataset,
    settings: Settings,
    *,
    warm: bool,
    background: BackgroundLoad | None = None,
) -> None:
    """Add one round to a series; what goes wrong is put down as its failure.

    A series that has failed is left alone. Requests are signed anew, since signatures age.
    """
    if series.failure is not None:
        return
    try:
        _measure(series, workload, target, dataset, settings, warm, background)
    except (RequestFailed, ServerFailed, wrk.WrkFailed) as error:
        series.fail(str(error))
    except WrongAnswer as error:
        series.fail(f"wrong answer: {error}")
    except (KeyError, IndexError, TypeError, ValueError) as error:
        # An answer of another shape than DynamoDB's, met while it was checked.
        series.fail(f"wrong answer, of another shape: {error!r}")
    # Also after a failure: the next server's round must have the machine to itself.
    try:
        target.wait_until_quiet()
    except ServerFailed as error:
        series.fail(str(error))


def _measure(
    series: Series,
    workload: Workload,
    target: Target,
    dataset: Dataset,
    settings: Settings,
    warm: bool,
    background: BackgroundLoad | None,
) -> None:
    with Client(target.ports[0]) as client:
        requests = workload.requests(client, dataset)
        workload.verify(client, dataset, requests[0])
    raw = {port: _signed(port, workload.operation, requests) for port in target.ports}
    if not warm and settings.warmup_seconds:
        wrk.run(raw, settings.warmup_seconds, settings.connections)
        target.wait_until_quiet()
    series.add(_timed(target, raw, settings, background))
    target.ensure_running()


def _signed(port: int, operation: str, requests: Iterable[Members]) -> list[bytes]:
    signer = Signer(port)
    return [signer.sign(operation, each).raw() for each in requests]


def _timed(
    target: Target,
    raw: Mapping[int, list[bytes]],
    settings: Settings,
    background: BackgroundLoad | None,
) -> Measurement:
    clocks = Clocks(target.cpu_seconds, target.database_cpu_seconds)
    with background or contextlib.nullcontext():
        result = wrk.run(raw, settings.seconds, settings.connections)
        usage = clocks.read()
    return Measurement(
        wrk=result,
        cpu_seconds=usage.server_seconds,
        database_seconds=usage.database_seconds,
        generator_seconds=usage.generator_seconds,
        others_share=usage.others_share,
        background=background.achieved() if background else {},
    )


def describe(series: Series) -> str:
    """A series in a few words, for the terminal."""
    if not series.is_valid:
        return f"not measured: {(series.failure or 'no rounds')[:120]}"
    rates = [measurement.wrk.throughput for measurement in series.rounds]
    middle = series.median(lambda measurement: measurement.wrk.throughput)
    tail = series.median(lambda measurement: measurement.wrk.p99_ms)
    return f"{middle:9,.0f}/s ({min(rates):,.0f}-{max(rates):,.0f}), p99 {tail:.1f} ms"
