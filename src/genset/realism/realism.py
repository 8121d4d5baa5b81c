"""The switches at work in one process.

The state is in the memory that the server's processes share. Each looks there regularly, so that
a change made in one reaches all.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import orjson

from genset.operations.operation import Services
from genset.realism import faults, switches
from genset.realism.memory import SharedMemory
from genset.realism.switches import Switches
from genset.storage.engine import Engine

if TYPE_CHECKING:
    from genset.realism.lag import RecordingEngine
    from genset.realism.throttling import Throttle

_LOOK_S: Final = 0.25


class Realism:
    """One process's switches. `changed` callbacks run after every change that it sees.

    Answers are held back by waiting for `sleep`, of seconds.
    """

    def __init__(
        self,
        memory: SharedMemory,
        engine: Engine,
        services: Services,
        state: Switches,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._memory = memory
        self._plain_engine = engine
        self._services = services
        self._sleep = sleep
        self._followers: list[Callable[[], None]] = []
        version, text = memory.read_page()
        self._version = version
        self.state = switches.decode(orjson.loads(text)) if version else state

    def follow(self, changed: Callable[[], None]) -> None:
        """Have `changed` called after every change."""
        self._followers.append(changed)

    # Throttling and lag are imported when they are switched on first.

    @cached_property
    def _throttle(self) -> Throttle:
        from genset.realism.throttling import Throttle

        return Throttle(self._memory, self._services.now)

    @cached_property
    def _recording_engine(self) -> RecordingEngine:
        from genset.realism.lag import RecordingEngine

        return RecordingEngine(self._plain_engine, self._services.now)

    @property
    def meddles(self) -> bool:
        """Whether a request may fail or be held back."""
        return self.state.meddles

    @property
    def services(self) -> Services:
        """The services that operations are to have in this state."""
        state = self.state
        meter = self._throttle if state.throttling else None
        lag = None
        if state.lags:
            from genset.realism.lag import Lag

            lag = Lag(self._services.now, state.read_lag_s, state.gsi_lag_s)
        watching = self._services.watching
        if watching is not None:
            watching = watching.over(meter)
        return replace(self._services, meter=meter, past=lag, watching=watching)

    @property
    def engine(self) -> Engine:
        """The engine that all writes are to go through in this state."""
        return self._recording_engine if self.state.lags else self._plain_engine

    def change(self, state: Switches) -> None:
        """Change the state of the whole server; numbered requests start again."""
        self._version = self._memory.write_page(switches.encode(state))
        self._become(state)

    def look(self) -> None:
        """Follow a change that another process has made."""
        if self._memory.version != self._version:
            self._version, text = self._memory.read_page()
            self._become(switches.decode(orjson.loads(text)))

    async def watch(self) -> None:
        """Look regularly, for ever."""
        while True:
            await asyncio.sleep(_LOOK_S)
            self.look()

    def _become(self, state: Switches) -> None:
        self.state = state
        self._tell()

    def _tell(self) -> None:
        for changed in self._followers:
            changed()

    def encounter(self, operation: str) -> Encounter:
        """What the next request meets: the same for the same seed and number, in any process."""
        state = self.state
        number = self._memory.next_number()
        chances = random.Random(f"{state.seed}/{number}")
        return Encounter(state, operation, chances.random(), chances.random(), self._sleep)


class Encounter:
    """What one request meets."""

    def __init__(
        self,
        state: Switches,
        operation: str,
        fault_chance: float,
        latency_chance: float,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._operation = operation
        self._sleep = sleep
        self._fault = _chosen(state.faults, fault_chance)
        self._delay_s = state.latency.seconds(latency_chance) if state.latency else 0.0

    def maybe_fail(self, request: Mapping[str, Any]) -> None:
        """Raise the fault that the request meets, if it is one that its operation may have."""
        if self._fault is not None and faults.may_meet(self._fault, self._operation):
            raise faults.new_fault(self._fault, self._operation, request)

    async def wait(self) -> None:
        """Wait for as long as the answer is to be held back."""
        if self._delay_s:
            await self._sleep(self._delay_s)


def _chosen(shares: Mapping[str, float], chance: float) -> str | None:
    for name, share in shares.items():
        if chance < share:
            return name
        chance -= share
    return None
