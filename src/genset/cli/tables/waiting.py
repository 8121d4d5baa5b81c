"""Waiting until a table is what it was told to be."""

from __future__ import annotations

import time
from typing import Any, Final

from genset.transfer.tables import described, is_active, maybe_described

_PAUSE_FIRST_S: Final = 0.05
_PAUSE_MAX_S: Final = 5.0


def wait_until_active(client: Any, table: str) -> None:
    """Return when the table and all its indexes are ACTIVE."""
    pause = _PAUSE_FIRST_S
    while not is_active(described(client, table)):
        time.sleep(pause)
        pause = min(2 * pause, _PAUSE_MAX_S)


def wait_until_gone(client: Any, table: str) -> None:
    """Return when there is no such table."""
    pause = _PAUSE_FIRST_S
    while maybe_described(client, table) is not None:
        time.sleep(pause)
        pause = min(2 * pause, _PAUSE_MAX_S)
