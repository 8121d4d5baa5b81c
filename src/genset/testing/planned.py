"""Failures that a test plans for the next calls, beside those that come by chance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from genset.model import errors
from genset.model.errors import DynamoDBError
from genset.operations.operation import Services
from genset.operations.registry import OPERATIONS
from genset.realism import faults
from genset.realism.memory import SharedMemory
from genset.realism.realism import Encounter, Realism
from genset.realism.switches import Switches
from genset.storage.engine import Engine

OFF: Final = Switches()
_MESSAGE: Final = "This failure was asked for by the test."
# Of a transaction, these are told as what cancelled it, and never alone.
_CANCEL: Final = (errors.ConditionalCheckFailedException, errors.TransactionConflictException)


@dataclass(frozen=True, slots=True)
class Plan:
    """The next `times` calls of an operation, or of any if it is None, fail."""

    operation: str | None
    error: str
    times: int
    message: str | None

    def meets(self, operation: str) -> bool:
        """Whether a call of this operation is one of them."""
        if self.operation is not None:
            return self.operation == operation
        return self.error not in faults.NAMES or faults.may_meet(self.error, operation)

    def new_error(self, operation: str, request: Mapping[str, Any]) -> Exception:
        """The exception that lets such a call fail."""
        if self.error == faults.DROPPED or (self.error in faults.NAMES and self.message is None):
            return faults.new_fault(self.error, operation, request)
        kind = _error_class(self.error)
        assert kind is not None, "the name was checked when the failure was planned"
        error = kind(_MESSAGE if self.message is None else self.message)
        if faults.is_transaction(operation):
            if kind is errors.TransactionCanceledException:
                error = errors.TransactionConflictException(error.message)
            if isinstance(error, _CANCEL):
                return faults.new_cancellation(error, operation, request)
        return error


def new_plan(operation: str | None, error: str, times: int, message: str | None) -> Plan:
    """The plan that these words say. Raises ValueError for a name that is none."""
    if operation is not None and operation not in OPERATIONS:
        raise ValueError(f"there is no operation {operation}")
    if error not in faults.NAMES and _error_class(error) is None:
        raise ValueError(f"DynamoDB has no error {error}")
    if error in faults.NAMES and not (operation is None or faults.may_meet(error, operation)):
        raise ValueError(f"DynamoDB does not answer {operation} with {error}")
    if times < 1:
        raise ValueError(f"times must be at least 1, not {times}")
    return Plan(operation, error, times, message)


def _error_class(name: str) -> type[DynamoDBError] | None:
    found = getattr(errors, name, None)
    is_error = isinstance(found, type) and issubclass(found, DynamoDBError)
    return found if is_error and found is not DynamoDBError else None


class PlannedRealism(Realism):
    """The switches at work, of which some are planned for the next calls."""

    def __init__(
        self,
        engine: Engine,
        services: Services,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._own_memory = SharedMemory()
        super().__init__(self._own_memory, engine, services, OFF, sleep)
        self.planned: tuple[Plan, ...] = ()

    @property
    def meddles(self) -> bool:
        """See `Realism.meddles`."""
        return bool(self.planned) or super().meddles

    def plan(self, planned: tuple[Plan, ...]) -> None:
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

    def restore(self, state: Switches, memory: bytes | None, planned: tuple[Plan, ...]) -> None:
        """Be as when these were taken."""
        if self._own_memory.version:
            self._own_memory.restore(memory)
        if (state, planned) != (self.state, self.planned):
            self.planned = planned
            self._become(state)


class _PlannedEncounter(Encounter):
    def __init__(
        self,
        plan: Plan,
        state: Switches,
        operation: str,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        super().__init__(replace(state, faults={}), operation, 1.0, 0.5, sleep)
        self._plan = plan

    def maybe_fail(self, request: Mapping[str, Any]) -> None:
        """Raise what is planned."""
        raise self._plan.new_error(self._operation, request)
