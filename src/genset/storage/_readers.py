"""Runs read bodies: short ones in the event loop, long ones in reader threads.

Each read has a connection of its own for as long as it lasts, and a connection is never used by
two at once: one that a thread works with comes back when the thread is done, not when the caller
stops waiting.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

import apsw

from genset.storage._connections import close, storage_error
from genset.storage._snapshots import ReadSnapshot
from genset.storage._step import MOVE, BodySuspendedError
from genset.storage.engine import StorageClosedError

T = TypeVar("T")

# Long reads at a time; more wait in the order in which they became long. Python runs one thread
# at a time, so more threads than this would only share the same processor more finely.
LONG_READS_MAX: Final = 4


class Readers:
    """The read connections, and the threads for long reads. All calls are made in the loop."""

    def __init__(self, open_connection: Callable[[], apsw.Connection]) -> None:
        # One more than long reads can take, so that there is always one for the event loop. The
        # one given back last is taken first: its page cache is the warm one.
        self._idle: list[_Reader] = []
        try:
            for _ in range(LONG_READS_MAX + 1):
                self._idle.append(_Reader(open_connection()))
        except BaseException:
            for reader in self._idle:
                reader.close()
            raise
        self._long_reads = 0
        self._closed = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._drained: asyncio.Future[None] | None = None
        self._executor = ThreadPoolExecutor(LONG_READS_MAX, thread_name_prefix="genset-read")

    async def read(self, body: Callable[[ReadSnapshot], Awaitable[T]]) -> T:
        """Run `body` on a view of its own and return its result. See `Engine.read`."""
        if self._closed:
            raise StorageClosedError("the storage has been closed")
        reader = self._idle.pop()
        snapshot = ReadSnapshot(reader.execute)
        try:
            reader.begin()
            steps: Any = body(snapshot).__await__()
            yielded = steps.send(None)
        except StopIteration as finished:
            self._give_back(reader, snapshot)
            result: T = finished.value
            return result
        except apsw.Error as error:
            self._give_back(reader, snapshot)
            raise storage_error(error) from error
        except BaseException:
            self._give_back(reader, snapshot)
            raise
        if yielded is MOVE and self._long_reads < LONG_READS_MAX:
            self._long_reads += 1
            return await self._in_thread(reader, snapshot, partial(reader.go_on, snapshot, steps))
        steps.close()
        self._give_back(reader, snapshot)
        if yielded is not MOVE:
            raise BodySuspendedError("a read's body may await only its snapshot")
        return await self._read_in_turn(body)

    def refuse(self) -> None:
        """Answer StorageClosedError from now on; what runs or waits goes on."""
        self._closed = True

    async def drain(self) -> None:
        """Wait until no long read is running or waiting."""
        while self._long_reads:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    def close(self) -> None:
        """Close the connections and end the threads, once drained."""
        self._executor.shutdown()
        for reader in self._idle:
            reader.close()

    async def _read_in_turn(self, body: Callable[[ReadSnapshot], Awaitable[T]]) -> T:
        """Run `body` in a thread from its start, when one is free.

        The view that it began with has been given up: so the connections stay few, and no view
        grows old in a queue, which would keep the log from being emptied.
        """
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._pass_turn()
            raise
        reader = self._idle.pop()
        snapshot = ReadSnapshot(reader.execute)
        return await self._in_thread(reader, snapshot, partial(reader.run, snapshot, body))

    async def _in_thread(self, reader: _Reader, snapshot: ReadSnapshot, work: Callable[[], T]) -> T:
        snapshot.unbind()
        running = asyncio.get_running_loop().run_in_executor(self._executor, work)
        running.add_done_callback(partial(self._thread_done, reader))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            snapshot.abandon()
            raise

    def _thread_done(self, reader: _Reader, running: asyncio.Future[Any]) -> None:
        # How it ended is of no interest if who waited has gone: else asyncio would complain.
        if not running.cancelled():
            running.exception()
        self._idle.append(reader)
        self._pass_turn()

    def _pass_turn(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._long_reads -= 1
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def _give_back(self, reader: _Reader, snapshot: ReadSnapshot) -> None:
        snapshot.end()
        reader.end()
        self._idle.append(reader)


class _Reader:
    """One read connection."""

    __slots__ = ("_connection", "execute")

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        # One cursor for all: making one costs as much as reading a row.
        self.execute: Callable[..., apsw.Cursor] = connection.cursor().execute

    def begin(self) -> None:
        self.execute("BEGIN")

    def end(self) -> None:
        """End the view, if SQLite has not ended it on an error. Never raises."""
        try:
            self.execute("COMMIT")
        except apsw.Error:
            if self._connection.in_transaction:
                self.execute("ROLLBACK")

    def run(self, snapshot: ReadSnapshot, body: Callable[[ReadSnapshot], Awaitable[T]]) -> T:
        """Run `body` from its start. For a thread."""
        try:
            self.begin()
        except apsw.Error as error:
            raise storage_error(error) from error
        return self.go_on(snapshot, body(snapshot).__await__())

    def go_on(self, snapshot: ReadSnapshot, steps: Any) -> T:  # type: ignore[type-var]
        """Run a started body to its end. For a thread."""
        try:
            steps.send(None)
        except StopIteration as finished:
            result: T = finished.value
            return result
        except apsw.Error as error:
            raise storage_error(error) from error
        finally:
            snapshot.end()
            self.end()
        steps.close()
        raise BodySuspendedError("a read's body may await only its snapshot")

    def close(self) -> None:
        close(self._connection)
