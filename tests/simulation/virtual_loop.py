"""An asyncio loop without a clock, a socket or a thread: the same seed, the same run.

Time is virtual: when nothing is ready, it jumps to the next timer. A job for an executor runs in
place, a seeded while after it was asked for, and its result arrives a seeded while after that. A
job can also be interrupted in its middle (`interrupt`): then the loop goes on for some steps, as
it would beside a thread, before the job does.

It offers what a server needs of a loop, and no more; what is missing raises NotImplementedError.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from itertools import count
from math import inf
from typing import Any, TypeVar

T = TypeVar("T")

# Jobs that are in their middle at once; each is one more level of the stack.
JOBS_MAX = 4
# How long a job may be held up by one interruption.
INTERRUPTION_S_MAX = 0.05


class Stopped(Exception):
    """The loop was told to stop before what it ran had ended."""


class Stuck(Exception):
    """Nothing is ready and no timer is set: what runs would wait for ever."""


class VirtualLoop(asyncio.AbstractEventLoop):
    """Runs one coroutine and all that it starts. `start` is the time at which it begins."""

    def __init__(self, chance: random.Random, start: float = 0.0) -> None:
        self.steps = 0
        self.interruptions = 0
        # Jobs that ran while another was in its middle.
        self.nested_jobs = 0
        # Called before each step.
        self.before_step: Callable[[], None] = lambda: None
        # What nobody handled; each is a bug of what was run.
        self.failures: list[dict[str, Any]] = []
        self.servers: list[VirtualServer] = []
        self._chance = chance
        self._now = start
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._numbers = count()
        self._tasks: list[asyncio.Task[Any]] = []
        self._stopped = False
        # Jobs on the stack, and whether the innermost thing on it is a job, not a callback.
        self._jobs = 0
        self._in_job = False

    # Running.

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """The result of `main`. Raises Stopped, Stuck, or what `main` raises."""
        asyncio._set_running_loop(self)
        try:
            task = self.create_task(main)
            while not task.done():
                if self._stopped:
                    raise Stopped
                if not self._step():
                    raise Stuck
            return task.result()
        finally:
            asyncio._set_running_loop(None)

    def stop(self) -> None:
        """Take no further step: what runs is dead where it stands."""
        self._stopped = True

    def bury(self) -> None:
        """Close what was left unfinished, so that nothing of it wakes up in a collector."""
        for task in self._tasks:
            if not task.done():
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                task.get_coro().close()  # type: ignore[union-attr]

    def interrupt(self, steps: int) -> None:
        """If a job is running, let the loop take some steps before it goes on."""
        if not self._in_job or self._jobs >= JOBS_MAX:
            return
        self.interruptions += 1
        until = self._now + INTERRUPTION_S_MAX
        for _ in range(steps):
            if self._stopped or not self._step(until):
                return

    def _step(self, until: float = inf) -> bool:
        """Run the next callback, if one is ready before `until`; answers whether there was one."""
        self.before_step()
        if self._stopped:
            return True
        if not self._ready and not self._advance(until):
            return False
        handle = self._ready.popleft()
        self.steps += 1
        if not handle.cancelled():
            in_job, self._in_job = self._in_job, False
            try:
                handle._run()
            finally:
                self._in_job = in_job
        return True

    def _advance(self, until: float) -> bool:
        """Jump to the next timer, if it is not later, and make ready what is due then."""
        while self._timers and self._timers[0][2].cancelled():
            heapq.heappop(self._timers)
        if not self._timers or self._timers[0][0] > until:
            return False
        self._now = max(self._now, self._timers[0][0])
        while self._timers and self._timers[0][0] <= self._now:
            self._ready.append(heapq.heappop(self._timers)[2])
        return True

    # Jobs.

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        future: asyncio.Future[T] = self.create_future()
        self.call_later(self._pause(), self._run_job, future, func, args)
        return future

    def _run_job(self, future: asyncio.Future[Any], func: Callable[..., Any], args: Any) -> None:
        if future.cancelled():
            return
        result, error = None, None
        self._jobs += 1
        self.nested_jobs += self._jobs > 1
        self._in_job = True
        try:
            result = func(*args)
        except BaseException as raised:
            error = raised
        finally:
            self._jobs -= 1
            self._in_job = False
        self.call_later(self._pause(), _settle, future, result, error)

    def _pause(self) -> float:
        """How long a thread takes to notice: mostly microseconds, now and then much longer."""
        return self._chance.choice((0.0, 0.00001, 0.0001, 0.001, 0.05)) * self._chance.random()

    # What asyncio asks of a loop.

    def time(self) -> float:
        return self._now

    def call_soon(
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is dropped when its time comes."""

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self,
        coro: Coroutine[Any, Any, T],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks.append(task)
        return task

    async def create_server(self, protocol_factory: Any, *_: Any, **__: Any) -> Any:
        server = VirtualServer(protocol_factory)
        self.servers.append(server)
        return server

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self._stopped:
            self.failures.append(context)


class VirtualServer:
    """What `create_server` gives: no socket, only the factory, while it is open."""

    def __init__(self, factory: Callable[[], asyncio.Protocol]) -> None:
        self.factory = factory
        self.sockets: tuple[Any, ...] = ()
        self.is_open = True

    def close(self) -> None:
        self.is_open = False


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
