"""What SQLite itself says of the file of a data directory: whether it is whole, and how large."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import apsw

from genset.storage._connections import close, open_reader, storage_error

_PROBLEMS_MAX: Final = 20
_DAMAGED: Final = (apsw.CorruptError, apsw.NotADBError)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """A database's file, in bytes and pages, and what `PRAGMA integrity_check` says is wrong."""

    path: Path
    file_bytes: int
    log_bytes: int
    format_version: int
    pages: int
    page_bytes: int
    free_pages: int
    problems: tuple[str, ...]


def check_file(path: Path) -> FileReport:
    """Have SQLite check all of the file, which nobody else has open.

    It reads all pages. Raises StorageError if the file cannot be opened or read.
    """
    connection = open_reader(path)
    try:
        return FileReport(
            path=path,
            format_version=connection.pragma("user_version"),
            pages=connection.pragma("page_count"),
            page_bytes=connection.pragma("page_size"),
            free_pages=connection.pragma("freelist_count"),
            problems=_problems(connection),
            file_bytes=path.stat().st_size,
            log_bytes=_size(path.with_name(path.name + "-wal")),
        )
    except apsw.Error as error:
        raise storage_error(error) from error
    finally:
        close(connection)


def is_damage(error: BaseException) -> bool:
    """Whether an error of the storage, or what it was raised for, is that a file is damaged."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, _DAMAGED):
            return True
        cause = cause.__cause__
    return False


def _problems(connection: apsw.Connection) -> tuple[str, ...]:
    rows: Any = connection.execute(f"PRAGMA integrity_check({_PROBLEMS_MAX})")
    try:
        found = [line for (text,) in rows for line in text.splitlines()]
    except _DAMAGED as error:
        return (str(error),)
    return () if found == ["ok"] else tuple(found)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
