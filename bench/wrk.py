"""One timed run of the load generator ``wrk`` over prepared requests."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

SCRIPT = Path(__file__).with_name("replay.lua")
STOP_SECONDS = 30
# Longer than any round: a slow answer is a slow answer, not an error.
TIMEOUT_SECONDS = 60

_FIELD = re.compile(r"(\w+)=(\d+)")
_ERRORS = ("connect", "read", "write", "status", "timeout")


class WrkFailed(Exception):
    """wrk did not run to its end, or said nothing that can be read."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class WrkResult:
    """What one run of wrk counted. Any error makes it worthless as a measurement."""

    requests: int
    seconds: float
    bytes_read: int
    p50_ms: float
    p99_ms: float
    # What failed, by wrk's kind; statuses are those of 400 and above. Empty for a clean run.
    errors: dict[str, int]

    @property
    def throughput(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds if self.seconds else 0.0


def write_requests(path: Path, requests: Iterable[bytes]) -> None:
    """Write requests in the form that replay.lua reads."""
    with path.open("wb") as file:
        for request in requests:
            file.write(b"%d\n" % len(request))
            file.write(request)


def parse_output(text: str) -> WrkResult:
    """The result in wrk's output. Raises WrkFailed if the script's line is missing."""
    line = next((line for line in text.splitlines() if line.startswith("bench ")), None)
    if line is None:
        raise WrkFailed(f"wrk printed no result: {text[-300:]!r}")
    fields = {name: int(value) for name, value in _FIELD.findall(line)}
    try:
        return WrkResult(
            requests=fields["requests"],
            seconds=fields["duration_us"] / 1e6,
            bytes_read=fields["bytes"],
            p50_ms=fields["p50_us"] / 1e3,
            p99_ms=fields["p99_us"] / 1e3,
            errors={name: fields[name] for name in _ERRORS if fields[name]},
        )
    except KeyError as error:
        raise WrkFailed(f"wrk's result has no {error}: {line!r}") from error


def run(requests: Mapping[int, Iterable[bytes]], seconds: int, connections: int) -> WrkResult:
    """Drive the servers at the ports with their requests for so long, from one thread for each.

    The connections are shared out evenly. One thread is enough for every server here and leaves
    the other core to it. Raises WrkFailed if wrk fails; the errors that wrk counts are in the
    result.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        arguments: list[str] = []
        for port, each in requests.items():
            path = Path(directory) / f"requests-{port}"
            write_requests(path, each)
            arguments += [str(port), str(path)]
        command = [
            *("wrk", "--threads", str(len(requests)), "--connections", str(connections)),
            *("--duration", f"{seconds}s", "--timeout", f"{TIMEOUT_SECONDS}s"),
            *("--script", str(SCRIPT)),
            *(f"http://127.0.0.1:{next(iter(requests))}/", "--", *arguments),
        ]
        return parse_output(_output(command, seconds + STOP_SECONDS))


def _output(command: list[str], timeout_seconds: float) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout_seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise WrkFailed("wrk did not end in time") from error
    if done.returncode != 0:
        raise WrkFailed(f"wrk exited with {done.returncode}: {done.stderr[-300:]}")
    return done.stdout
