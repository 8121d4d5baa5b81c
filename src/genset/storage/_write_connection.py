"""Runs batches of write bodies on one SQLite connection: one transaction, one commit, one fsync.

It is blocking and single-threaded, and knows neither the event loop nor who waits for an answer;
`_group_commit.py` calls it in its thread, and the memory engine in place.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, Final, cast

import apsw

from genset.storage import _connections as sql
from genset.storage._changes import COUNTER_MAX, COUNTER_MIN, Changes, Pair, sum_counters
from genset.storage._kept_log import KeptLog
from genset.storage._step import run_to_end
from genset.storage.engine import StorageError, Transaction, put_over

COUNTER_BYTES: Final = 8

WriteBody = Callable[[Transaction], Awaitable[Any]]

# Bounds of one batch, so that the lock is not held, and memory not used, without end.
BATCH_BODIES_MAX: Final = 128
BATCH_CHANGED_BYTES_MAX: Final = 32 * 1024 * 1024


class PendingWrite:
    """A body and, once its batch has ended, its outcome; `waiter` is the caller's business."""

    __slots__ = ("body", "cancelled", "error", "result", "waiter")

    def __init__(self, body: WriteBody, waiter: Any = None) -> None:
        self.body = body
        self.waiter = waiter
        # Set when nobody waits any more: a body that has not run yet is then left out.
        self.cancelled = False
        self.result: Any = None
        self.error: BaseException | None = None


