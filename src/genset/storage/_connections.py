"""Opens SQLite connections: tuning, schema, format version, and one table of its errors as ours.

It knows nothing of transactions or threads. Nothing outside `genset.storage` imports it.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import apsw

from genset.storage._kept_log import KeptLog, kept_log_path
from genset.storage.engine import Durability, StorageError, StorageFullError

# "gens" in ASCII: it tells our files from any other SQLite database (see `file(1)`).
APPLICATION_ID: Final = 0x67656E73
# Raised by every change that an older genset could not read.
FORMAT_VERSION: Final = 1

# WITHOUT ROWID keeps whole rows in interior pages too, so the fan-out is the page size over the
# size of an item. 8 KB makes the tree of a million small items one level lower than 4 KB does, and
# measured commits are no slower; 16 KB doubled what a commit of scattered writes has to flush.
PAGE_BYTES: Final = 8192
WRITE_CACHE_KIB: Final = 16 * 1024
READ_CACHE_KIB: Final = 16 * 1024
# A log that one long read let grow is cut back to this when it starts over.
LOG_BYTES_KEPT: Final = 64 * 1024 * 1024
BUSY_TIMEOUT_MS: Final = 10_000
# A page of the kernel: a full tmpfs refuses larger writes over what is there.
_REWRITTEN_BYTES: Final = 4096
# A connection is never used by two threads at once, so it needs no lock of its own, which SQLite
# would take for every row: without it, a scan takes a seventh less.
_OPEN_FLAGS: Final = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_NOMUTEX

GET: Final = "SELECT value FROM kv WHERE key = ?"
SCAN: Final = "SELECT key, value FROM kv WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
SCAN_REVERSE: Final = (
    "SELECT key, value FROM kv WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?"
)
PUT: Final = (
    "INSERT INTO kv (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value=excluded.value"
)
DELETE: Final = "DELETE FROM kv WHERE key = ?"
DELETE_RANGE: Final = "DELETE FROM kv WHERE key >= ? AND key < ?"

_SCHEMA = "CREATE TABLE kv (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"


class StorageFormatError(StorageError):
    """The file is not genset's, or was written by a newer genset."""


def storage_error(error: Exception) -> StorageError:
    """The error of ours that a failure in SQLite is answered as; the caller chains `error`."""
    # SHMSIZE is how a full disk shows when the index of the log, not the log, has to grow.
    full = isinstance(error, apsw.FullError) or (
        getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_SHMSIZE
    )
    if full:
        return StorageFullError("there is no room left on the disk")
    return StorageError(f"the storage failed ({type(error).__name__})")


def prepare_database(path: Path, *, vfs: str | None = None) -> None:
    """Create the database at `path` if there is none, and check that this genset can use it.

    Raises StorageFormatError, or StorageError if the file cannot be opened or read.
    """
    connection = _connect(str(path), vfs)
    try:
        keep_log(connection)
        _ensure_format(connection, path)
        _make_durable(connection, path, vfs)
    except apsw.NotADBError as error:
        raise StorageFormatError(f"{path} is not a genset database") from error
    except apsw.Error as error:
        raise storage_error(error) from error
    finally:
        close(connection)


def open_writer(path: Path, durability: Durability, *, vfs: str | None = None) -> apsw.Connection:
    """A connection for the one writer: it never checkpoints unless it is told to."""
    connection = _connect(str(path), vfs)
    with _closed_on_error(connection):
        connection.pragma("synchronous", "FULL" if durability == "full" else "NORMAL")
        connection.pragma("cache_size", -WRITE_CACHE_KIB)
        connection.pragma("journal_size_limit", LOG_BYTES_KEPT)
        connection.wal_autocheckpoint(0)
        # The build's default overwrites freed pages with zeros, which doubles what a delete writes.
        connection.pragma("secure_delete", False)
        if sys.platform == "darwin":
            # There, fsync alone does not reach the platter.
            connection.pragma("fullfsync", True)
            connection.pragma("checkpoint_fullfsync", True)
    return connection


