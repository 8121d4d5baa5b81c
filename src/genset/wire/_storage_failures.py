"""What the log says of requests that fail in the storage.

A dead database fails every request: each second has one line, with how many they were.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from genset.storage.engine import StorageError

_log: Final = logging.getLogger(__name__)

_PAUSE_S: Final = 1.0


class StorageFailures:
    """Tells the first failure at once, and those within a second after a line when it is over.

    Belongs to one event loop, or to none.
    """

    def __init__(self) -> None:
        self._count = 0
        self._last: tuple[str, StorageError] | None = None
        self._is_pausing = False

    def note(self, request_id: str, error: StorageError) -> None:
        """Take note of a request that failed so."""
        self._count += 1
        self._last = request_id, error
        if not self._is_pausing:
            self._tell()

    def _tell(self) -> None:
        self._is_pausing = self._last is not None
        if self._last is None:
            return
        (request_id, error), count = self._last, self._count
        self._last, self._count = None, 0
        what = f"request {request_id}"
        if count > 1:
            what = f"{count} requests failed in the storage, the last of them {what}"
        else:
            what += " failed in the storage"
        _log.error("%s: %s", what, _text(error))
        try:
            asyncio.get_running_loop().call_later(_PAUSE_S, self._tell)
        except RuntimeError:
            # Without a loop nothing can be told later, so each is told.
            self._is_pausing = False


def _text(error: StorageError) -> str:
    """In one line what went wrong, and what the store itself said of it."""
    parts = [error] if error.__cause__ is None else [error, error.__cause__]
    return ": ".join(" ".join(str(part).split()) for part in parts)
