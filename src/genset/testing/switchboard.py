"""The switches of a database in a test: throttling, latency, failures and lag.

They are those of `genset.realism`, and failures that are planned (`planned`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from genset.realism import switches
from genset.realism.switches import Switches
from genset.testing.planned import OFF, Plan, PlannedRealism, new_plan

_KEEP: Final[Any] = object()


@dataclass(frozen=True, slots=True)
class SwitchboardState:
    """All switches and what they remember, at one moment."""

    switches: Switches
    memory: bytes | None
    planned: tuple[Plan, ...]
    waits: bool


class Switchboard:
    """Lets the database throttle, wait, fail and lag as DynamoDB does; all is off at first.

    `set` changes switches for the rest of the test, `using` for a block. Names and values are those
    of `genset serve`, see docs/realism.md.
    """

    def __init__(self, realism: PlannedRealism, lock: AbstractContextManager[object]) -> None:
        self._realism = realism
        self._lock = lock
        self._waits = False

    def set(
        self,
        *,
        throttling: bool = _KEEP,
        latency: str | None = _KEEP,
        faults: Mapping[str, float] | None = _KEEP,
        read_lag: str | None = _KEEP,
        gsi_lag: str | None = _KEEP,
        seed: int = _KEEP,
        wait: bool = _KEEP,
    ) -> None:
        """Change the switches that are named; the others stay as they are.

        `throttling=True` gives tables, indexes and partitions the capacity they have on AWS.
        `latency` holds answers back: "20ms", "uniform(2ms,10ms)", "lognormal(5ms,0.5)". That
        passes on the database's clock only, unless `wait=True` has callers really wait; a client
        whose read_timeout is shorter gets a ReadTimeoutError either way. `faults` are shares of
        requests that fail: {"InternalServerError": 0.1}, `seed` decides which. `read_lag` and
        `gsi_lag` are how old what eventually consistent reads see is: "500ms".

        Raises `genset.realism.switches.SwitchError` for a value that is none.
        """
        named = {
            "throttling": throttling,
            "latency": latency,
            "faults": faults,
            "read_lag": read_lag,
            "gsi_lag": gsi_lag,
            "seed": seed,
        }
        given = {name: value for name, value in named.items() if value is not _KEEP}
        with self._lock:
            if given:
                self._realism.change(switches.changed(self._realism.state, given))
            if wait is not _KEEP:
                self._waits = wait

    @contextmanager
    def using(self, **switches: Any) -> Iterator[None]:
        """`set` for a block; afterwards all switches are as they were before."""
        with self._lock:
            before, waits = self._realism.state, self._waits
            self.set(**switches)
        try:
            yield
        finally:
            with self._lock:
                self._waits = waits
                self._realism.change(before)

    def fail_next(
        self, operation: str | None, error: str, *, times: int = 1, message: str | None = None
    ) -> None:
        """Have the next `times` calls of an operation ("PutItem"; None: of any) fail.

        `error` is the name of an error of DynamoDB's API, or "DroppedConnection" for no answer at
        all. A failed condition or a conflict cancels a transaction, as what its first action met.
        A request that is wrong in itself fails as it always does. What botocore tries again
        by itself counts as another call. Calls planned first fail first.

        Raises ValueError for a name that is none.
        """
        plan = new_plan(operation, error, times, message)
        with self._lock:
            self._realism.plan((*self._realism.planned, plan))

    def reset(self) -> None:
        """Switch all off, and plan no failure."""
        with self._lock:
            self._waits = False
            self._realism.planned = ()
            self._realism.change(OFF)

    @property
    def waits(self) -> bool:
        """Whether callers really wait for what is held back."""
        return self._waits

    # For the database.

    @property
    def state(self) -> SwitchboardState:
        """For `restore`."""
        realism = self._realism
        return SwitchboardState(realism.state, realism.copy_memory(), realism.planned, self._waits)

    def restore(self, state: SwitchboardState) -> None:
        """Be as when `state` was taken."""
        self._waits = state.waits
        self._realism.restore(state.switches, state.memory, state.planned)
