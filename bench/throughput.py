"""The throughput rows: every workload on every server, in interleaved rounds."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Mapping

from bench import wrk
from bench.background import BackgroundLoad
from bench.client import Client, RequestFailed
from bench.dataset import Dataset
from bench.processes import (
    ServerFailed,
    ServerProcess,
    harness_cpu_seconds,
    machine_cpu_seconds,
)
from bench.results import Measurement, Series
from bench.settings import Settings
from bench.workloads import Workload, WrongAnswer


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
    process: ServerProcess,
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
        _measure(series, workload, process, dataset, settings, warm, background)
    except (RequestFailed, ServerFailed, wrk.WrkFailed) as error:
        series.fail(str(error))
    except WrongAnswer as error:
        series.fail(f"wrong answer: {error}")
    except (KeyError, IndexError, TypeError, ValueError) as error:
        # An answer of another shape than DynamoDB's, met while it was checked.
        series.fail(f"wrong answer, of another shape: {error!r}")
    # Also after a failure: the next server's round must have the machine to itself.
    try:
        process.wait_until_quiet()
    except ServerFailed as error:
        series.fail(str(error))


def _measure(
    series: Series,
    workload: Workload,
    process: ServerProcess,
    dataset: Dataset,
    settings: Settings,
    warm: bool,
    background: BackgroundLoad | None,
) -> None:
    with Client(process.port) as client:
        requests = workload.requests(client, dataset)
        workload.verify(client, dataset, requests[0])
        raw = [client.signer.sign(workload.operation, each).raw() for each in requests]
    if not warm and settings.warmup_seconds:
        wrk.run(process.port, raw, settings.warmup_seconds, settings.connections)
        process.wait_until_quiet()
    series.add(_timed(process, raw, settings, background))
    process.ensure_running()


def _timed(
    process: ServerProcess,
    raw: list[bytes],
    settings: Settings,
    background: BackgroundLoad | None,
) -> Measurement:
    clocks = _Clocks(process)
    with background or contextlib.nullcontext():
        result = wrk.run(process.port, raw, settings.seconds, settings.connections)
        server_seconds, others_share = clocks.read()
    return Measurement(
        wrk=result,
        cpu_seconds=server_seconds,
        others_share=others_share,
        background=background.achieved() if background else {},
    )


class _Clocks:
    """Who used the processor from now on: the server, and whoever has no part in this."""

    def __init__(self, process: ServerProcess) -> None:
        self._process = process
        self._started = time.monotonic()
        self._before = self._now()

    def read(self) -> tuple[float, float]:
        """The server's processor seconds, and the others' share of all cores."""
        server, harness, machine = (
            now - before for now, before in zip(self._now(), self._before, strict=True)
        )
        available = (time.monotonic() - self._started) * (os.cpu_count() or 1)
        # The kernel's counters move in ticks, so a quiet machine can come out just below zero.
        return server, max(0.0, machine - harness - server) / available

    def _now(self) -> tuple[float, float, float]:
        return self._process.cpu_seconds(), harness_cpu_seconds(), machine_cpu_seconds()


def describe(series: Series) -> str:
    """A series in a few words, for the terminal."""
    if not series.is_valid:
        return f"not measured: {(series.failure or 'no rounds')[:120]}"
    rates = [measurement.wrk.throughput for measurement in series.rounds]
    middle = series.median(lambda measurement: measurement.wrk.throughput)
    tail = series.median(lambda measurement: measurement.wrk.p99_ms)
    return f"{middle:9,.0f}/s ({min(rates):,.0f}-{max(rates):,.0f}), p99 {tail:.1f} ms"
