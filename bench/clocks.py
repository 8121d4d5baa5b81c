"""Who used the processor while something ran: server, database, load generator, and the rest."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable

from bench.processes import generator_cpu_seconds, harness_cpu_seconds, machine_cpu_seconds


@dataclasses.dataclass(frozen=True, kw_only=True)
class Usage:
    """Processor time by who used it, and the share of all cores taken by those not named."""

    server_seconds: float
    database_seconds: float
    generator_seconds: float
    others_share: float


class Clocks:
    """Who uses the processor from now on; the load generator must end before `read`."""

    def __init__(
        self, server_seconds: Callable[[], float], database_seconds: Callable[[], float]
    ) -> None:
        self._clocks = (
            server_seconds,
            database_seconds,
            generator_cpu_seconds,
            harness_cpu_seconds,
            machine_cpu_seconds,
        )
        self._started = time.monotonic()
        self._before = self._now()

    def read(self) -> Usage:
        """What was used since the start."""
        server, database, generator, harness, machine = (
            now - before for now, before in zip(self._now(), self._before, strict=True)
        )
        available = (time.monotonic() - self._started) * (os.cpu_count() or 1)
        return Usage(
            server_seconds=server,
            database_seconds=database,
            generator_seconds=generator,
            # The kernel's counters move in ticks, so a quiet machine can come out just below zero.
            others_share=max(0.0, machine - harness - server - database) / available,
        )

    def _now(self) -> list[float]:
        return [clock() for clock in self._clocks]
