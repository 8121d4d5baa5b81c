"""The clock of a database in a test: it goes with the system's, and can be moved and stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class ClockState:
    """How far a clock is ahead of the system's, in seconds, or where it stands still."""

    ahead_s: float = 0.0
    stands_at: float | None = None


class Clock:
    """What time it is for the database.

    At first it is the system's time (or what a library such as freezegun says it is), and goes on
    like that. Whatever follows from time does so as soon as it is moved, before the call that moves
    it returns: expired items are deleted, old stream records removed, tables become ACTIVE.
    Between such calls nothing is deleted by itself: on AWS, too, expired items stay for hours.
    """

    def __init__(self, lock: AbstractContextManager[object], moved: Callable[[], None]) -> None:
        self._lock = lock
        self._moved = moved
        self._state = ClockState()

    def time(self) -> float:
        """Seconds since the epoch."""
        state = self._state
        return time.time() + state.ahead_s if state.stands_at is None else state.stands_at

    @property
    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def advance(
        self,
        *,
        weeks: float = 0,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> None:
        """Move on by so much. `advance()` alone does what is due at the present time."""
        step = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
        with self._lock:
            self.pass_by(step.total_seconds())
            self._moved()

    def set(self, when: datetime | float) -> None:
        """Move to a time, earlier or later: a datetime with its zone, or seconds since the epoch.

        Raises ValueError for a datetime without a zone.
        """
        with self._lock:
            self._become(when, stands=self._state.stands_at is not None)

    def freeze(self, when: datetime | float | None = None) -> None:
        """Stand still, now or at `when`; `advance` and `set` still move it."""
        with self._lock:
            self._become(self.time() if when is None else when, stands=True)

    def resume(self) -> None:
        """Go on from where it stands."""
        with self._lock:
            if self._state.stands_at is not None:
                self._state = ClockState(ahead_s=self._state.stands_at - time.time())

    def _become(self, when: datetime | float, *, stands: bool) -> None:
        seconds = _seconds(when)
        if stands:
            self._state = ClockState(stands_at=seconds)
        else:
            self._state = ClockState(ahead_s=seconds - time.time())
        self._moved()

    # For the database.

    def pass_by(self, seconds: float) -> None:
        """Move on without doing what follows from it."""
        state = self._state
        if state.stands_at is None:
            self._state = ClockState(ahead_s=state.ahead_s + seconds)
        else:
            self._state = ClockState(stands_at=state.stands_at + seconds)

    @property
    def state(self) -> ClockState:
        """For `restore`."""
        return self._state

    def restore(self, state: ClockState) -> None:
        """Be as when `state` was taken; a clock that goes has gone on since."""
        self._state = state


def _seconds(when: datetime | float) -> float:
    if not isinstance(when, datetime):
        return float(when)
    if when.tzinfo is None:
        raise ValueError(
            "a datetime for the clock must have a zone: datetime(2030, 1, 1, tzinfo=UTC)"
        )
    return when.timestamp()
