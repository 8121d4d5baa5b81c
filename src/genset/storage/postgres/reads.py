"""Runs read bodies: those that ask for keys together, one statement for all that wait.

A statement is one consistent view, so a body that is satisfied by one needs no transaction, and
many bodies may share it. A body that asks a second time is run again in a transaction of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final, TypeVar

from genset.storage.engine import Snapshot, StorageClosedError
from genset.storage.postgres import statements as sql
from genset.storage.postgres.asks import Ask, Found, Range, Run
from genset.storage.postgres.connections import Connections
from genset.storage.postgres.dialects import Dialect
from genset.storage.postgres.failures import own_error
from genset.storage.postgres.fetching import fetch, fetch_range_with_keys
from genset.storage.postgres.patience import Line, Patience
from genset.storage.postgres.statements import RowGuess
from genset.storage.postgres.views import ReadView

T = TypeVar("T")

BATCH_READS_MAX: Final = 128
LANES_MAX: Final = 2
"""Statements for keys under way at a time; what comes meanwhile shares the next."""
# A second one is begun only beside one that takes so long: the more share one, the less each costs.
_SLOW_S: Final = 0.005
# A stable key that has changed so often while a body was run is read in a transaction.
_TRIES: Final = 3
_REMEMBERED_MAX: Final = 4096
_LOOK_S: Final = 0.01
_NOTHING: Final = Ask()
# What has been found before anything was fetched; nobody adds to it.
_NOT_YET: Final = Found()


class _Asking:
    """Keys that a body waits for."""

    __slots__ = ("keys", "started", "waiter")

    def __init__(self, keys: Collection[bytes], loop: asyncio.AbstractEventLoop) -> None:
        self.keys = keys
        self.started = loop.time()
        self.waiter: asyncio.Future[Found] = loop.create_future()


class Reads:
    """The reads of one engine from one database. All calls are made in the loop."""

    def __init__(
        self, connections: Connections, dialect: Dialect, guess: RowGuess, patience: Patience
    ) -> None:
        self._connections = connections
        self._begin = f"BEGIN ISOLATION LEVEL {dialect.read_isolation} READ ONLY"
        self._guess = guess
        self._patience = patience
        self._remembered: dict[bytes, bytes] = {}
        self._line: Line[_Asking] = Line(self._patience)
        self._is_gathering = False
        self._asked_at = 0.0
        self._lanes: set[asyncio.Task[None]] = set()
        self._count = 0
        self._closed = False

    async def read(self, body: Callable[[Snapshot], Awaitable[T]]) -> T:
        """Run `body` on one consistent view and return its result. See `Engine.read`."""
        if self._closed:
            raise StorageClosedError("the storage has been closed")
        self._count += 1
        try:
            for _ in range(_TRIES):
                view = ReadView(_NOT_YET, self._remembered)
                run = Run(body(view))
                try:
                    run.step()
                    assumed = view.assumed
                    if run.is_done and not assumed:
                        return self._outcome(run, view)  # type: ignore[no-any-return]
                    found = await self._find(run.ask or _NOTHING, assumed)
                    if found is None:
                        break
                    if not self._is_true(assumed, found.values):
                        continue
                    view.give(found)
                    if not run.is_done:
                        run.step()
                    if run.is_done:
                        return self._outcome(run, view)  # type: ignore[no-any-return]
                    break
                finally:
                    run.give_up()
            return await self._patience.insist(lambda: self._read_in_transaction(body))
        finally:
            self._count -= 1

    async def close(self) -> None:
        """Refuse what comes, and finish what was accepted."""
        self._closed = True
        while self._count or self._lanes:
            await asyncio.sleep(_LOOK_S)

    def _outcome(self, run: Run, view: ReadView) -> Any:
        view.end()
        if run.error is not None:
            raise run.error
        return run.result

    def _is_true(
        self, assumed: Mapping[bytes, bytes], values: Mapping[bytes, bytes | None]
    ) -> bool:
        """Whether stable keys have the values that were remembered; what they have is now."""
        is_true = True
        for key, value in assumed.items():
            actual = values[key]
            if actual != value:
                is_true = False
                if actual is None:
                    self._remembered.pop(key, None)
                else:
                    self._remembered[key] = actual
        return is_true

    async def _find(self, ask: Ask, assumed: Collection[bytes]) -> Found | None:
        """What is asked for and what was assumed, in one view; None if that takes more."""
        if ask.counters:
            return None
        if ask.range is not None:
            return await self._fetch_range(ask.range, assumed)
        return await self._join([*ask.keys, *assumed])

    async def _fetch_range(self, asked: Range, assumed: Collection[bytes]) -> Found | None:
        """A range, and what was assumed, in one view; None if one statement did not do."""

        async def attempt() -> Found | None:
            async with self._connections.take() as connection:
                return await fetch_range_with_keys(connection, asked, list(assumed), self._guess)

        return await self._patience.insist(attempt)

    def _join(self, keys: Collection[bytes]) -> asyncio.Future[Found]:
        """Wait in line for the values of `keys`, in one view."""
        loop = asyncio.get_running_loop()
        asking = _Asking(keys, loop)
        self._line.join(asking)
        if not self._is_gathering and self._may_begin(asking.started):
            self._is_gathering = True
            loop.call_soon(self._gather, len(self._line))
        return asking.waiter

    def _may_begin(self, now: float) -> bool:
        """Whether one more lane is worth it."""
        lanes = len(self._lanes)
        return not lanes or (lanes < LANES_MAX and now - self._asked_at > _SLOW_S)

    def _gather(self, had: int) -> None:
        """Start a lane once a turn of the loop has brought no more than there were before.

        Clients that were answered together ask again together, and share a statement again.
        """
        if had < len(self._line) < BATCH_READS_MAX:
            asyncio.get_running_loop().call_soon(self._gather, len(self._line))
            return
        self._is_gathering = False
        if self._line and len(self._lanes) < LANES_MAX:
            task = asyncio.get_running_loop().create_task(self._run_lane())
            self._lanes.add(task)

    async def _run_lane(self) -> None:
        """Fetch for all that wait, batch after batch over one connection, until none does."""
        try:
            while batch := self._line.take(BATCH_READS_MAX):
                await self._run_batch(batch)
                # Those who were answered ask again in the next turns.
                had = -1
                while had < len(self._line) < BATCH_READS_MAX:
                    had = len(self._line)
                    await asyncio.sleep(0)
        finally:
            task = asyncio.current_task()
            assert task is not None
            self._lanes.discard(task)

    async def _run_batch(self, batch: list[_Asking]) -> None:
        self._asked_at = asyncio.get_running_loop().time()
        keys = batch[0].keys if len(batch) == 1 else {k for asking in batch for k in asking.keys}
        try:
            found = await self._patience.insist(lambda: self._fetch_keys(keys))
        except Exception as error:
            for asking in batch:
                if not asking.waiter.done():
                    asking.waiter.set_exception(own_error(error))
            return
        for asking in batch:
            if not asking.waiter.done():
                asking.waiter.set_result(found)

    async def _fetch_keys(self, keys: Collection[bytes]) -> Found:
        values: dict[bytes, bytes | None] = dict.fromkeys(keys)
        async with self._connections.take() as connection:
            values.update(await connection.fetch(sql.GET_VALUES, keys))
        return Found(values=values)

    async def _read_in_transaction(self, body: Callable[[Snapshot], Awaitable[T]]) -> T:
        """Run `body` in a transaction, whatever it asks for."""
        async with self._connections.take() as connection:
            view = ReadView(Found(), {})
            run = Run(body(view))
            try:
                # Whatever fails in it closes the connection, and so ends it.
                await connection.execute(self._begin)
                run.step()
                while run.ask is not None:
                    await fetch(connection, run.ask, view.found, self._guess)
                    run.step()
                await connection.execute("COMMIT")
            finally:
                run.give_up()
        if len(self._remembered) + len(view.stable) > _REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered.update(view.stable)
        return self._outcome(run, view)  # type: ignore[no-any-return]
