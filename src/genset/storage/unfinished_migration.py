"""The mark in a store whose data is still being moved there: no server may open it.

`migration` writes and removes it. Every server asks for it when it starts, so this is apart.
"""

from __future__ import annotations

from genset.storage import keyspace
from genset.storage.engine import Engine, Snapshot, StorageError


class MigrationError(StorageError):
    """The data cannot be moved, or is not complete where it was moved; nothing is lost."""


async def refuse_unfinished(engine: Engine) -> None:
    """Raise MigrationError if data is still to be moved into this store."""
    if await engine.read(stored_mark) is not None:
        raise MigrationError(
            "the data here is not complete: genset migrate has not come to its end; "
            "give the same command again"
        )


async def stored_mark(snapshot: Snapshot) -> bytes | None:
    """The mark, or None if the data is complete."""
    return await snapshot.get(keyspace.migration_key())
