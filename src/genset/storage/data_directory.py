"""The directory that a server keeps its data in, held by one server at a time.

Layout: `genset.db` (with SQLite's `-wal` and `-shm` beside it), `genset.lock` (held for as long as
a server, or any worker of it, lives; it contains the server's process id) and `write.lock` (see
`write_lock.py`).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from types import TracebackType

from genset.storage._connections import prepare_database
from genset.storage._kept_log import kept_log_path
from genset.storage.engine import StorageError


class DataDirectoryInUseError(StorageError):
    """Another server has the directory open."""


class DataDirectory:
    """An open data directory; close it, or use it in a `with` block, when the server ends.

    Opened once, before workers are forked. They inherit the lock, so a second server is refused
    for as long as any of them lives, even if the process that started them was killed.
    """

    def __init__(self, path: Path) -> None:
        """Create `path` if needed, lock it, and create or check the database in it.

        Raises DataDirectoryInUseError, StorageFormatError, or StorageError if the directory
        cannot be created or written.
        """
        self.path = path.absolute()
        self._descriptor = -1
        try:
            _ensure_directory(self.path)
            self._descriptor = os.open(
                self.path / "genset.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            raise StorageError(
                f"cannot use the data directory {self.path}: {error.strerror}"
            ) from error
        try:
            self._lock()
            self._let_go_of_log()
            prepare_database(self.database_path)
        except BaseException:
            self.close()
            raise

    @property
    def database_path(self) -> Path:
        """The file to give to `open_sqlite`."""
        return database_in(self.path)

    def fileno(self) -> int:
        """The descriptor that holds the lock, to pass on to workers that are not forked."""
        return self._descriptor

    def close(self) -> None:
        """Give the lock back. Idempotent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> DataDirectory:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _let_go_of_log(self) -> None:
        """Nobody has the database open, so that opening it recovers all of the log."""
        try:
            kept_log_path(self.database_path).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"cannot use the data directory {self.path}: {error.strerror}"
            ) from error

    def _lock(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip()
            raise DataDirectoryInUseError(
                f"the data directory {self.path} is in use by another genset server "
                f"(process {holder or 'unknown'})"
            ) from error
        # The id only helps whoever reads the message. A disk that is full is no reason not to run.
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)


def database_in(directory: Path) -> Path:
    """The database's file in a data directory."""
    return directory / "genset.db"


def _ensure_directory(path: Path) -> None:
    """Create `path`, private to its owner, and make its name durable."""
    if path.is_dir():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # Another process may be creating it at the same moment.
    path.mkdir(mode=0o700, exist_ok=True)
    parent = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
