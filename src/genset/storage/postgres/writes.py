"""Group commit: all writes that wait are run as one batch, which is one transaction.

One batch is under way at a time, so that the writes of one process never come in each other's
way; what conflicts with other processes is run again. Bodies that would keep a batch waiting, as
those that read ranges, are batches of their own beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, TypeVar

from genset.storage.engine import (
    StorageBusyError,
    StorageClosedError,
    StorageError,
    StorageUnknownError,
    Transaction,
)
from genset.storage.postgres.asks import Found
from genset.storage.postgres.batch import Batch, PendingWrite
from genset.storage.postgres.connections import Connections, was_committed
from genset.storage.postgres.failures import FAILURES, Failure, failure_of, own_error, storage_error
from genset.storage.postgres.patience import DOWN_DEADLINE_S, Line, Patience
from genset.storage.postgres.sessions import CommitLostError, Session

T = TypeVar("T")

BATCH_WRITES_MAX: Final = 128
ALONE_MAX: Final = 3
"""Batches of one slow body that are under way at a time."""
# How often a body may ask before it is run alone.
_ROUNDS_MAX: Final = 3
_PAUSE_S: Final = 0.005
_PAUSE_MAX_S: Final = 0.3


class Sessions(Protocol):
    """How a dialect begins the tries of batches."""

    is_checked_later: bool

    def recall(self, key: bytes, found: Found) -> None:
        """Add to `found` what is remembered of `key`."""

    def begin(self, lost: Sequence[Batch]) -> Session:
        """A session for a batch; `lost` are its tries that came too late."""


class Writes:
    """The writes of one engine. All calls are made in the loop."""

    def __init__(self, connections: Connections, sessions: Sessions, patience: Patience) -> None:
        self._connections = connections
        self._sessions = sessions
        self._patience = patience
        self._line: Line[PendingWrite] = Line(self._patience)
        self._line_alone: Line[PendingWrite] = Line(self._patience)
        self._serving: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def write(self, body: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `body`, commit, and return its result. See `Engine.write`.

        A caller that is cancelled leaves the line if its body has not run yet; otherwise the write
        is finished without it.
        """
        if self._closed:
            raise StorageClosedError("the storage has been closed")
        loop = asyncio.get_running_loop()
        pending = PendingWrite(body, loop)
        self._line.join(pending)
        if self._serving is None:
            self._serving = loop.create_task(self._serve())
        result: T = await pending.waiter
        return result

    async def close(self) -> None:
        """Refuse what comes, and finish what was accepted."""
        self._closed = True
        while self._serving is not None or self._tasks:
            waited = [*self._tasks, *([self._serving] if self._serving else [])]
            await asyncio.wait(waited)

    async def _serve(self) -> None:
        """Run batches until nothing waits."""
        try:
            while self._line:
                # Clients that were answered together write again together.
                had = 0
                while had < len(self._line) < BATCH_WRITES_MAX:
                    had = len(self._line)
                    await asyncio.sleep(0)
                batch = self._line.take(BATCH_WRITES_MAX)
                if batch:
                    await self._finish(batch, is_alone=False)
        finally:
            self._serving = None

    def _run_alone(self, writes: Sequence[PendingWrite]) -> None:
        for pending in writes:
            try:
                self._line_alone.join(pending)
            except StorageBusyError as error:
                if not pending.waiter.done():
                    pending.waiter.set_exception(error)
        for _ in range(min(len(self._line_alone), ALONE_MAX - len(self._tasks))):
            self._tasks.add(asyncio.get_running_loop().create_task(self._serve_alone()))

    async def _serve_alone(self) -> None:
        """Run batches of one body until none waits."""
        try:
            while batch := self._line_alone.take(1):
                await self._finish(batch, is_alone=True)
        finally:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.discard(task)

    async def _finish(self, writes: list[PendingWrite], *, is_alone: bool) -> None:
        """Run a batch to its end, and tell those who wait. Never raises."""
        try:
            batch = await self._commit(writes, is_alone=is_alone)
        except Exception as error:
            if len(writes) > 1 and not _is_of_all(error):
                # It may be one body's; the others are not to suffer from it.
                self._run_alone([each for each in writes if not each.waiter.done()])
                return
            for pending in writes:
                if not pending.waiter.done():
                    pending.waiter.set_exception(own_error(error))
            return
        for pending, run in batch.done:
            if pending.waiter.done():
                continue
            if run.error is not None:
                pending.waiter.set_exception(run.error)
            else:
                pending.waiter.set_result(run.result)

    async def _commit(self, writes: list[PendingWrite], *, is_alone: bool) -> Batch:
        """Try a batch until it is committed; `writes` loses those that are run alone instead.

        Raises StorageError, or OverflowError, and then nothing has happened; StorageUnknownError
        if that is not known.
        """
        deadline = asyncio.get_running_loop().time() + self._patience.limit_s
        found, pause_s = Found(), _PAUSE_S
        lost: list[Batch] = []
        while True:
            batch = Batch(
                writes,
                found,
                self._sessions.recall,
                is_checked_later=self._sessions.is_checked_later,
            )
            try:
                is_committed = await self._try(batch, writes, lost, is_alone=is_alone)
            except CommitLostError as error:
                self._patience.saw(error.__cause__)
                if await self._was_committed(error, deadline):
                    return batch
                if asyncio.get_running_loop().time() > deadline:
                    raise storage_error(error.__cause__ or error) from error.__cause__
                found = Found()
            except FAILURES as error:
                self._patience.saw(error)
                batch.give_up()
                if not await self._patience.pause(error, pause_s, deadline):
                    raise storage_error(error) from error
                found, pause_s = Found(), min(pause_s * 2, _PAUSE_MAX_S)
            except BaseException:
                batch.give_up()
                raise
            else:
                self._patience.saw(None)
                if is_committed:
                    return batch
                lost.append(batch)
                if asyncio.get_running_loop().time() > deadline:
                    raise StorageBusyError("too many transactions want the same")

    async def _was_committed(self, lost: CommitLostError, deadline: float) -> bool:
        """Find out what became of a commit, for which there is a moment even past the deadline."""
        try:
            return await self._patience.insist(
                lambda: was_committed(self._connections, lost.writer, lost.serial),
                until=max(deadline, asyncio.get_running_loop().time() + DOWN_DEADLINE_S),
            )
        except StorageError as error:
            raise StorageUnknownError("it is not known what became of a commit") from error

    async def _try(
        self, batch: Batch, writes: list[PendingWrite], lost: Sequence[Batch], *, is_alone: bool
    ) -> bool:
        async with self._sessions.begin(lost) as session:
            await session.prepare(batch)
            batch.advance()
            while not batch.is_done:
                if not is_alone:
                    away = batch.send_away(rounds_max=_ROUNDS_MAX)
                    for pending in away:
                        writes.remove(pending)
                    self._run_alone(away)
                    if batch.is_done:
                        break
                await session.fetch(batch.ask(), batch)
                batch.advance()
            return await session.commit(batch)


_OF_ALL: Final = (Failure.LOST, Failure.TRANSIENT, Failure.CONFLICT, Failure.FULL)


def _is_of_all(error: Exception) -> bool:
    """Whether each body of a batch would have failed in the same way."""
    outcome = StorageBusyError | StorageUnknownError
    return isinstance(error, outcome) or failure_of(error.__cause__ or error) in _OF_ALL
