"""The lock that orders the write transactions of the processes that share a data directory.

SQLite has its own lock, but waits for it by sleeping and trying again, which is slow and unfair;
this one is waited for in the kernel. Readers never take it.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class WriteLock:
    """A file lock; released by the kernel if the process dies.

    Opened after a fork: processes that inherit one descriptor would share the lock.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def acquire(self) -> None:
        """Wait for the lock and take it. Blocks; raises OSError if it cannot be had at all."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def acquire_now(self) -> bool:
        """Take the lock if it is free; whether it was."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def release(self) -> None:
        """Give the lock back."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the descriptor back. Idempotent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
