"""The machine a run was made on, as far as it bears on the figures."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
import subprocess
import time
from pathlib import Path

from bench.settings import REPOSITORY

SYNCS = 100


def machine_facts(folder: Path) -> dict[str, str]:
    """Facts by name: processor, memory, kernel, Python, and how fast the folder's disk syncs."""
    return {
        "Processor": f"{os.cpu_count()} cores, {_processor()}",
        "Memory": f"{_memory_gib():.0f} GiB",
        "Kernel": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "Data directory": f"{_file_system(folder)}, {_sync_ms(folder):.2f} ms to write and sync "
        f"4 KB (median of {SYNCS})",
        "Load average before the run": f"{os.getloadavg()[0]:.2f}",
        "wrk": _first_line(["wrk", "-v"]),
    }


def genset_version() -> str:
    """genset's version and commit; a tree with changes is said to have them."""
    try:
        version = importlib.metadata.version("genset")
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
    commit = _first_line(["git", "-C", str(REPOSITORY), "rev-parse", "--short", "HEAD"])
    changed = _first_line(["git", "-C", str(REPOSITORY), "status", "--porcelain", "src"])
    return f"{version}, commit {commit or 'unknown'}{' with changes' if changed else ''}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _file_system(folder: Path) -> str:
    kind = _first_line(["findmnt", "--noheadings", "--output", "FSTYPE", "--target", str(folder)])
    # Syncing to memory costs nothing, and a durable write measured there is not one.
    return f"{kind} (NOT A DISK: durable rows mean nothing)" if kind == "tmpfs" else kind


def _sync_ms(folder: Path) -> float:
    path = folder / "sync-probe"
    times: list[float] = []
    with path.open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            started = time.perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            times.append(time.perf_counter() - started)
    path.unlink()
    return statistics.median(times) * 1000


def _first_line(command: list[str]) -> str:
    """The first line a command prints, or nothing. wrk -v exits with 1, so status is not asked."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = done.stdout.splitlines()
    return lines[0].strip() if lines else ""
