"""Background work: what jobs are, which there are, and how a process runs them.

Of all processes that have a store open, on however many machines, the one that leads runs the jobs;
when it ends or loses the store, another takes over within seconds. For a moment two may run them: a
job may be stopped at any moment and be run by several processes at once, for each of its steps is
one transaction that finds what is left to do, does a portion of bounded size, and notes how far it
came.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final, TypeAlias

from genset.background.older_streams import open_older_streams
from genset.operations.operation import Services
from genset.storage.engine import Engine, StorageError

_log: Final = logging.getLogger(__name__)
_Round: TypeAlias = Callable[[Engine, Services], Awaitable[None]]

_ASK_S: Final = 1.0
# For what users wait for. The request that left it may have come to another process than the one
# that leads, which then finds it by looking.
_SOON_S: Final = 1.0
_LATER_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Regular work: `run` does all that is to be done now and returns; it is called again after
    `pause_s` seconds, or at once if the process is told that there is work.

    A round that finds nothing to do only reads, and little.
    """

    name: str
    pause_s: float
    run: _Round


def _late(place: str) -> _Round:
    """The round at a place, "module.function" of this package, imported when it is first run.

    A server that starts answers before any job has run.
    """
    module, _, function = place.partition(".")

    async def run(engine: Engine, services: Services) -> None:
        round_ = getattr(import_module(f"genset.background.{module}"), function)
        await round_(engine, services)

    return run


_ALWAYS: Final[Sequence[Job]] = (
    Job(name="sweep of deleted tables", pause_s=_SOON_S, run=_late("sweep.sweep_tables_round")),
    Job(name="sweep of the catalog", pause_s=_LATER_S, run=_late("sweep.sweep_catalog_round")),
    Job(name="sweep of deleted indexes", pause_s=_SOON_S, run=_late("sweep.sweep_indexes_round")),
    Job(name="backfill of indexes", pause_s=_SOON_S, run=_late("backfill.fill_indexes_round")),
    Job(name="sweep of client tokens", pause_s=_LATER_S, run=_late("sweep.sweep_tokens_round")),
    Job(name="care of streams", pause_s=_LATER_S, run=_late("streams.streams_round")),
    Job(name="queues of expiring items", pause_s=_SOON_S, run=_late("expiry.prepare_queues_round")),
    Job(name="trim of the past", pause_s=_LATER_S, run=_late("history.trim_history_round")),
)


def all_jobs(*, ttl_sweep_s: float = 1.0) -> Sequence[Job]:
    """All jobs. Expired items are deleted every `ttl_sweep_s` seconds, or never if it is 0."""
    if not ttl_sweep_s:
        return _ALWAYS
    deletion = Job(
        name="deletion of expired items",
        pause_s=ttl_sweep_s,
        run=_late("expiry.delete_expired_round"),
    )
    return (*_ALWAYS, deletion)


class JobRunner:
    """Runs jobs in the event loop, while its process leads, until it is cancelled.

    Its methods belong to that loop.
    """

    def __init__(
        self, engine: Engine, services: Services, jobs: Sequence[Job] | None = None
    ) -> None:
        self._engine = engine
        self._services = services
        self._jobs = all_jobs() if jobs is None else jobs
        self._wakers = [asyncio.Event() for _ in self._jobs]
        self._leads = asyncio.Event()
        self._is_failing = False

    def wake(self) -> None:
        """Tell all jobs that there may be work."""
        for waker in self._wakers:
            waker.set()

    async def ask(self) -> None:
        """Ask whether this process leads.

        If it begins to, what comes before all jobs is done when this returns.
        """
        try:
            leads = await self._engine.lead()
            if leads and not self._leads.is_set():
                await open_older_streams(self._engine, self._services)
        except Exception as error:
            # Whatever it was, it must not end the jobs. Who cannot ask may have been replaced.
            if not self._is_failing:
                _log_failure("the question who does the background work", error)
            leads, self._is_failing = False, True
        else:
            self._is_failing = False
        self._take(leads)

    def _take(self, leads: bool) -> None:
        if leads == self._leads.is_set():
            return
        if leads:
            self._leads.set()
        else:
            self._leads.clear()
        change = "does the background work" if leads else "leaves the background work to others"
        _log.info("process %d %s", os.getpid(), change)

    async def run(self) -> None:
        """Run every job regularly while this process leads, for ever.

        The first rounds come after a pause. A round under way is finished after the lead is lost.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ask_regularly())
            for job, waker in zip(self._jobs, self._wakers, strict=True):
                group.create_task(self._repeat(job, waker))

    async def _ask_regularly(self) -> None:
        while True:
            await self.ask()
            await asyncio.sleep(_ASK_S)

    async def _repeat(self, job: Job, waker: asyncio.Event) -> None:
        while True:
            await self._leads.wait()
            try:
                async with asyncio.timeout(job.pause_s):
                    await waker.wait()
            except TimeoutError:
                pass
            if not self._leads.is_set():
                continue
            waker.clear()
            try:
                await job.run(self._engine, self._services)
            except Exception as error:
                # Whatever it was, it must not end the other jobs.
                _log_failure(f"the {job.name}", error)


def _log_failure(what: str, error: Exception) -> None:
    """Say that something failed; where in the code is of interest only if it is a fault of ours."""
    fault = None if isinstance(error, StorageError) else error
    _log.error("%s failed (%s); it is tried again", what, error, exc_info=fault)
