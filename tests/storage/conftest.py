"""Engines for the storage tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from genset.storage.engine import Engine
from genset.storage.sqlite import open_sqlite
from support.stores import Store

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]

STORES = ("full", "relaxed", "memory", "postgres", "portable")


@pytest.fixture
def run() -> Iterator[Run[Any]]:
    """Runs coroutines on one event loop."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, make_store: Callable[[str], Store]) -> Store:
    """Each kind of store."""
    return make_store(request.param)


@pytest.fixture
def engine(store: Store, run: Run[Any]) -> Iterator[Engine]:
    """Each kind of engine, empty."""
    opened = run(store.open_empty())
    yield opened
    run(opened.close())


@pytest.fixture
def file_engine(tmp_path: Path, run: Run[Any]) -> Iterator[Engine]:
    opened = open_sqlite(tmp_path / "genset.db")
    yield opened
    run(opened.close())
