"""The embedded engine: one SQLite file, or nothing on disk at all.

`open_sqlite` opens it; both kinds are an `Engine` and nothing more. The file engine reads through
`_readers.py` and writes through `_group_commit.py`; the memory engine does both in place.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import apsw

from genset.storage._connections import (
    open_memory,
    open_reader,
    open_writer,
    prepare_database,
    storage_error,
)
from genset.storage._group_commit import GroupCommit
from genset.storage._kept_log import KeptLog, kept_log_path
from genset.storage._marks import Marks
from genset.storage._readers import Readers
from genset.storage._snapshots import ReadSnapshot
from genset.storage._step import run_to_end
from genset.storage._write_connection import PendingWrite, WriteConnection, decode_counters
from genset.storage.engine import (
    Durability,
    Engine,
    Inspection,
    Snapshot,
    StorageClosedError,
    StorageError,
    Transaction,
)
from genset.storage.write_lock import WriteLock

T = TypeVar("T")


def open_sqlite(
    path: Path | None, *, durability: Durability = "full", vfs: str | None = None
) -> Engine:
    """Open the engine on the file at `path`, created if absent, or in memory if it is None.

    With `durability` "full" each commit is fsync'ed before its writes return; "relaxed" leaves
    that to the kernel: a crash of the process still loses nothing, a power cut loses the last
    moments but never corrupts. `vfs` names a registered SQLite VFS other than the default.

    Opens files and blocks for some milliseconds. In a process that forks, open it afterwards.
    Raises StorageFormatError for a file that is not genset's or of a newer format, and
    StorageError if it cannot be opened.
    """
    if path is None:
        return MemoryEngine()
    try:
        return FileEngine(path, durability, vfs)
    except apsw.Error as error:
        raise storage_error(error) from error


def decoded(pairs: list[tuple[bytes, bytes]]) -> list[tuple[bytes, tuple[int, ...]]]:
    """Stored counters, of a range that holds only such."""
    return [(key, decode_counters(stored)) for key, stored in pairs]


class FileEngine:
    """`Engine` on a SQLite file that other processes may have open too."""

    lags = False

    def __init__(self, path: Path, durability: Durability, vfs: str | None) -> None:
        prepare_database(path, vfs=vfs)
        open_write = partial(open_writer, path, durability, vfs=vfs)
        with contextlib.ExitStack() as opened:
            self._readers = Readers(partial(open_reader, path, vfs=vfs))
            opened.callback(self._readers.close)
            kept_log = KeptLog(kept_log_path(path))
            writer = WriteConnection(open_write(), open_write, kept_log)
            opened.callback(writer.close)
            # A directory has one leader, and a lock that its holder keeps until it ends.
            self._leadership = WriteLock(path.with_name("lead.lock"))
            opened.callback(self._leadership.close)
            self._writes = GroupCommit(writer, WriteLock(path.with_name("write.lock")))
            opened.pop_all()
        self._leads = False
        self._closing: asyncio.Task[None] | None = None

    def read(
        self, body: Callable[[Snapshot], Awaitable[T]], *, consistent: bool = True
    ) -> Coroutine[Any, Any, T]:
        """See `Engine.read`; every read is consistent."""
        return self._readers.read(body)

    def write(self, body: Callable[[Transaction], Awaitable[T]]) -> Coroutine[Any, Any, T]:
        """See `Engine.write`."""
        return self._writes.write(body)

    async def scan_counters(
        self, start: bytes, stop: bytes, *, limit: int
    ) -> list[tuple[bytes, tuple[int, ...]]]:
        """See `Engine.scan_counters`."""
        return decoded(await self.read(lambda snapshot: snapshot.scan(start, stop, limit=limit)))

    def inspect(self, body: Callable[[Inspection], Awaitable[T]]) -> Coroutine[Any, Any, T]:
        """See `Inspectable.inspect`. While it lasts, the log grows with what is written."""
        return self._readers.read(body)

    async def lead(self) -> bool:
        """See `Engine.lead`."""
        if self._closing is not None:
            raise StorageClosedError("the storage has been closed")
        self._leads = self._leads or self._leadership.acquire_now()
        return self._leads

    async def close(self) -> None:
        """See `Engine.close`."""
        if self._closing is None:
            self._readers.refuse()
            self._writes.refuse()
            self._closing = asyncio.get_running_loop().create_task(self._close())
        # A caller that gives up does not leave the files half closed.
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self._leadership.close()
        await self._writes.drain()
        await self._readers.drain()
        # The writer last: SQLite removes the log when the last connection closes.
        self._readers.close()
        await self._writes.close()


class MemoryEngine:
    """`Engine` on a private in-memory database. Everything runs in place, one after the other.

    It can go back to a state that was marked. That, and marking, takes as long as what has changed
    since is large, whatever else is there.
    """

    lags = False

    def __init__(self) -> None:
        self._connection = open_memory()
        self._writer = WriteConnection(self._connection)
        self._execute = self._connection.cursor().execute
        self._marks = Marks(self._execute, self._connection.total_changes)
        self._is_broken = False
        self._closed = False

    def set_mark(self) -> int:
        """Mark the present state, to which `go_back` can return any number of times."""
        self._check_open()
        return self._marks.set()

    def present_mark(self) -> int:
        """A mark of the present state, which others may use too: it is not to be given up."""
        self._check_open()
        return self._marks.present()

    def go_back(self, mark: int) -> None:
        """Be as when `mark` was set. Marks set since then are gone. Raises KeyError for such."""
        self._check_not_closed()
        self._marks.go_back(mark)
        self._is_broken = False

    def forget_mark(self, mark: int) -> None:
        """Give `mark` up, and those set since then; the state stays. Raises KeyError."""
        self._check_open()
        self._marks.forget(mark)

    async def read(self, body: Callable[[Snapshot], Awaitable[T]], *, consistent: bool = True) -> T:
        """See `Engine.read`. Nothing can change while it runs, so it needs no transaction."""
        return self._run(body)

    async def inspect(self, body: Callable[[Inspection], Awaitable[T]]) -> T:
        """See `Inspectable.inspect`."""
        return self._run(body)

    def _run(self, body: Callable[[ReadSnapshot], Awaitable[T]]) -> T:
        self._check_open()
        snapshot = ReadSnapshot(self._execute)
        snapshot.unbind()
        try:
            return run_to_end(body(snapshot))
        except apsw.Error as error:
            raise storage_error(error) from error
        finally:
            snapshot.end()

    async def write(self, body: Callable[[Transaction], Awaitable[T]]) -> T:
        """See `Engine.write`. Durable as long as the process is."""
        self._check_open()
        write = PendingWrite(body)
        if self._marks:
            self._run_marked(write)
        else:
            self._writer.run_batch(deque([write]))
        if write.error is not None:
            raise write.error
        result: T = write.result
        return result

    async def scan_counters(
        self, start: bytes, stop: bytes, *, limit: int
    ) -> list[tuple[bytes, tuple[int, ...]]]:
        """See `Engine.scan_counters`."""
        return decoded(await self.read(lambda snapshot: snapshot.scan(start, stop, limit=limit)))

    async def lead(self) -> bool:
        """See `Engine.lead`. There is no other process."""
        self._check_open()
        return True

    async def close(self) -> None:
        """See `Engine.close`. All that was written is gone."""
        if not self._closed:
            self._closed = True
            self._writer.close()

    def _run_marked(self, write: PendingWrite) -> None:
        # Nothing but SQLite's memory can fail a write halfway, so it is not worth a savepoint of
        # its own, for which SQLite would copy each page that the write touches.
        self._is_broken = True
        self._writer.run_in_open_transaction(write)
        self._is_broken = isinstance(write.error, StorageError)

    def _check_not_closed(self) -> None:
        if self._closed:
            raise StorageClosedError("the storage has been closed")

    def _check_open(self) -> None:
        self._check_not_closed()
        if self._is_broken:
            raise StorageError("a write failed halfway; only going back to a mark repairs that")