class WriteConnection:
    """The connection that writes, replaced through `reopen`, if given, when it does not recover.

    A file's has a `kept_log`.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        reopen: Callable[[], apsw.Connection] | None = None,
        kept_log: KeptLog | None = None,
    ) -> None:
        self._connection = connection
        self._reopen = reopen
        self._kept_log = kept_log
        self._execute: Callable[..., apsw.Cursor] = connection.cursor().execute
        # The counters changed by the batch so far, each stored once, however many bodies add to it.
        self._counters: dict[bytes, tuple[int, ...]] = {}
        # The batch that is running or waits for its commit, and what has failed in it.
        self._batch: list[PendingWrite] = []
        self._failure: Exception | None = None
        # Whether the log still holds a commit that failed; the next one that succeeds replaces it.
        self._is_unrepaired = False
        self.log_frames = 0
        self._connection.set_wal_hook(self._committed)

    def run_batch(self, waiting: deque[PendingWrite]) -> list[PendingWrite]:
        """Take writes from `waiting`, run them in order, commit, and return them with outcomes.

        A body that raises keeps its exception and changes nothing. If the storage fails, every
        write of the batch has a StorageError and nothing of it has happened. Never raises.
        """
        try:
            self._execute("BEGIN IMMEDIATE")
        except Exception as error:  # The top of the writer: the batch fails, the engine goes on.
            batch = [waiting.popleft() for _ in range(len(waiting))]
            self._fail(batch, error)
            self._recover(committing=False)
            return batch
        self.run_bodies(waiting)
        return self.commit_batch()

    def begin_now(self) -> bool:
        """Begin a batch, if that needs no waiting for another program; whether it did."""
        self._connection.set_busy_timeout(0)
        try:
            self._execute("BEGIN IMMEDIATE")
        except apsw.Error:
            # `run_batch` meets it again, if it is not only somebody else's transaction.
            return False
        finally:
            self._connection.set_busy_timeout(sql.BUSY_TIMEOUT_MS)
        return True

    def run_bodies(self, waiting: deque[PendingWrite], *, changes_max: int | None = None) -> None:
        """Take writes from `waiting` into the batch that has begun, and run them in order.

        The batch is full after so many bodies or bytes, or once over `changes_max` keys are
        changed. What fails here is kept for `commit_batch`. Never raises.
        """
        try:
            self._run_waiting(waiting, changes_max)
        except Exception as error:  # As in `run_batch`.
            self._failure = error

    def commit_batch(self) -> list[PendingWrite]:
        """End the batch, in whatever thread, and return its writes with outcomes. Never raises."""
        batch, self._batch = self._batch, []
        error, self._failure = self._failure, None
        committing = error is None
        try:
            if committing:
                self._execute("COMMIT")
        except Exception as failure:  # As in `run_batch`.
            error = failure
        if error is not None:
            self._fail(batch, error)
            self._recover(committing)
        return batch

    def run_in_open_transaction(self, write: PendingWrite) -> None:
        """Run a write in a transaction that somebody else has begun, and ends.

        If the storage fails, the write has a StorageError, and a part of its changes may be in the
        transaction, which must not be committed then.
        """
        self.run_bodies(deque([write]))
        batch, self._batch = self._batch, []
        error, self._failure = self._failure, None
        if error is not None:
            self._fail(batch, error)

    def checkpoint(self) -> None:
        """Copy what the log holds into the database, as far as no reader still needs the log.

        A failure costs nothing but a longer log: the data stays in it, and the next one retries,
        but after a sync that failed (`_kept_log`).
        """
        if self._is_unrepaired:
            # No write has come since, and this may be the last call before the end.
            self._recover(committing=True)
        kept_log = self._kept_log
        if kept_log is not None and kept_log.is_kept():
            return
        try:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.Error as error:
            # Be it of the log or of the database: which one it was is not told.
            failed_sync = getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_FSYNC
            if failed_sync and kept_log is not None:
                kept_log.keep()
                sql.keep_log(self._connection)

    def close(self) -> None:
        """Close the connection.

        If no other process has the file open, SQLite removes the log, unless that is to be kept.
        """
        if self._kept_log is not None and self._kept_log.is_kept():
            sql.keep_log(self._connection)
        sql.close(self._connection)

    def _committed(self, _connection: apsw.Connection, _database: str, frames: int) -> int:
        self.log_frames = frames
        self._is_unrepaired = False
        return apsw.SQLITE_OK

    def _run_waiting(self, waiting: deque[PendingWrite], changes_max: int | None) -> None:
        batch = self._batch
        changes = changed_bytes = 0
        while waiting and len(batch) < BATCH_BODIES_MAX:
            batch.append(waiting.popleft())
            if not batch[-1].cancelled:
                changed = self._run(batch[-1])
                if changed is not None:
                    changes += changed.change_count
                    changed_bytes += changed.changed_bytes
            if changed_bytes > BATCH_CHANGED_BYTES_MAX or (
                changes_max is not None and changes > changes_max
            ):
                break
        for key, counters in self._counters.items():
            self._execute(sql.PUT, (key, encode_counters(counters)))
        self._counters.clear()

    def _run(self, write: PendingWrite) -> Changes | None:
        """Run one body and store its changes; None if it raised. Raises apsw.Error only."""
        transaction = WriteTransaction(self._execute, self._counters)
        try:
            write.result = run_to_end(write.body(transaction))
            totals = transaction.counter_totals()
        except apsw.Error:
            raise
        except BaseException as error:
            # Whatever it is belongs to this caller; the thread and the rest of the batch go on.
            write.error = error
            return None
        finally:
            transaction.end()
        # SQLite ends the transaction itself on some errors. If the body has swallowed one, what
        # follows would be committed piece by piece.
        if not self._connection.in_transaction:
            raise apsw.AbortError("the transaction was rolled back under its body")
        transaction.store(self._execute, self._counters)
        if totals:
            self._counters.update(totals)
        return transaction

    def _fail(self, batch: list[PendingWrite], error: Exception) -> None:
        self._counters.clear()
        for write in batch:
            failure = sql.storage_error(error)
            failure.__cause__ = error
            write.result, write.error = None, failure

    def _recover(self, committing: bool) -> None:
        """Undo the transaction and, if it failed `committing`, keep it from coming back."""
        self._is_unrepaired |= committing
        try:
            if self._connection.in_transaction:
                self._execute("ROLLBACK")
            if committing:
                self._replace_failed_commit()
        except apsw.Error:
            # The disk still fails. The next batch's commit takes the same place in the log.
            self._replace_connection()

    def _replace_failed_commit(self) -> None:
        """Commit something harmless in the place of a commit that failed. Raises apsw.Error.

        When the fsync of a commit fails, the log already holds the whole transaction with its
        commit mark: SQLite does not show it, but a recovery after a crash would. Another commit
        overwrites its first frame, and breaks the chain of checksums behind it. It also marks as
        dirty the pages that the kernel gave up on, which a second fsync alone would report as
        written.
        """
        self._execute("BEGIN IMMEDIATE")
        self._connection.pragma("user_version", sql.FORMAT_VERSION)
        self._execute("COMMIT")

    def _replace_connection(self) -> None:
        if self._reopen is None:
            return
        try:
            replacement = self._reopen()
        except (apsw.Error, StorageError):
            return
        # Closing rolls back what is still open in it.
        sql.close(self._connection)
        self._connection = replacement
        self._execute = replacement.cursor().execute
        replacement.set_wal_hook(self._committed)


class WriteTransaction(Changes):
    """`Transaction` over a connection inside BEGIN IMMEDIATE, and the batch's counters."""

    __slots__ = ("_counters", "_execute")

    def __init__(
        self, execute: Callable[..., apsw.Cursor], counters: dict[bytes, tuple[int, ...]]
    ) -> None:
        super().__init__()
        self._execute = execute
        self._counters = counters

    async def get(self, key: bytes) -> bytes | None:
        """See `Snapshot.get`."""
        return self._value(key)

    async def get_stable(self, key: bytes) -> bytes | None:
        """See `Snapshot.get_stable`."""
        return self._value(key)

    async def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """See `Snapshot.get_many`."""
        return [self._value(key) for key in keys]

    async def scan(
        self,
        start: bytes,
        stop: bytes,
        *,
        limit: int,
        bytes_max: int | None = None,
        reverse: bool = False,
    ) -> list[Pair]:
        """See `Snapshot.scan`."""
        statement = sql.SCAN_REVERSE if reverse else sql.SCAN

        def below(start: bytes, stop: bytes, limit: int) -> list[Pair]:
            pairs: Any = self._execute(statement, (start, stop, limit)).fetchall()
            return cast("list[Pair]", pairs)

        if self._values or self._removed:
            return self.merged_scan(below, start, stop, limit=limit, reverse=reverse)
        if bytes_max is None:
            return below(start, stop, limit)
        rows: Any = self._execute(statement, (start, stop, limit))
        return list(_until_bytes(rows, bytes_max))

    async def put_counted(self, key: bytes, value: bytes, counter: bytes) -> None:
        """See `Transaction.put_counted`."""
        put_over(self, key, self._value(key), value, counter)

    async def get_counters(self, key: bytes) -> tuple[int, ...]:
        """See `Snapshot.get_counters`."""
        return self._total(key)

    def counter_totals(self) -> dict[bytes, tuple[int, ...]]:
        """The counters this transaction adds to, as they will be.

        Raises OverflowError if one would not fit into 64 bits.
        """
        if not self._added:
            return {}
        totals = {key: self._total(key) for key in self._added}
        for key, counters in totals.items():
            if not all(COUNTER_MIN <= counter <= COUNTER_MAX for counter in counters):
                raise OverflowError(f"a counter at {key!r} leaves the range of 64 bits")
        return totals

    def store(
        self, execute: Callable[..., apsw.Cursor], counters: dict[bytes, tuple[int, ...]]
    ) -> None:
        """Make the changes to values in SQLite, and forget the counters they remove."""
        if self._removed:
            for start, stop in self._removed:
                execute(sql.DELETE_RANGE, (start, stop))
            for key in [key for key in counters if self.is_removed(key)]:
                del counters[key]
        for key, value in self._values.items():
            if value is None:
                execute(sql.DELETE, (key,))
                counters.pop(key, None)
            else:
                execute(sql.PUT, (key, value))

    def end(self) -> None:
        """Refuse further reads: the body has returned."""
        self._execute = refuse_ended

    def _value(self, key: bytes) -> bytes | None:
        if key in self._values:
            return self._values[key]
        if self._removed and self.is_removed(key):
            return None
        value: bytes | None = self._execute(sql.GET, (key,)).get
        return value

    def _total(self, key: bytes) -> tuple[int, ...]:
        added = self._added.get(key)
        if key in self._values or (self._removed and self.is_removed(key)):
            stored: tuple[int, ...] = ()
        elif key in self._counters:
            stored = self._counters[key]
        else:
            stored = decode_counters(self._execute(sql.GET, (key,)).get)
        return stored if added is None else sum_counters(stored, added)


def _until_bytes(rows: Iterable[Pair], bytes_max: int) -> Iterator[Pair]:
    """The first rows, up to the one that brings their values to so many bytes."""
    for row in rows:
        yield row
        bytes_max -= len(row[1])
        if bytes_max <= 0:
            return


def refuse_ended(*_arguments: Any) -> apsw.Cursor:
    """Stands in for a cursor once a body has returned: raises RuntimeError."""
    raise RuntimeError("a transaction was used after its body had returned")


def encode_counters(counters: tuple[int, ...]) -> bytes:
    """The stored form: 64-bit signed integers, one after the other."""
    return struct.pack(f">{len(counters)}q", *counters)


def decode_counters(stored: bytes | None) -> tuple[int, ...]:
    """The inverse of `encode_counters`; () for what was never stored."""
    return () if stored is None else struct.unpack(f">{len(stored) // COUNTER_BYTES}q", stored)