def open_reader(path: Path, *, vfs: str | None = None) -> apsw.Connection:
    """A connection that can only read."""
    connection = _connect(str(path), vfs)
    with _closed_on_error(connection):
        connection.pragma("cache_size", -READ_CACHE_KIB)
        connection.pragma("query_only", True)
    return connection


def close(connection: apsw.Connection) -> None:
    """Close a connection, on whatever disk.

    The last one to close also copies the log into the database and removes it. If that fails,
    nothing is lost: the log is still there, and whoever opens the database next reads it.
    """
    with contextlib.suppress(apsw.Error):
        connection.close()


def keep_log(connection: apsw.Connection, kept: bool = True) -> None:
    """Whether the connection, if it is the last to close, leaves the log alone.

    Else it copies the log into the database and removes it.
    """
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, kept)


def open_memory() -> apsw.Connection:
    """A private database that is gone when the connection closes; nothing is on disk."""
    connection = _connect(":memory:", None)
    connection.pragma("page_size", PAGE_BYTES)
    connection.pragma("secure_delete", False)
    connection.execute(_SCHEMA)
    return connection


def _connect(name: str, vfs: str | None) -> apsw.Connection:
    try:
        connection = apsw.Connection(name, _OPEN_FLAGS, vfs)
    except apsw.Error as error:
        raise StorageError(f"cannot open {name} ({type(error).__name__})") from error
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    return connection


@contextlib.contextmanager
def _closed_on_error(connection: apsw.Connection) -> Iterator[None]:
    """Close a connection that cannot be set up."""
    try:
        yield
    except apsw.Error:
        close(connection)
        raise


def _ensure_format(connection: apsw.Connection, path: Path) -> None:
    if _is_empty(connection):
        connection.pragma("page_size", PAGE_BYTES)
        connection.pragma("journal_mode", "wal")
        connection.execute("BEGIN IMMEDIATE")
        # Another process may have been first: the check counts only under the lock.
        if _is_empty(connection):
            connection.execute(_SCHEMA)
            connection.pragma("application_id", APPLICATION_ID)
            connection.pragma("user_version", FORMAT_VERSION)
        connection.execute("COMMIT")
    if connection.pragma("application_id") != APPLICATION_ID:
        raise StorageFormatError(f"{path} is not a genset database")
    version = connection.pragma("user_version")
    if version > FORMAT_VERSION:
        raise StorageFormatError(
            f"{path} has storage format {version}, written by a newer genset; "
            f"this one reads formats up to {FORMAT_VERSION}"
        )


def _make_durable(connection: apsw.Connection, path: Path, vfs: str | None) -> None:
    """Sync what a process that was killed has left in the log, before anybody is shown it."""
    try:
        _rewrite_log(connection, f"{path}-wal", vfs)
        if KeptLog(kept_log_path(path)).is_kept():
            return
        keep_log(connection, False)
        with contextlib.suppress(apsw.FullError):
            # Where there is no room for the copy, the log stays what is read.
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
    except apsw.BusyError:
        # Another process is at it, so it has looked after this before.
        return


def _rewrite_log(connection: apsw.Connection, log: str, vfs: str | None) -> None:
    """Write the log over itself, which needs no room, and sync it. Raises apsw.Error.

    The last commits in it may have been killed before their sync, or just after a sync that failed:
    they are there, but a power cut would take them away again, from under those who have read them
    since, and with them all that was written behind them; or, in the middle of a copy into the
    database, the very log that would repair the copy. A sync alone does not do: after one that has
    failed, the kernel takes the pages it could not write for written.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        file = apsw.VFSFile(vfs or "", log, [apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_READWRITE, 0])
        try:
            end = file.xFileSize()
            for offset in range(0, end, _REWRITTEN_BYTES):
                size = min(_REWRITTEN_BYTES, end - offset)
                file.xWrite(file.xRead(size, offset), offset)
            if end:
                file.xSync(apsw.SQLITE_SYNC_FULL)
        finally:
            file.xClose()
    finally:
        connection.execute("ROLLBACK")


def _is_empty(connection: apsw.Connection) -> bool:
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").get
    application_id = connection.pragma("application_id")
    return (tables, application_id) == (0, 0)
