"""Where the data of a server is, and the one place where the engine for it is opened."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from genset.cli.serving.settings import Settings
from genset.cli.stores.database_url import is_database_url, shown_database
from genset.storage.data_directory import DataDirectory, database_in
from genset.storage.engine import Durability, Engine, StorageError
from genset.storage.sqlite import open_sqlite


@dataclass(frozen=True, slots=True)
class InMemory:
    """In the memory of one process."""


@dataclass(frozen=True, slots=True)
class InDirectory:
    """In a SQLite file in a data directory."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class InPostgres:
    """In a PostgreSQL database; `replica`, if not empty, is the address of a replica of it.

    The text of it names the database without user and password.
    """

    url: str = field(repr=False)
    replica: str = field(default="", repr=False)

    def __str__(self) -> str:
        return shown_database(self.url)


Store = InMemory | InDirectory | InPostgres


def settings_store(settings: Settings) -> Store:
    """Where a server with these settings has its data."""
    if settings.memory:
        return InMemory()
    if settings.storage:
        return InPostgres(settings.storage, settings.read_replica)
    return InDirectory(settings.data_dir)


def store_at(place: str) -> InDirectory | InPostgres:
    """The store at a data directory or at the address of a database."""
    if is_database_url(place):
        return InPostgres(place)
    return InDirectory(Path(place).expanduser())


@contextlib.contextmanager
def claimed(store: Store) -> Iterator[None]:
    """Keep a data directory, created if absent, from other servers; the others need no lock.

    Entered once, before workers are forked. Raises StorageError.
    """
    if isinstance(store, InDirectory):
        with DataDirectory(store.path):
            yield
    else:
        yield


async def open_engine(
    store: Store, durability: Durability = "full", *, creates: bool = True
) -> Engine:
    """The engine on a store; a data directory is claimed before. In a process that forks, open
    it afterwards, or close it before. Unless it `creates`, a database must have data.

    Raises StorageError, one clear line, if the store cannot be reached or used.
    """
    match store:
        case InMemory():
            return open_sqlite(None)
        case InDirectory(path):
            return open_sqlite(database_in(path), durability=durability)
        case InPostgres(url, replica):
            return await _open_database(url, replica or None, durability, creates)


async def _open_database(
    url: str, replica: str | None, durability: Durability, creates: bool
) -> Engine:
    # Imported late: nobody else needs the driver.
    from genset.storage.postgres.engine import open_postgres

    try:
        return await open_postgres(url, replica=replica, durability=durability, creates=creates)
    except ValueError as error:
        # What the driver is told by the environment may be wrong in itself, as PGPORT=five.
        raise StorageError(f"{shown_database(url)}: the settings are wrong: {error}") from error
    except StorageError as error:
        raise StorageError(f"{shown_database(url)}: {error}") from error
