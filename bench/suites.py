"""The same two hundred small tests on genset, moto and DynamoDB Local, each as its users run them.

Every run is a process of pytest of its own, in one environment (`peers.suites_python`) that all
share, and interleaved: in each round all have their turn. What is measured is said in `SuiteRound`.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench import peers
from bench.processes import ServerFailed
from bench.results import Suite, SuiteRound
from bench.servers import server_named, start
from bench.settings import REPOSITORY, Settings
from bench.ways import WAYS, Way

SUITE = REPOSITORY / "bench" / "suite"
RUN_SECONDS_MAX = 300


class SuiteFailed(Exception):
    """A run did not come to its end, or not all of its tests passed."""


def measure_suites(settings: Settings, folder: Path) -> dict[str, Suite]:
    """Run all ways in turn, as often as there are rounds. A failure is part of the result."""
    python = peers.suites_python(settings.peers_directory)
    suites = {way.name: Suite() for way in WAYS if way.name in settings.suites}
    for number in range(settings.rounds):
        for way in WAYS:
            suite = suites.get(way.name)
            if suite is None or suite.failure is not None:
                continue
            try:
                place = folder / f"suite-{way.name}-{number}"
                measured = run_suite(way, python, place, settings.peers_directory)
            except (SuiteFailed, ServerFailed, OSError) as error:
                suite.failure = str(error)
            else:
                suite.rounds.append(measured)
            print(f"  {way.name:22} {_described(suite)}", flush=True)
    return suites


def run_suite(
    way: Way, python: Path, folder: Path, peers_directory: Path, options: Sequence[str] = ()
) -> SuiteRound:
    """Run the tests once; `options` are more of pytest's. Raises SuiteFailed and ServerFailed."""
    folder.mkdir(parents=True)
    with _running_server(way, folder, peers_directory) as (endpoint, start_seconds):
        times = folder / "times.json"
        environment = _environment(folder, times, endpoint)
        command = [str(python), "-m", "pytest", "-c", str(SUITE / "pytest.ini")]
        command += ["--rootdir", str(REPOSITORY), "-p", "bench.suite.timing"]
        command += ["-p", way.plugin] if way.plugin else []
        command += ["-p", f"bench.suite.peers.{way.fixtures}", *options, str(SUITE)]
        started = time.perf_counter()
        output = _run(command, environment)
        process_seconds = time.perf_counter() - started
    return _read_round(times, start_seconds + process_seconds, output)


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=REPOSITORY,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SuiteFailed(f"not done in {RUN_SECONDS_MAX} s") from None
    return done.stdout


def _read_round(times: Path, whole_seconds: float, output: str) -> SuiteRound:
    if not times.exists():
        raise SuiteFailed(f"no tests were run: {output[-400:]}")
    figures = json.loads(times.read_text())
    outcomes: dict[str, str] = figures["outcomes"]
    failed = [name for name, outcome in outcomes.items() if outcome != "passed"]
    if failed or not outcomes:
        raise SuiteFailed(f"{len(failed)} of {len(outcomes)} tests did not pass: {failed[:3]}")
    return SuiteRound(
        whole_seconds=whole_seconds,
        tests_seconds=figures["seconds"],
        each_seconds=tuple(figures["tests"].values()),
    )


@contextlib.contextmanager
def _running_server(
    way: Way, folder: Path, peers_directory: Path
) -> Iterator[tuple[str | None, float]]:
    """The address of the way's server, if it has one, and the seconds it took to start."""
    if way.server is None:
        yield None, 0.0
        return
    with start(server_named(way.server), folder / "server", peers_directory) as process:
        seconds = process.wait_for_first_answer()
        yield f"http://127.0.0.1:{process.port}", seconds


def _environment(folder: Path, times: Path, endpoint: str | None) -> dict[str, str]:
    """The environment of a run: nothing of the user's AWS settings, which tests do not need."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    nothing = str(folder / "none")
    return {
        **kept,
        "HOME": str(folder),
        "PYTHONPATH": str(REPOSITORY),
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": nothing,
        "AWS_SHARED_CREDENTIALS_FILE": nothing,
        # What happens to be installed beside a tool is no part of it.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "GENSET_SUITE_TIMES": str(times),
        **({"GENSET_SUITE_ENDPOINT": endpoint} if endpoint else {}),
    }


def _described(suite: Suite) -> str:
    if suite.failure is not None:
        return f"not measured: {suite.failure[:200]}"
    last = suite.rounds[-1]
    return f"whole {last.whole_seconds:6.2f} s, tests {last.tests_seconds:6.2f} s"
