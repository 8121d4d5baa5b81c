"""What genset is and runs on, and what one of its servers says of itself."""

from __future__ import annotations

import os
import platform
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from genset import __version__
from genset.cli.serving.settings import Settings
from genset.cli.stores.store import InDirectory, InMemory, Store
from genset.storage.data_directory import database_in


def versions() -> dict[str, str]:
    """The versions of genset, of Python and SQLite, and the platform."""
    import apsw

    return {
        "genset": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": apsw.sqlite_lib_version(),
        "platform": platform.platform(),
    }


def about_server(settings: Settings, store: Store, started: float) -> dict[str, Any]:
    """What a server is and does, of the one process of it that is asked.

    `started` is a Unix time; bytes are those of files, and None where the data is in none.
    """
    return {
        **versions(),
        "pid": os.getpid(),
        "workers": settings.workers,
        "started": int(started),
        "uptime_s": int(time.time() - started),
        "storage": _kind(store),
        "place": None if isinstance(store, InMemory) else _place(store),
        "bytes": _bytes(database_in(store.path)) if isinstance(store, InDirectory) else None,
        "durability": None if isinstance(store, InMemory) else settings.durability,
        "auth": settings.auth,
    }


def _kind(store: Store) -> str:
    if isinstance(store, InMemory):
        return "memory"
    return "SQLite" if isinstance(store, InDirectory) else "PostgreSQL"


def _place(store: Store) -> str:
    return str(store.path.absolute()) if isinstance(store, InDirectory) else str(store)


def _bytes(database: Path) -> int:
    """The size of a database's file and of its log."""
    total = 0
    for path in (database, database.with_name(database.name + "-wal")):
        with suppress(OSError):
            total += path.stat().st_size
    return total
