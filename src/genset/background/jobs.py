"""Background work: what jobs are, which there are, and how a process runs them.

A job may be stopped at any moment and be run by several processes at once: each of its steps is
one transaction that finds what is left to do, does a portion of bounded size, and notes how far
it came.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from genset.background import backfill, expiry, history, streams, sweep
from genset.operations.operation import Services
from genset.storage.engine import Engine

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Regular work: `run` does all that is to be done now and returns; it is called again after
    `pause_s` seconds, or at once if the server is told that there is work.

    A round that finds nothing to do only reads.
    """

    name: str
    pause_s: float
    run: Callable[[Engine, Services], Awaitable[None]]


_ALWAYS: Final[Sequence[Job]] = (
    Job(name="sweep of deleted tables", pause_s=10.0, run=sweep.sweep_tables_round),
    Job(name="sweep of the catalog", pause_s=10.0, run=sweep.sweep_catalog_round),
    Job(name="sweep of deleted indexes", pause_s=10.0, run=sweep.sweep_indexes_round),
    Job(name="backfill of indexes", pause_s=1.0, run=backfill.fill_indexes_round),
    Job(name="sweep of client tokens", pause_s=10.0, run=sweep.sweep_tokens_round),
    Job(name="care of streams", pause_s=10.0, run=streams.streams_round),
    Job(name="queues of expiring items", pause_s=10.0, run=expiry.prepare_queues_round),
    Job(name="trim of the past", pause_s=10.0, run=history.trim_history_round),
)


def all_jobs(*, ttl_sweep_s: float = 1.0) -> Sequence[Job]:
    """All jobs. Expired items are deleted every `ttl_sweep_s` seconds, or never if it is 0."""
    if not ttl_sweep_s:
        return _ALWAYS
    deletion = Job(
        name="deletion of expired items", pause_s=ttl_sweep_s, run=expiry.delete_expired_round
    )
    return (*_ALWAYS, deletion)


class JobRunner:
    """Runs jobs in the event loop until it is cancelled. Its methods belong to that loop."""

    def __init__(
        self, engine: Engine, services: Services, jobs: Sequence[Job] | None = None
    ) -> None:
        self._engine = engine
        self._services = services
        self._jobs = all_jobs() if jobs is None else jobs
        self._wakers = [asyncio.Event() for _ in self._jobs]

    def wake(self) -> None:
        """Tell all jobs that there may be work."""
        for waker in self._wakers:
            waker.set()

    async def run(self) -> None:
        """Run every job regularly, for ever. The first rounds come after a pause."""
        async with asyncio.TaskGroup() as group:
            for job, waker in zip(self._jobs, self._wakers, strict=True):
                group.create_task(self._repeat(job, waker))

    async def _repeat(self, job: Job, waker: asyncio.Event) -> None:
        while True:
            try:
                async with asyncio.timeout(job.pause_s):
                    await waker.wait()
            except TimeoutError:
                pass
            waker.clear()
            try:
                await job.run(self._engine, self._services)
            except Exception:
                # Whatever it was, it must not end the other jobs.
                _log.exception("the %s failed; it is tried again", job.name)
