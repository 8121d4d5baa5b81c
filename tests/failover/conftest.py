"""Nodes and databases of the tests that break them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from tools.local_postgres import LocalPostgres, missing

from failover import patroni_pair
from failover.patroni_pair import PatroniPair
from failover.postgres_pair import PostgresPair
from support.postgres_proxy import PostgresProxy
from support.process import ServerProcess, serve

StartNode = Callable[..., ServerProcess]

BY_HAND = "promoted by hand"
BY_PATRONI = "promoted by Patroni"

_names = (f"failover{number}" for number in itertools.count(1))


@pytest.fixture(scope="session")
def postgres() -> Iterator[LocalPostgres]:
    """A server that all tests share: whoever kills it starts it again."""
    if (reason := missing()) is not None:
        pytest.skip(reason)
    with LocalPostgres(fsync=False) as server:
        yield server


@pytest.fixture
def database(postgres: LocalPostgres) -> Iterator[str]:
    """The name of an empty database."""
    name = next(_names)
    postgres.create_database(name)
    yield name
    postgres.drop_database(name)


@pytest.fixture
def proxy(postgres: LocalPostgres) -> Iterator[PostgresProxy]:
    """A proxy to that server."""
    with PostgresProxy(postgres.host, postgres.port) as started:
        yield started


@pytest.fixture(params=[BY_HAND, BY_PATRONI])
def pair(request: pytest.FixtureRequest) -> Iterator[PostgresPair | PatroniPair]:
    """A primary and its synchronous standby."""
    with_patroni = request.param == BY_PATRONI
    if (reason := patroni_pair.missing() if with_patroni else missing()) is not None:
        pytest.skip(reason)
    with PatroniPair() if with_patroni else PostgresPair() as started:
        yield started


@pytest.fixture
def start_node() -> Iterator[StartNode]:
    """Starts nodes on the database at a URL; whatever still runs at the end is stopped."""
    started: list[ServerProcess] = []

    def start(url: str, *options: str) -> ServerProcess:
        node = serve("--storage", url, *options)
        started.append(node)
        return node

    yield start
    for node in started:
        if node.process.poll() is None:
            # For whoever looks why a test has failed.
            print(f"The log of {node.url}:\n{node.log}")
        node.__exit__()
