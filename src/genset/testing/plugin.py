"""The fixtures of pytest; see docs/testing.md. They load nothing until a test asks for one.

Each test begins with the tables that `dynamodb_tables` declares, and the marker `dynamodb_tables`
besides, whatever earlier tests have done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from genset.testing.clock import Clock
    from genset.testing.database import Mark
    from genset.testing.declared_tables import Declared
    from genset.testing.server import TestServer
    from genset.testing.sessions import LocalSession
    from genset.testing.switchboard import Switchboard


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of pytest's configuration file."""
    parser.addini(
        "dynamodb_schema",
        "Files with the tables that all tests start with, of CloudFormation, Terraform and so on.",
        type="paths",
    )
    parser.addini("dynamodb_region", "The Region of the tests' clients.", default="us-east-1")
    parser.addini("dynamodb_account", "Their account.", default="000000000000")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers",
        "dynamodb_tables(table, ...): tables that the test starts with, besides those of all tests",
    )


@pytest.fixture(scope="session")
def dynamodb_tables() -> Sequence[Declared]:
    """The tables that all tests start with. Override it: return a list.

    Each of its elements is a dict, the members of a CreateTable request; the path of a file with
    schemas; or a function that gets the session and makes what it likes.
    """
    return ()


@pytest.fixture(scope="session")
def _dynamodb_declared(
    dynamodb_tables: Sequence[Declared], pytestconfig: pytest.Config
) -> Sequence[Declared]:
    files: list[Path] = pytestconfig.getini("dynamodb_schema")
    return (*files, *dynamodb_tables)


@pytest.fixture(scope="session")
def _dynamodb_start(
    _dynamodb_declared: Sequence[Declared], pytestconfig: pytest.Config
) -> Iterator[tuple[LocalSession, Mark]]:
    """The session of all tests, and the state that each begins with."""
    from genset.testing.declared_tables import declare
    from genset.testing.sessions import local

    region, account = (
        pytestconfig.getini("dynamodb_region"),
        pytestconfig.getini("dynamodb_account"),
    )
    with local(region=region, account=account) as session:
        declare(session, _dynamodb_declared)
        yield session, session.mark()


@pytest.fixture
def dynamodb_session(
    _dynamodb_start: tuple[LocalSession, Mark], request: pytest.FixtureRequest
) -> LocalSession:
    """A boto3 Session whose DynamoDB is in this process; it has the declared tables alone."""
    session, start = _dynamodb_start
    session.rollback(start)
    marked = _marked(request)
    if marked:
        from genset.testing.declared_tables import declare

        declare(session, marked)
    return session


def _marked(request: pytest.FixtureRequest) -> list[Declared]:
    """What the test's markers declare, those of the module first."""
    markers = list(request.node.iter_markers("dynamodb_tables"))
    return [declared for marker in reversed(markers) for declared in marker.args]


# Made once for all tests: making one takes longer than most tests.


@pytest.fixture(scope="session")
def _dynamodb_client(_dynamodb_start: tuple[LocalSession, Mark]) -> Any:
    return _dynamodb_start[0].client("dynamodb")


@pytest.fixture(scope="session")
def _dynamodb_streams_client(_dynamodb_start: tuple[LocalSession, Mark]) -> Any:
    return _dynamodb_start[0].client("dynamodbstreams")


@pytest.fixture(scope="session")
def _dynamodb_resource(_dynamodb_start: tuple[LocalSession, Mark]) -> Any:
    return _dynamodb_start[0].resource("dynamodb")


@pytest.fixture
def dynamodb(dynamodb_session: LocalSession, _dynamodb_client: Any) -> Any:
    """A boto3 client of DynamoDB."""
    return _dynamodb_client


@pytest.fixture
def dynamodb_streams(dynamodb_session: LocalSession, _dynamodb_streams_client: Any) -> Any:
    """A boto3 client of DynamoDB Streams, for the same tables."""
    return _dynamodb_streams_client


@pytest.fixture
def dynamodb_resource(dynamodb_session: LocalSession, _dynamodb_resource: Any) -> Any:
    """A boto3 resource of DynamoDB, for the same tables."""
    return _dynamodb_resource


@pytest.fixture
def dynamodb_aioboto3(dynamodb_session: LocalSession) -> Any:
    """An aioboto3 Session, whose clients have the same tables."""
    return dynamodb_session.aioboto3_session()


@pytest.fixture
def dynamodb_clock(dynamodb_session: LocalSession) -> Clock:
    """The clock of those tables: `dynamodb_clock.advance(days=2)`."""
    return dynamodb_session.clock


@pytest.fixture
def dynamodb_switches(dynamodb_session: LocalSession) -> Switchboard:
    """Throttling, latency, failures and lag, for this test."""
    return dynamodb_session.switches


@pytest.fixture
def dynamodb_mock(dynamodb_session: LocalSession) -> Iterator[LocalSession]:
    """Has those tables answer all DynamoDB clients of the process, whoever makes them."""
    from genset.testing.mocking import MockDynamoDB

    with MockDynamoDB.of(dynamodb_session) as session:
        yield session


@pytest.fixture(scope="session")
def _dynamodb_server_process(pytestconfig: pytest.Config) -> Iterator[TestServer]:
    from genset.testing.server import TestServer

    region, account = (
        pytestconfig.getini("dynamodb_region"),
        pytestconfig.getini("dynamodb_account"),
    )
    with TestServer(region=region, account=account) as server:
        yield server


@pytest.fixture
def dynamodb_server(
    _dynamodb_server_process: TestServer,
    _dynamodb_declared: Sequence[Declared],
    request: pytest.FixtureRequest,
) -> TestServer:
    """A real server on a free port, with the declared tables alone, made anew for each test."""
    from genset.testing.declared_tables import declare

    server = _dynamodb_server_process
    server.clear()
    declare(server, (*_dynamodb_declared, *_marked(request)))
    return server
