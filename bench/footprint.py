"""Time from start to first answer, and idle memory: each server alone, on an empty folder."""

from __future__ import annotations

import time
from pathlib import Path

from bench.processes import Memory, ServerFailed
from bench.results import Footprint
from bench.servers import Server, start

IDLE_SECONDS = 2.0


def measure_footprint(server: Server, starts: int, folder: Path, peers: Path) -> Footprint:
    """Start a server so many times; its memory is read after the last start.

    A failure is part of the result, not an exception.
    """
    seconds: list[float] = []
    idle: Memory | None = None
    try:
        for number in range(starts):
            with start(server, folder / f"{server.name}-start-{number}", peers) as process:
                seconds.append(process.wait_for_first_answer())
                if number == starts - 1:
                    # Past the first answer, so that what starts lazily has started.
                    time.sleep(IDLE_SECONDS)
                    process.ensure_running()
                    idle = process.memory()
    except (ServerFailed, OSError) as error:
        return Footprint(tuple(seconds), idle, str(error))
    return Footprint(tuple(seconds), idle)
