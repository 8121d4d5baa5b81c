"""Tests without a server: DynamoDB in the test's own process, for boto3 and aioboto3.

    with genset.testing.local() as session:
        client = session.client("dynamodb")

`session` is a boto3 Session whose DynamoDB and DynamoDB Streams clients are answered here, by the
same code that the server runs, with nothing on disk and no socket. `mock_dynamodb` answers all such
clients of the process, for one function, class or block. `genset.testing.plugin` has the fixtures
of pytest.

In the order in which a request meets them: `sessions` and `mocking` are what tests use, `signing`
spares requests their signatures, `transport` and `async_transport` take them from botocore,
`interception` from clients that know nothing of this; `database` is the assembled server,
`stepping` runs it without an event loop, `clock` moves its time, and `switchboard` lets it fail, by
chance or as `planned`. `declared_tables` makes tables that all tests start with, `prepared` brings
them back to that, and `server` runs a real server beside them.

Importing this package loads nothing of all that until it is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from genset.testing.clock import Clock
    from genset.testing.database import Database, Mark
    from genset.testing.mocking import MockDynamoDB, current_session, mock_dynamodb
    from genset.testing.server import TestServer
    from genset.testing.sessions import LocalSession, local
    from genset.testing.switchboard import Switchboard

__all__ = [
    "Clock",
    "Database",
    "LocalSession",
    "Mark",
    "MockDynamoDB",
    "Switchboard",
    "TestServer",
    "current_session",
    "local",
    "mock_dynamodb",
]

_PLACES: Final = {
    "Clock": "clock",
    "Database": "database",
    "LocalSession": "sessions",
    "Mark": "database",
    "MockDynamoDB": "mocking",
    "Switchboard": "switchboard",
    "TestServer": "server",
    "current_session": "mocking",
    "local": "sessions",
    "mock_dynamodb": "mocking",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
