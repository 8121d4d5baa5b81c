"""GetItem's latency while the same bounded load of durable writes and large scans runs."""

from __future__ import annotations

from collections.abc import Mapping

from bench.background import BackgroundLoad
from bench.dataset import Dataset
from bench.processes import ServerProcess
from bench.results import Series
from bench.settings import Settings
from bench.throughput import describe, measure_round
from bench.workloads import workload_named


def measure_mixed(
    servers: Mapping[str, ServerProcess], dataset: Dataset, settings: Settings
) -> dict[str, Series]:
    """The rounds of GetItem under the background load, the servers in turn."""
    workload = workload_named("GetItem")
    loads = {name: BackgroundLoad(process.port, dataset) for name, process in servers.items()}
    row = {name: Series() for name in servers}
    for number in range(settings.rounds):
        for name, process in servers.items():
            measure_round(
                row[name],
                workload,
                process,
                dataset,
                settings,
                warm=number > 0,
                background=loads[name],
            )
    for name, series in row.items():
        print(f"  {'mixed GetItem':15} {name:15} {describe(series)}", flush=True)
    return row
