"""Whether the log is kept as it is: from a sync in a checkpoint that fails until the next start.

A kernel that could not write pages takes them for written, and a checkpoint takes for safe what an
earlier one, which did not reach the end of the log, has copied before. So after such a sync the
database may lack anything that was ever copied from this log, and the next sync succeeds without
it. Only the recovery at a start copies all of the log again; until then nobody may let go of it.
"""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Final

_log: Final = logging.getLogger(__name__)


class KeptLog:
    """The mark at `path` that the log is kept, which all processes on the database look at."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_kept = False

    def is_kept(self) -> bool:
        """Whether a checkpoint of this process, or of another, has met a sync that failed."""
        self._is_kept = self._is_kept or self._path.exists()
        return self._is_kept

    def keep(self) -> None:
        """From now on nobody copies from the log or removes it."""
        self._is_kept = True
        _log.error("the disk failed to sync: the log is kept, and grows until the next start")
        # On this disk it may fail; then other processes must meet a failure of their own.
        with contextlib.suppress(OSError):
            self._path.touch()


def kept_log_path(database: Path) -> Path:
    """The mark of a database."""
    return database.with_name("log.kept")
