"""Fixtures of the tests through the public API: one real server per engine and test process.

Suites in the folders of `ON_BOTH_ENGINES` run on SQLite and on PostgreSQL: the ids of their tests
say which. GENSET_TEST_ENDPOINT points the whole suite at a server that runs already (DynamoDB
Local, or the service itself), which is how the tests are themselves tested.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from hypothesis import HealthCheck, settings
from tools.local_postgres import LocalPostgres, missing

from support import tables
from support.client import Api
from support.databases import Databases
from support.operations_called import count_operations
from support.process import ServerProcess, serve
from support.skips import pytest_sessionfinish  # noqa: F401 - a hook of pytest's
from support.soundness import assert_sound
from support.still_server import StillServer
from support.stores import MEMORY, FileStore, PostgresStore, Store

pytest_plugins = ["pytester"]

settings.register_profile(
    "genset",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("genset")

Create = Callable[..., str]
MakeStore = Callable[[str], Store]
Still = Callable[..., StillServer]

ON_BOTH_ENGINES = (
    "api",
    "background",
    "crash",
    "integrity",
    "model_based",
    "serializability",
    "stream_readers",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that renews what `support.operations_called` keeps."""
    parser.addoption("--record-operations", action="store_true", help="of all tests, in the end")


def pytest_configure(config: pytest.Config) -> None:
    """Count the operations that tests call."""
    count_operations(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test of those folders that keeps data once with each engine."""
    if "engine_kind" not in metafunc.fixturenames or _says_which(metafunc.definition):
        return
    both = metafunc.definition.path.parent.name in ON_BOTH_ENGINES
    external = "GENSET_TEST_ENDPOINT" in os.environ
    if both and not external and not metafunc.definition.get_closest_marker("sqlite_only"):
        metafunc.parametrize("engine_kind", ["sqlite", "postgres"], indirect=True, scope="session")


def _says_which(test: pytest.Item) -> bool:
    """Whether the test itself says which engines it runs with."""
    return any("engine_kind" in mark.args[0] for mark in test.iter_markers("parametrize"))


@pytest.fixture(scope="session")
def engine_kind(request: pytest.FixtureRequest) -> str:
    """What the test's servers keep their data in: "sqlite" or "postgres"."""
    return getattr(request, "param", "sqlite")


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """Databases of a PostgreSQL that all tests of this process share."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with LocalPostgres(fsync=False, settings={"max_connections": 200}) as server:
        yield Databases(server)


@pytest.fixture(scope="session")
def endpoint(engine_kind: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a server that keeps everything in memory, or in a PostgreSQL."""
    external = os.environ.get("GENSET_TEST_ENDPOINT")
    if external:
        yield external.rstrip("/")
        return
    with ExitStack() as stack:
        store: Store = MEMORY
        if engine_kind == "postgres":
            databases: Databases = request.getfixturevalue("databases")
            store = PostgresStore(stack.enter_context(databases.one()))
            asyncio.run(store.clear())
        yield stack.enter_context(serve(*store.options)).url


@pytest.fixture(scope="session")
def session_api(endpoint: str) -> Iterator[Api]:
    with Api(endpoint) as api:
        for name, definition in tables.SHARED.items():
            tables.create(api, name, definition)
        yield api


@pytest.fixture
def api(session_api: Api) -> Api:
    """Sends raw requests to the server; the shared tables are there."""
    return session_api


@pytest.fixture(scope="session")
def client(endpoint: str) -> Iterator[Any]:
    """A boto3 client that neither checks nor repeats a request."""
    made = boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="secret",
        config=Config(parameter_validation=False, retries={"max_attempts": 0}),
    )
    yield made
    made.close()


_counter = itertools.count(1)


@pytest.fixture(scope="session")
def fresh() -> Callable[[], str]:
    """A text that no other test of this process gets: a key, or part of a name."""
    return lambda: f"fresh-{next(_counter)}"


@pytest.fixture
def create(api: Api, fresh: Callable[[], str]) -> Iterator[Create]:
    """Makes a table for one test from a definition of `support.tables`; returns its name."""
    made: list[str] = []

    def make(definition: dict[str, Any], **members: Any) -> str:
        name = f"table-{fresh()}"
        tables.create(api, name, {**definition, **members})
        made.append(name)
        return name

    yield make
    for name in made:
        api.send("DeleteTable", {"TableName": name})


@pytest.fixture
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeStore]:
    """Makes stores of a kind, for as long as the test lasts."""
    with ExitStack() as stack:

        def make(kind: str) -> Store:
            if kind == "memory":
                return MEMORY
            if kind in ("full", "relaxed"):
                return FileStore(tmp_path / "data", durability=kind)
            databases: Databases = request.getfixturevalue("databases")
            url = stack.enter_context(databases.one(kind))
            return PostgresStore(url, dialect=None if kind == "postgres" else kind)

        yield make


@pytest.fixture
def store(engine_kind: str, make_store: MakeStore) -> Store:
    """Where a server in this process keeps its data."""
    return make_store("memory" if engine_kind == "sqlite" else engine_kind)


@pytest.fixture
def durable_store(engine_kind: str, make_store: MakeStore) -> Store:
    """Where servers keep what outlives them."""
    made = make_store("full" if engine_kind == "sqlite" else engine_kind)
    if isinstance(made, PostgresStore):
        asyncio.run(made.clear())
    return made


@pytest.fixture
def still(store: Store) -> Iterator[Still]:
    """Makes a `StillServer`, with its services, on a store that is empty."""
    with ExitStack() as stack:
        yield lambda **services: stack.enter_context(StillServer(store, **services))


Start = Callable[..., ServerProcess]


@pytest.fixture
def durable_server(durable_store: Store) -> Iterator[Start]:
    """Starts servers on one store; whatever still runs at the end is stopped.

    Then the store must be sound. `folder` is another data directory.
    """
    started: list[ServerProcess] = []

    def start(*options: str, folder: Path | None = None) -> ServerProcess:
        where = durable_store if folder is None else FileStore(folder)
        server = serve(*where.options, *options)
        started.append(server)
        return server

    yield start
    for server in started:
        server.__exit__()
    if started:
        assert_sound(durable_store)
