"""GetItem and Query with ten thousand and with a million items, in two instances of a server."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.client import RequestFailed
from bench.dataset import Dataset, seed
from bench.processes import ServerFailed, ServerProcess
from bench.results import Growth, Series
from bench.servers import Server, start
from bench.settings import Settings
from bench.throughput import describe, measure_round
from bench.workloads import workload_named

WORKLOADS = ("GetItem", "Query100")


def measure_growth(server: Server, dataset: Dataset, settings: Settings, folder: Path) -> Growth:
    """Seed a small and a large table, and measure them in turn; partitions are as large in both.

    A failure is part of the result, not an exception.
    """
    large_dataset = Dataset(settings.growth_items)
    growth = Growth(dataset.count, large_dataset.count)
    peers = settings.peers_directory
    folders = folder / f"{server.name}-small", folder / f"{server.name}-large"
    try:
        with start(server, folders[0], peers) as small, start(server, folders[1], peers) as large:
            small.wait_for_first_answer()
            large.wait_for_first_answer()
            seed(small.port, dataset)
            growth.seeding_seconds = seed(large.port, large_dataset)
            _measure(growth, (small, dataset), (large, large_dataset), settings)
    except (ServerFailed, RequestFailed, OSError) as error:
        growth.failure = str(error)
    finally:
        for each in folders:
            shutil.rmtree(each, ignore_errors=True)
    return growth


def _measure(
    growth: Growth,
    small: tuple[ServerProcess, Dataset],
    large: tuple[ServerProcess, Dataset],
    settings: Settings,
) -> None:
    for name in WORKLOADS:
        growth.small[name], growth.large[name] = Series(), Series()
        pairs = [(growth.small[name], *small), (growth.large[name], *large)]
        for number in range(settings.rounds):
            for series, process, items in pairs:
                workload = workload_named(name)
                measure_round(series, workload, process, items, settings, warm=number > 0)
        for series, _, items in pairs:
            print(f"  {name:15} {items.count:9} items {describe(series)}", flush=True)
