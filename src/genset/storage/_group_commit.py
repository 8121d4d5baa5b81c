"""Group commit: all writes that wait are run in one transaction and share its fsync.

Writes wait in one queue. One batch at a time takes the lock between processes, runs its bodies, in
the event loop if the lock is free, and is committed in the writer thread. Its answers go back to
the loop together.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from genset.storage._write_connection import BATCH_BODIES_MAX, PendingWrite, WriteConnection
from genset.storage.engine import StorageClosedError, StorageError, Transaction
from genset.storage.write_lock import WriteLock

T = TypeVar("T")

# Frames (pages) in the log after which it is copied into the database: 8 MB. Measured, a
# checkpoint of 500 scattered pages takes 5 to 10 ms, so it must be rare; a longer log makes each
# of its pages slower to find, and recovery after a crash longer.
CHECKPOINT_FRAMES: Final = 1000
# The same after no write for a while, so that the pause of a busy server rarely falls on anyone.
IDLE_CHECKPOINT_FRAMES: Final = 100
IDLE_SECONDS: Final = 1.0
# Keys that a batch may change in the event loop, some milliseconds' worth; the rest of what waits
# is the next batch's.
INLINE_CHANGES_MAX: Final = 128


class GroupCommit:
    """The queue of writes and the thread that commits them. All calls are made in the loop."""

    def __init__(self, connection: WriteConnection, lock: WriteLock) -> None:
        self._connection = connection
        self._lock = lock
        self._waiting: deque[PendingWrite] = deque()
        self._busy = False
        self._closed = False
        self._drained: asyncio.Future[None] | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        # What `log_frames` was when the log was last copied: it grows on from there if some
        # reader still needed it, and starts over otherwise.
        self._copied_frames = 0
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="genset-write")

    async def write(self, body: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `body` in the next batch and return its result when that is durable.

        See `Engine.write`. A caller that is cancelled leaves the queue if its body has not run
        yet; otherwise the write is finished without it.
        """
        if self._closed:
            raise StorageClosedError("the storage has been closed")
        loop = asyncio.get_running_loop()
        write = PendingWrite(body, loop.create_future())
        self._waiting.append(write)
        if not self._busy:
            self._busy = True
            loop.call_soon(self._gather, 1)
        try:
            await write.waiter
        except asyncio.CancelledError:
            write.cancelled = True
            raise
        if write.error is not None:
            raise write.error
        result: T = write.result
        return result

    def refuse(self) -> None:
        """Answer StorageClosedError from now on; what was accepted goes on."""
        self._closed = True

    async def drain(self) -> None:
        """Wait until every accepted write has been answered."""
        while self._busy:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    async def close(self) -> None:
        """Copy the log into the database, close the connection and end the thread, once drained."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._executor, self._finish)
        finally:
            self._executor.shutdown()
            self._lock.close()

    def _gather(self, had: int) -> None:
        """Start a batch once a turn of the loop has brought no write more than it `had` before.

        Clients that were answered together write again together, and one commit for all of them
        costs hardly more than one for each; a lone writer waits for one turn.
        """
        if had < len(self._waiting) < BATCH_BODIES_MAX:
            asyncio.get_running_loop().call_soon(self._gather, len(self._waiting))
        else:
            self._start_batch()

    def _start_batch(self) -> None:
        """Run what waits and commit it, the commit in the writer thread.

        The bodies run here, in the loop: two threads that both run Python would take turns at
        every call of SQLite, and wait for each other at each of them. But if another process
        writes, the thread waits for it, and then runs the bodies at once, for that process waits
        for us in turn.
        """
        work = self._commit_batch
        if self._lock.acquire_now():
            if self._connection.begin_now():
                self._connection.run_bodies(self._waiting, changes_max=INLINE_CHANGES_MAX)
                work = self._commit_bodies
            else:
                self._lock.release()
        running = asyncio.get_running_loop().run_in_executor(self._executor, work)
        running.add_done_callback(self._batch_done)

    def _commit_bodies(self) -> list[PendingWrite]:
        """Commit what has run, in the writer thread, which has the lock."""
        try:
            return self._connection.commit_batch()
        finally:
            self._lock.release()

    def _commit_batch(self) -> list[PendingWrite]:
        """Run one batch in the writer thread. It holds what came while waiting for the lock."""
        try:
            self._lock.acquire()
        except OSError as error:
            failed = [self._waiting.popleft() for _ in range(len(self._waiting))]
            for write in failed:
                write.error = StorageError("the write lock cannot be taken")
                write.error.__cause__ = error
            return failed
        try:
            return self._connection.run_batch(self._waiting)
        finally:
            self._lock.release()

    def _batch_done(self, running: asyncio.Future[list[PendingWrite]]) -> None:
        for write in running.result():
            if not write.waiter.done():
                write.waiter.set_result(None)
        grown = self._connection.log_frames - self._copied_frames
        if grown < 0:
            self._copied_frames, grown = 0, self._connection.log_frames
        if grown >= CHECKPOINT_FRAMES:
            self._start_checkpoint()
        else:
            self._next(grown)

    def _start_checkpoint(self) -> None:
        # After the answers, so that nobody who already has committed waits for it.
        self._busy = True
        self._copied_frames = self._connection.log_frames
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._executor, self._connection.checkpoint)
        running.add_done_callback(self._checkpoint_done)

    def _checkpoint_done(self, running: asyncio.Future[None]) -> None:
        running.result()
        self._next(0)

    def _next(self, grown: int) -> None:
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._gather, 0)
            return
        self._busy = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        if grown >= IDLE_CHECKPOINT_FRAMES and self._idle_timer is None:
            loop = asyncio.get_running_loop()
            self._idle_timer = loop.call_later(IDLE_SECONDS, self._idle)

    def _idle(self) -> None:
        self._idle_timer = None
        if not self._busy:
            self._start_checkpoint()

    def _finish(self) -> None:
        self._connection.checkpoint()
        self._connection.close()
