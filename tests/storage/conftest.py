"""Engines for the storage tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from genset.storage.engine import Engine
from genset.storage.sqlite import open_sqlite

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]

ENGINES = ("full", "relaxed", "memory")


def open_engine(kind: str, directory: Path) -> Engine:
    """A new engine of one of `ENGINES`."""
    if kind == "memory":
        return open_sqlite(None)
    return open_sqlite(directory / "genset.db", durability="full" if kind == "full" else "relaxed")


@pytest.fixture
def run() -> Iterator[Run[Any]]:
    """Runs coroutines on one event loop."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path, run: Run[Any]) -> Iterator[Engine]:
    """Each kind of engine, empty."""
    opened = open_engine(request.param, tmp_path)
    yield opened
    run(opened.close())


@pytest.fixture
def file_engine(tmp_path: Path, run: Run[Any]) -> Iterator[Engine]:
    opened = open_sqlite(tmp_path / "genset.db")
    yield opened
    run(opened.close())
