"""Engines on databases of the tests' PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from genset.storage.engine import Engine
from genset.storage.postgres.engine import open_postgres
from support.databases import Databases
from support.stores import PostgresStore

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Open = Callable[..., Engine]


@pytest.fixture
def run() -> Iterator[Run]:
    """Runs coroutines on one event loop."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture
def url(databases: Databases, run: Run) -> Iterator[str]:
    """The URL of a database that holds nothing of genset's but its schema."""
    with databases.one("postgres") as lent:
        run(_empty(lent))
        yield lent


async def _empty(url: str) -> None:
    await (await open_postgres(url)).close()
    await PostgresStore(url).clear()


@pytest.fixture
def open_engine(url: str, run: Run) -> Iterator[Open]:
    """Opens engines, by default on `url`."""
    opened: list[Engine] = []

    def make(where: str = url, **options: Any) -> Engine:
        opened.append(run(open_postgres(where, **options)))
        return opened[-1]

    yield make
    for engine in opened:
        run(engine.close())
