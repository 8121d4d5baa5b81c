"""What the errors of asyncpg and of the database mean: one table of them as ours.

Codes: PostgreSQL's documentation, appendix A; CockroachDB's, "Transaction retry error reference"
(40001); YugabyteDB's, "Transaction error codes" (40001, 40P01).
"""

from __future__ import annotations

from enum import Enum
from typing import Final

import asyncpg

from genset.storage.engine import StorageBusyError, StorageError, StorageFullError


class Failure(Enum):
    """What to do about it."""

    CONFLICT = "another transaction came first: nothing has happened, run it again"
    LOST = "the connection or the server has gone: a commit under way may have happened"
    TRANSIENT = "the server does not serve now: nothing has happened"
    FULL = "there is no room"
    OVERFLOW = "a counter leaves its range"
    OTHER = "the statement cannot be done"


# serialization_failure, deadlock_detected, lock_not_available, out_of_memory (of the table of
# locks, which others fill too)
_CONFLICT: Final = frozenset({"40001", "40P01", "55P03", "53200"})
READ_ONLY: Final = "25006"
"""The server has become one that takes no writes."""
WRITER_REPLACED: Final = "GS001"
"""What `commit.sql` raises if the entry of its writer has been taken, or is there no more."""
# too_many_connections, cannot_connect_now, query_canceled (here always a timeout of ours)
_TRANSIENT: Final = frozenset({"53300", "57P03", READ_ONLY, "57014", WRITER_REPLACED})
# admin_shutdown, crash_shutdown, idle_in_transaction_session_timeout, database_dropped,
# idle_session_timeout, statement_completion_unknown (CockroachDB's "result is ambiguous")
_LOST: Final = frozenset({"57P01", "57P02", "25P03", "57P04", "57P05", "40003"})
_DISK_FULL: Final = "53100"
_OUT_OF_RANGE: Final = "22003"


# No host is of the kind that is wanted: none takes writes until a standby is promoted.
_NO_HOST: Final = asyncpg.TargetServerAttributeNotMatched
# InternalClientError: asyncpg was using a connection at the moment at which it broke.
_OF_CONNECTIONS: Final = (
    asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError, EOFError,
)  # fmt: skip
FAILURES: Final = (asyncpg.PostgresError, *_OF_CONNECTIONS)
"""What asyncpg raises if a call fails."""


def failure_of(error: BaseException) -> Failure:
    """What an error that came out of asyncpg means."""
    if isinstance(error, asyncpg.PostgresError):
        code = error.sqlstate or ""
        if code in _CONFLICT:
            return Failure.CONFLICT
        if code in _TRANSIENT:
            return Failure.TRANSIENT
        # Class 08 is of connections.
        if code in _LOST or code.startswith("08"):
            return Failure.LOST
        if code == _DISK_FULL:
            return Failure.FULL
        return Failure.OVERFLOW if code == _OUT_OF_RANGE else Failure.OTHER
    if isinstance(error, _NO_HOST):
        return Failure.TRANSIENT
    if isinstance(error, _OF_CONNECTIONS):
        return Failure.LOST
    return Failure.OTHER


def storage_error(error: BaseException) -> Exception:
    """The error of ours that a failure is answered as; the caller chains `error`."""
    match failure_of(error):
        case Failure.FULL:
            return StorageFullError("there is no room in the database")
        case Failure.OVERFLOW:
            return OverflowError("a counter leaves the range of 64 bits")
        case Failure.CONFLICT:
            return StorageBusyError("too many transactions want the same")
        case Failure.TRANSIENT if isinstance(error, _NO_HOST):
            return StorageError("no host of the database takes writes")
        case Failure.LOST | Failure.TRANSIENT:
            return StorageError(f"the database does not answer: {_text(error)}")
        case _:
            return StorageError(f"the database refused: {_text(error)}")


def own_error(error: Exception) -> Exception:
    """An error like `error` for one of several who are told of it: a raised one grows a trace."""
    if isinstance(error, StorageError):
        mine = type(error)(*error.args)
        mine.__cause__ = error
        return mine
    return error


def _text(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
