"""Waiting until a table is what it was told to be."""

from __future__ import annotations

import time
from typing import Any, Final

_PAUSE_FIRST_S: Final = 0.05
_PAUSE_MAX_S: Final = 5.0


def wait_until_active(client: Any, table: str) -> None:
    """Return when the table and all its indexes are ACTIVE."""
    pause = _PAUSE_FIRST_S
    while not _is_active(client.describe_table(TableName=table)["Table"]):
        time.sleep(pause)
        pause = min(2 * pause, _PAUSE_MAX_S)


def wait_until_gone(client: Any, table: str) -> None:
    """Return when there is no such table."""
    pause = _PAUSE_FIRST_S
    while True:
        try:
            client.describe_table(TableName=table)
        except client.exceptions.ResourceNotFoundException:
            return
        time.sleep(pause)
        pause = min(2 * pause, _PAUSE_MAX_S)


def _is_active(table: dict[str, Any]) -> bool:
    states = [table["TableStatus"]]
    states += [index["IndexStatus"] for index in table.get("GlobalSecondaryIndexes", ())]
    return all(state == "ACTIVE" for state in states)
