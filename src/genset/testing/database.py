"""One DynamoDB in this process, in memory: requests in, answers out, and a way back."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import orjson

from genset.background.jobs import Job, all_jobs
from genset.insights.contributors import CONTRIBUTORS_MAX, ContributorCounts
from genset.insights.report import report
from genset.operations.operation import Services
from genset.storage.sqlite import MemoryEngine
from genset.testing.assembly import assemble
from genset.testing.clock import Clock, ClockState
from genset.testing.planned import PlannedRealism
from genset.testing.stepping import Held, pause, run_whole, step
from genset.testing.switchboard import Switchboard, SwitchboardState
from genset.wire.credentials import DEFAULT_ACCOUNT
from genset.wire.messages import WireRequest, WireResponse

_PROMPT_JOBS: Final[Sequence[Job]] = all_jobs(ttl_sweep_s=0)
"""What operations leave to the background. Expired items go only when the clock is moved."""
_ALL_JOBS: Final[Sequence[Job]] = all_jobs()
_EVER_S: Final = 1e10
"""So long ago is complete what takes no time: tables that are there stay ACTIVE when the clock is
set back, as freezegun does for tables which were declared before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A state of a whole database: tables, items, streams, clock, switches and what they count."""

    tables: int
    clock: ClockState
    switches: SwitchboardState
    contributors: ContributorCounts


class Database:
    """DynamoDB, all accounts and Regions of it. Its methods may be called from any thread.

    Whatever it does, background work included, it does in the thread that asks for it, one thing
    after the other.
    """

    def __init__(self, *, account: str = DEFAULT_ACCOUNT, transition_s: float = 0.0) -> None:
        """Make an empty one; `transition_s` is how long tables stay CREATING, and so on.

        `account` is that of clients whose access key is not the number of an account.
        """
        self._lock = threading.RLock()
        self._engine = MemoryEngine()
        self._work_waits = False
        self._is_closed = False
        self.clock = Clock(self._lock, self._run_all_jobs)
        assembly = assemble(
            self._engine,
            now=self.clock.time,
            new_uuid=lambda: str(uuid.uuid4()),
            new_salt=lambda: os.urandom(16),
            new_realism=self._new_realism,
            wake=self._wake,
            account=account,
            transition_s=transition_s or -_EVER_S,
        )
        self._handle = assembly.api.handle
        self._services = assembly.services
        self._contributors = assembly.contributors
        self.switches = Switchboard(self._realism, self._lock)
        # Later marks are cheaper within this one.
        self._empty = self.mark()

    def _new_realism(self, services: Services) -> PlannedRealism:
        self._realism = PlannedRealism(self._engine, services, pause)
        return self._realism

    # Requests.

    def begin(self, request: WireRequest) -> WireResponse | Held[WireResponse]:
        """The answer to a request, or the pause before it.

        Raises `genset.wire.messages.Dropped` if there is to be no answer, RuntimeError once the
        database is closed.
        """
        with self._lock:
            if self._is_closed:
                raise RuntimeError("the database of this client is gone: its session has ended")
            answer = step(self._handle(request))
            if self._work_waits:
                self._work_waits = False
                self._run(_PROMPT_JOBS)
            return answer

    def go_on(self, held: Held[WireResponse]) -> WireResponse | Held[WireResponse]:
        """The answer after a pause, or the next pause."""
        with self._lock:
            return held.go_on()

    def wait(self, seconds: float) -> None:
        """Let a pause pass, really or on the database's clock, as the switches say."""
        if self.switches.waits:
            time.sleep(seconds)
        else:
            with self._lock:
                self.clock.pass_by(seconds)

    def contributor_insights(
        self, table: str | None = None, index: str | None = None, *, top: int = CONTRIBUTORS_MAX
    ) -> dict[str, Any]:
        """Which keys of watched tables use most capacity; see docs/contributor-insights.md.

        Of all tables, or of one or its index; the `top` keys of each rule.
        """
        with self._lock:
            now = self.clock.time()
            body = run_whole(
                self._engine.read(
                    lambda snapshot: report(
                        snapshot, self._contributors, table=table, index=index, wanted=top, now=now
                    )
                )
            )
        found: dict[str, Any] = orjson.loads(body)
        return found

    # Background work.

    def _wake(self) -> None:
        self._work_waits = True

    def _run_all_jobs(self) -> None:
        self._run(_ALL_JOBS)

    def _run(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            run_whole(job.run(self._engine, self._services))

    # The way back.

    def mark(self) -> Mark:
        """Mark the present state, for `rollback`, any number of times."""
        with self._lock:
            return self._with_all(self._engine.present_mark())

    def _with_all(self, tables: int) -> Mark:
        return Mark(
            tables=tables,
            clock=self.clock.state,
            switches=self.switches.state,
            contributors=self._contributors.copy(),
        )

    def rollback(self, mark: Mark | None = None) -> None:
        """Be as when `mark` was taken, by default empty. Marks taken since then are gone.

        This takes as long as what has changed since is large, whatever else the tables hold.
        Raises KeyError for a mark that is gone.
        """
        mark = mark or self._empty
        with self._lock:
            self._engine.go_back(mark.tables)
            self._work_waits = False
            self.clock.restore(mark.clock)
            self.switches.restore(mark.switches)
            self._contributors.restore(mark.contributors)

    @contextmanager
    def undone(self) -> Iterator[None]:
        """A block after which all is as it was before. Raises KeyError if it goes back further."""
        with self._lock:
            mark = self._with_all(self._engine.set_mark())
        try:
            yield
        finally:
            with self._lock:
                self.rollback(mark)
                self._engine.forget_mark(mark.tables)

    def close(self) -> None:
        """Give all memory back. May be called again."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            run_whole(self._engine.close())
            self._realism.close()
