"""How long calls wait for a database that does not serve, and when they try again."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar

from genset.storage.engine import StorageBusyError, StorageError
from genset.storage.postgres.connections import DEADLINE_S, RANDOM
from genset.storage.postgres.failures import FAILURES, Failure, failure_of, storage_error

T = TypeVar("T")

logger = logging.getLogger(__name__)

DOWN_AFTER_S: Final = 1.0
"""How long a database may fail until it is known not to serve: connections may break, and standbys
are promoted in moments."""
DOWN_DEADLINE_S: Final = 1.0
"""How long a call waits while the database is known not to serve."""
_PAUSE_S: Final = 0.02
_PAUSE_MAX_S: Final = 0.5
# A try takes up to DEADLINE_S itself: so shortly before the end none is begun.
_WORTH_S: Final = 0.1
_LOOK_S: Final = 0.25
_QUIET_S: Final = 10.0
WAITING_MAX: Final = 10_000
_PASSING: Final = (Failure.CONFLICT, Failure.LOST, Failure.TRANSIENT)


class Patience:
    """What the calls of one engine know together about whether their database serves.

    Unless it `tries_again`, the first failure is the last.
    """

    def __init__(self, *, tries_again: bool = True) -> None:
        self._tries_again = tries_again
        self._is_failing = False
        self._down_from = 0.0
        self._quiet_until = 0.0
        self._has_told = False

    @property
    def limit_s(self) -> float:
        """How long a call may take that begins now."""
        is_down = self._is_failing and asyncio.get_running_loop().time() >= self._down_from
        return DOWN_DEADLINE_S if is_down else DEADLINE_S

    async def insist(self, attempt: Callable[[], Awaitable[T]], *, until: float | None = None) -> T:
        """The result of `attempt`, tried again with growing pauses while what fails may pass.

        It ends at `until`, a time of the loop, or when a call has taken too long. Raises
        StorageError, or OverflowError, and then nothing of the last attempt has happened.
        """
        now = asyncio.get_running_loop().time()
        deadline = until or now + self.limit_s
        # While the database is said to be down an attempt may take longer all the same: it is the
        # one that shows that it is not.
        end = until or now + DEADLINE_S
        pause_s = _PAUSE_S
        while True:
            try:
                result = await _ended_at(end, attempt)
            except FAILURES as error:
                self.saw(error)
                if not await self.pause(error, pause_s, deadline):
                    raise storage_error(error) from error
            else:
                self.saw(None)
                return result
            pause_s = min(pause_s * 2, _PAUSE_MAX_S)

    async def pause(self, error: BaseException, pause_s: float, deadline: float) -> bool:
        """Wait up to `pause_s`, if what failed may pass and there is time; whether there was."""
        left_s = deadline - asyncio.get_running_loop().time()
        if not self._tries_again or failure_of(error) not in _PASSING or left_s < _WORTH_S:
            return False
        await asyncio.sleep(min(RANDOM.uniform(0, pause_s), left_s))
        return True

    def saw(self, error: BaseException | None) -> None:
        """Take note of how a call ended."""
        is_failing = error is not None and failure_of(error) in (Failure.LOST, Failure.TRANSIENT)
        if is_failing == self._is_failing:
            return
        self._is_failing = is_failing
        now = asyncio.get_running_loop().time()
        # Whoever ran out of time has seen it fail for long enough.
        self._down_from = now if isinstance(error, TimeoutError) else now + DOWN_AFTER_S
        if error is not None and is_failing and now >= self._quiet_until:
            # One that serves some calls and not others is not told of at each.
            self._quiet_until = now + _QUIET_S
            self._has_told = True
            logger.warning("the database does not serve: %s", storage_error(error))
        elif self._has_told and not is_failing:
            self._has_told = False
            logger.warning("the database serves again")


async def _ended_at(end: float, attempt: Callable[[], Awaitable[T]]) -> T:
    """The result of `attempt`; raises TimeoutError at a time of the loop."""
    if asyncio.current_task() is None:
        # A request's first step is made outside any task, where no timeout can be set.
        await asyncio.sleep(0)
    async with asyncio.timeout_at(end):
        return await attempt()


class Waiting(Protocol):
    """What waits in a `Line`: since when, and with what."""

    started: float
    waiter: asyncio.Future[Any]


W = TypeVar("W", bound=Waiting)


class Line(deque[W]):
    """What waits for its turn, the oldest first; what waits for too long is refused."""

    def __init__(self, patience: Patience) -> None:
        super().__init__()
        self._patience = patience
        self._timer: asyncio.TimerHandle | None = None

    def join(self, item: W) -> None:
        """Add `item`. Raises StorageBusyError if too many wait."""
        if len(self) >= WAITING_MAX:
            raise StorageBusyError("too many requests wait for the database")
        self.append(item)
        if self._timer is None:
            self._watch()

    def take(self, count: int) -> list[W]:
        """The first `count` that still wait, and have not waited for too long."""
        self._refuse_old()
        taken: list[W] = []
        while self and len(taken) < count:
            item = self.popleft()
            if not item.waiter.done():
                taken.append(item)
        return taken

    def _watch(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_LOOK_S, self._look)

    def _look(self) -> None:
        self._timer = None
        self._refuse_old()
        if self:
            self._watch()

    def _refuse_old(self) -> None:
        now = asyncio.get_running_loop().time()
        while self and now - self[0].started > self._patience.limit_s:
            item = self.popleft()
            if not item.waiter.done():
                item.waiter.set_exception(StorageError("the database does not answer in time"))
