"""Fixtures of the tests through the public API: one real server in memory per test process.

GENSET_TEST_ENDPOINT points the whole suite at a server that runs already (DynamoDB Local, or the
service itself), which is how the tests are themselves tested.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from hypothesis import HealthCheck, settings

from support import tables
from support.client import Api
from support.process import ServerProcess, serve
from support.skips import pytest_sessionfinish  # noqa: F401 - a hook of pytest's

settings.register_profile(
    "genset",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("genset")

Create = Callable[..., str]


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The URL of a server that keeps everything in memory."""
    external = os.environ.get("GENSET_TEST_ENDPOINT")
    if external:
        yield external.rstrip("/")
        return
    with serve("--memory") as server:
        yield server.url


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


Start = Callable[..., ServerProcess]


@pytest.fixture
def durable_server(tmp_path: Path) -> Iterator[Start]:
    """Starts servers on one data directory; whatever still runs at the end is stopped."""
    started: list[ServerProcess] = []

    def start(*options: str, folder: Path | None = None) -> ServerProcess:
        server = serve("--data-dir", str(folder or tmp_path / "data"), *options)
        started.append(server)
        return server

    yield start
    for server in started:
        server.__exit__()
