"""``python -m bench``: install the peers, run all parts, write the report, stop everything."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from bench import peers
from bench.client import Client, RequestFailed
from bench.commands import CommandFailed, measure_commands
from bench.database import missing_programs
from bench.dataset import Dataset, count_items, seed
from bench.features import measure_features
from bench.footprint import measure_footprint
from bench.growth import measure_growth
from bench.machine import genset_version, machine_facts
from bench.mixed import measure_mixed
from bench.postgres import measure_postgres
from bench.processes import ServerFailed, ServerProcess
from bench.report import render
from bench.results import Results, Series
from bench.servers import server_named, start
from bench.settings import REPOSITORY, Settings, parse_settings
from bench.suites import measure_suites
from bench.throughput import measure_rows
from bench.ways import way_named
from bench.workloads import workload_named


def main() -> int:
    """Run the benchmark; the process's exit status."""
    settings = parse_settings()
    # A termination unwinds the stack like Ctrl-C does, so that the servers are stopped.
    signal.signal(signal.SIGTERM, _terminated)
    try:
        _ensure_tools(settings)
        peers.ensure_installed(settings.servers, settings.peers_directory)
        ways = [way_named(name) for name in settings.suites]
        peers.ensure_suites(ways, REPOSITORY, settings.peers_directory)
        with _run_folder(settings.peers_directory) as folder:
            report = _run(settings, folder)
    except peers.MissingTool as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted; all servers are stopped, no report is written", file=sys.stderr)
        return 130
    if settings.output is None:
        print(report)
    else:
        settings.output.write_text(report)
        print(f"wrote {settings.output}")
    return 0


def _ensure_tools(settings: Settings) -> None:
    shared = {way.server for way in map(way_named, settings.suites) if way.server}
    load = bool(set(settings.parts) - {"start", "tests"})
    peers.ensure_tools({*settings.servers, *shared}, load=load)
    missing = missing_programs() if "postgres" in settings.parts else None
    if missing:
        raise peers.MissingTool(f"the benchmark needs {missing}; --no-postgres does without")


def _run(settings: Settings, folder: Path) -> str:
    machine = {"genset": genset_version(), **machine_facts(folder)}
    versions = peers.versions(settings.servers, settings.peers_directory)
    results = Results()
    dataset = Dataset()
    if "start" in settings.parts:
        print("start and idle memory", flush=True)
        for name in settings.servers:
            server = server_named(name)
            results.footprints[name] = measure_footprint(
                server, settings.starts, folder, settings.peers_directory
            )
        _measure_commands(results, settings, folder)
    if settings.workloads or settings.mixed:
        _measure_load(results, settings, dataset, folder)
    for name in settings.growth_servers:
        if name in settings.servers:
            print(f"growth: {name}", flush=True)
            results.growth[name] = measure_growth(server_named(name), dataset, settings, folder)
    if settings.features:
        for name in settings.feature_servers:
            print(f"features: {name}", flush=True)
            results.features[name] = measure_features(server_named(name), dataset, settings, folder)
    if "postgres" in settings.parts:
        print("on PostgreSQL", flush=True)
        results.postgres = measure_postgres(dataset, settings, folder)
    if settings.suites:
        print("tests", flush=True)
        results.suites_versions = peers.suites_versions(settings.peers_directory)
        results.suites = measure_suites(settings, folder)
    machine["Load average after the run"] = f"{os.getloadavg()[0]:.2f}"
    return render(results, settings, machine, versions)


def _measure_commands(results: Results, settings: Settings, folder: Path) -> None:
    try:
        results.commands = measure_commands(settings.starts, folder, settings.peers_directory)
    except (CommandFailed, ServerFailed, RequestFailed, OSError) as error:
        results.commands_failure = str(error)


def _measure_load(results: Results, settings: Settings, dataset: Dataset, folder: Path) -> None:
    """Start and seed all servers, then measure the rows and the mixed load on them."""
    print("starting and seeding", flush=True)
    with contextlib.ExitStack() as stack:
        running, failed = _start_all(stack, settings, dataset, folder)
        workloads = [workload_named(name) for name in settings.workloads]
        results.rows = measure_rows(workloads, running, dataset, settings)
        if settings.mixed:
            results.mixed = measure_mixed(running, dataset, settings)
        for name, process in running.items():
            results.loaded_memory[name] = process.memory()
            _check_count(results, name, process, dataset)
    for name, reason in failed.items():
        for row in (*results.rows.values(), results.mixed):
            row[name] = Series(failure=reason)


def _start_all(
    stack: contextlib.ExitStack, settings: Settings, dataset: Dataset, folder: Path
) -> tuple[dict[str, ServerProcess], dict[str, str]]:
    """The servers that run and are seeded, and why the others are not; the stack stops them."""
    running: dict[str, ServerProcess] = {}
    failed: dict[str, str] = {}
    for name in settings.servers:
        try:
            process = stack.enter_context(
                start(server_named(name), folder / name, settings.peers_directory)
            )
            process.wait_for_first_answer()
            elapsed = seed(process.port, dataset)
        except (ServerFailed, RequestFailed, OSError) as error:
            failed[name] = str(error)
            print(f"  {name:15} not measured: {failed[name][:200]}", flush=True)
        else:
            running[name] = process
            print(f"  {name:15} seeded in {elapsed:.1f} s", flush=True)
    return running, failed


def _check_count(results: Results, name: str, process: ServerProcess, dataset: Dataset) -> None:
    """Fail a server's write rows if its table does not hold the items it was seeded with."""
    try:
        with Client(process.port) as client:
            count = count_items(client)
    except RequestFailed as error:
        reason = f"the table could not be counted after the rows: {error}"
    else:
        if count == dataset.count:
            return
        reason = f"the table held {count} items after the rows instead of {dataset.count}"
    for row in results.rows.values():
        row[name].fail(reason)


@contextlib.contextmanager
def _run_folder(peers_directory: Path) -> Iterator[Path]:
    """A folder for the servers' data and logs, gone at the end.

    It is beside the peers and not in the system's temporary folder, which may be in memory.
    """
    folder = peers_directory / f"run-{os.getpid()}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _terminated(signal_number: int, _: FrameType | None) -> None:
    sys.exit(128 + signal_number)


if __name__ == "__main__":
    sys.exit(main())
