"""An engine that is closed has given everything back."""

from __future__ import annotations

import gc
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from genset.storage.engine import Engine, Snapshot
from genset.storage.sqlite import open_sqlite
from support.stores import Store

from .bodies import put, scan
from .conftest import Run


def descriptors() -> list[str]:
    """What this process has open."""
    found = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        except FileNotFoundError:
            continue
    return sorted(found)


async def use_and_close(store: Store) -> None:
    engine = await store.open_empty()
    await use(engine)
    await engine.close()


async def use(engine: Engine) -> None:
    async def long(snapshot: Snapshot) -> None:
        await snapshot.scan(b"", b"\xff", limit=2000)

    await put(engine, {b"%d" % number: b"v" for number in range(1000)})
    await engine.read(long)
    assert len(await scan(engine)) == 1000


def test_nothing_is_left_open(store: Store, tmp_path: Path, run: Run[Any]) -> None:
    threads = set(threading.enumerate())
    gc.collect()
    before = descriptors()
    for _ in range(3):
        run(use_and_close(store))
    assert set(threading.enumerate()) <= threads
    assert descriptors() == before
    assert not list(tmp_path.glob("**/*-wal"))


def test_a_memory_engine_leaves_nothing_on_disk(
    tmp_path: Path, run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    engine = open_sqlite(None)
    before = descriptors()
    run(use(engine))
    assert descriptors() == before
    run(engine.close())
    assert list(tmp_path.iterdir()) == []
