"""The switches of a database in a test: throttling, latency, failures and lag.

They are those of `genset.realism`, and failures of the next calls besides.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from genset.model import errors
from genset.model.errors import DynamoDBError
from genset.operations.operation import Services
from genset.operations.registry import OPERATIONS
from genset.realism import faults, switches
from genset.realism.memory import SharedMemory
from genset.realism.realism import Encounter, Realism
from genset.realism.switches import Switches
from genset.storage.engine import Engine

_OFF: Final = Switches()
_KEEP: Final[Any] = object()
_MESSAGE: Final = "This failure was asked for by the test."


@dataclass(frozen=True, slots=True)
class _Planned:
    """The next `times` calls of an operation, or of any if it is None, fail."""

    operation: str | None
    error: str
    message: str
    times: int

    def meets(self, operation: str) -> bool:
        """Whether a call of this operation is one of them."""
        if self.operation is not None:
            return self.operation == operation
        return self.error not in faults.NAMES or faults.may_meet(self.error, operation)

    def new_error(self, operation: str, request: Mapping[str, Any]) -> Exception:
        """The exception that lets such a call fail."""
        if self.error == faults.DROPPED or (
            self.error in faults.NAMES and self.message is _MESSAGE
        ):
            return faults.new_fault(self.error, operation, request)
        kind = _error_class(self.error)
        assert kind is not None, "the name was checked when the failure was planned"
        return kind(self.message)


@dataclass(frozen=True, slots=True)
class SwitchboardState:
    """All switches and what they remember, at one moment."""

    switches: Switches
    memory: bytes | None
    planned: tuple[_Planned, ...]
    waits: bool


class PlannedRealism(Realism):
    """The switches at work, of which some are planned for the next calls."""

    def __init__(
        self,
        engine: Engine,
        services: Services,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._own_memory = SharedMemory()
        super().__init__(self._own_memory, engine, services, _OFF, sleep)
        self.planned: tuple[_Planned, ...] = ()

    @property
    def meddles(self) -> bool:
        """See `Realism.meddles`."""
        return bool(self.planned) or super().meddles

    def plan(self, planned: tuple[_Planned, ...]) -> None:
        """Have these calls fail, and no others."""
        self.planned = planned
        self._tell()

    def encounter(self, operation: str) -> Encounter:
        """See `Realism.encounter`; what is planned comes first."""
        for place, plan in enumerate(self.planned):
            if plan.meets(operation):
                rest = (replace(plan, times=plan.times - 1),) if plan.times > 1 else ()
                self.plan((*self.planned[:place], *rest, *self.planned[place + 1 :]))
                return _PlannedEncounter(plan, self.state, operation, self._sleep)
        return super().encounter(operation)

    def close(self) -> None:
        """Give the memory back."""
        self._own_memory.close()

    def copy_memory(self) -> bytes | None:
        """What the switches remember; None if there was never one."""
        return self._own_memory.copy() if self._own_memory.version else None

    def restore(self, state: Switches, memory: bytes | None, planned: tuple[_Planned, ...]) -> None:
        """Be as when these were taken."""
        if self._own_memory.version:
            self._own_memory.restore(memory or bytes(len(self._own_memory.copy())))
        if (state, planned) != (self.state, self.planned):
            self.planned = planned
            self._become(state)


class _PlannedEncounter(Encounter):
    def __init__(
        self,
        plan: _Planned,
        state: Switches,
        operation: str,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        super().__init__(replace(state, faults={}), operation, 1.0, 0.5, sleep)
        self._plan = plan

    def maybe_fail(self, request: Mapping[str, Any]) -> None:
        """Raise what is planned."""
        raise self._plan.new_error(self._operation, request)


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
        all. A request that is wrong in itself fails as it always does. What botocore tries again by
        itself counts as another call. Calls planned first fail first.

        Raises ValueError for a name that is none.
        """
        if operation is not None and operation not in OPERATIONS:
            raise ValueError(f"there is no operation {operation}")
        if error not in faults.NAMES and _error_class(error) is None:
            raise ValueError(f"DynamoDB has no error {error}")
        if error in faults.NAMES and not (operation is None or faults.may_meet(error, operation)):
            raise ValueError(f"DynamoDB does not answer {operation} with {error}")
        if times < 1:
            raise ValueError(f"times must be at least 1, not {times}")
        with self._lock:
            planned = _Planned(operation, error, _MESSAGE if message is None else message, times)
            self._realism.plan((*self._realism.planned, planned))

    def reset(self) -> None:
        """Switch all off, and plan no failure."""
        with self._lock:
            self._waits = False
            self._realism.planned = ()
            self._realism.change(_OFF)

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


def _error_class(name: str) -> type[DynamoDBError] | None:
    found = getattr(errors, name, None)
    is_error = isinstance(found, type) and issubclass(found, DynamoDBError)
    return found if is_error and found is not DynamoDBError else None
