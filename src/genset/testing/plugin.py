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
    from genset.testing.declared_tables import Declared
    from genset.testing.prepared import Preparations, Prepared
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
def _dynamodb_preparations(pytestconfig: pytest.Config) -> Iterator[Preparations]:
    from genset.testing.prepared import Preparations

    preparations = Preparations(**_place(pytestconfig))
    yield preparations
    preparations.close()


def _place(config: pytest.Config) -> dict[str, str]:
    return {name: config.getini(f"dynamodb_{name}") for name in ("region", "account")}


def _declared(request: pytest.FixtureRequest, tables: Sequence[Declared]) -> Sequence[Declared]:
    """What the configuration declares, and `dynamodb_tables` from where the test is."""
    files: list[Path] = request.config.getini("dynamodb_schema")
    return (*files, *tables)


def _marked(request: pytest.FixtureRequest) -> Sequence[Declared]:
    """What the test's markers declare, those of the module first."""
    markers = list(request.node.iter_markers("dynamodb_tables"))
    return [declared for marker in reversed(markers) for declared in marker.args]


# Not of scope `session`: such a fixture is made only once, with the tables of the first test that
# needs it, and other packages of tests may declare others.
@pytest.fixture
def _dynamodb_prepared(
    _dynamodb_preparations: Preparations,
    dynamodb_tables: Sequence[Declared],
    request: pytest.FixtureRequest,
) -> Prepared:
    prepared = _dynamodb_preparations.of(_declared(request, dynamodb_tables))
    prepared.begin(_marked(request))
    return prepared


@pytest.fixture
def dynamodb_session(_dynamodb_prepared: Prepared) -> LocalSession:
    """A boto3 Session whose DynamoDB is in this process; it has the declared tables alone."""
    return _dynamodb_prepared.session


@pytest.fixture
def dynamodb(_dynamodb_prepared: Prepared) -> Any:
    """A boto3 client of DynamoDB."""
    return _dynamodb_prepared.client


@pytest.fixture
def dynamodb_streams(_dynamodb_prepared: Prepared) -> Any:
    """A boto3 client of DynamoDB Streams, for the same tables."""
    return _dynamodb_prepared.streams


@pytest.fixture
def dynamodb_resource(_dynamodb_prepared: Prepared) -> Any:
    """A boto3 resource of DynamoDB, for the same tables."""
    return _dynamodb_prepared.resource


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

    with TestServer(**_place(pytestconfig)) as server:
        yield server


@pytest.fixture
def dynamodb_server(
    _dynamodb_server_process: TestServer,
    dynamodb_tables: Sequence[Declared],
    request: pytest.FixtureRequest,
) -> TestServer:
    """A real server on a free port, with the declared tables alone, made anew for each test."""
    from genset.testing.declared_tables import declare

    server = _dynamodb_server_process
    server.clear()
    declare(server, (*_declared(request, dynamodb_tables), *_marked(request)))
    return server
