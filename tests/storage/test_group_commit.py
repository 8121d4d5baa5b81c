"""Writes share commits, and each still has its own outcome."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from genset.storage import _group_commit
from genset.storage._group_commit import INLINE_CHANGES_MAX
from genset.storage._write_connection import BATCH_BODIES_MAX
from genset.storage.engine import Engine, StorageClosedError, StorageError, Transaction
from genset.storage.sqlite import open_sqlite
from simulation.faulty_vfs import FaultyVfs, sync_error

from .bodies import get, increment, put, scan
from .conftest import Run


@pytest.fixture
def vfs() -> Iterator[FaultyVfs]:
    registered = FaultyVfs(f"counting-{uuid.uuid4()}")
    yield registered
    registered.unregister()


@pytest.fixture
def engine(vfs: FaultyVfs, tmp_path: Path, run: Run[Any]) -> Iterator[Engine]:
    opened = open_sqlite(tmp_path / "genset.db", vfs=vfs.vfs_name)
    # The first commit also writes the header of the log.
    run(put(opened, {b"first": b"1"}))
    yield opened
    run(opened.close())


async def puts(engine: Engine, number: int) -> None:
    await asyncio.gather(*[put(engine, {b"k%04d" % i: b"v"}) for i in range(number)])


def test_writes_that_wait_share_one_fsync(engine: Engine, vfs: FaultyVfs, run: Run[Any]) -> None:
    async def scenario() -> int:
        before = vfs.syncs
        await puts(engine, BATCH_BODIES_MAX)
        return vfs.syncs - before

    assert run(scenario()) == 1


def test_a_batch_is_bounded(engine: Engine, vfs: FaultyVfs, run: Run[Any]) -> None:
    async def scenario() -> int:
        before = vfs.syncs
        await puts(engine, BATCH_BODIES_MAX * 2 + 1)
        return vfs.syncs - before

    assert run(scenario()) == 3


def test_relaxed_durability_does_not_sync_commits(
    vfs: FaultyVfs, tmp_path: Path, run: Run[Any]
) -> None:
    opened = open_sqlite(tmp_path / "relaxed.db", durability="relaxed", vfs=vfs.vfs_name)
    run(put(opened, {b"first": b"1"}))
    before = vfs.syncs
    for _ in range(5):
        run(puts(opened, 3))
    assert vfs.syncs == before
    run(opened.close())


def test_a_failed_commit_fails_its_whole_batch_and_only_that(
    engine: Engine, vfs: FaultyVfs, run: Run[Any]
) -> None:
    async def refuse(transaction: Transaction) -> None:
        # What it was refused for may be a write that never happened.
        raise KeyError("refused")

    async def scenario() -> None:
        failures = [sync_error()]
        vfs.schedule = lambda operation, _file: (
            failures.pop() if operation == "sync" and failures else None
        )
        outcomes = await asyncio.gather(
            puts(engine, 5), engine.write(refuse), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes] == [StorageError, StorageError]
        assert await get(engine, b"k0001") is None
        await puts(engine, 5)
        assert await get(engine, b"k0001") == b"v"

    run(scenario())


def test_a_cancelled_write_that_has_not_run_is_left_out(engine: Engine, run: Run[Any]) -> None:
    async def scenario() -> None:
        writes = [asyncio.create_task(put(engine, {b"c%d" % i: b"v"})) for i in range(3)]
        await asyncio.sleep(0)
        writes[1].cancel()
        await asyncio.gather(*writes, return_exceptions=True)
        assert [key for key, _ in await scan(engine, b"c", b"d")] == [b"c0", b"c2"]

    run(scenario())


def test_close_finishes_accepted_writes_and_refuses_later_ones(
    engine: Engine, tmp_path: Path, run: Run[Any]
) -> None:
    async def scenario() -> None:
        accepted = [asyncio.create_task(put(engine, {b"c%d" % i: b"v"})) for i in range(300)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(engine.close())
        late = asyncio.create_task(increment(engine, b"late"))
        await asyncio.sleep(0)
        await asyncio.gather(*accepted, closing)
        with pytest.raises(StorageClosedError):
            await late

    run(scenario())
    reopened = open_sqlite(tmp_path / "genset.db")
    assert len(run(scan(reopened, b"c", b"d"))) == 300
    run(reopened.close())


def test_the_log_is_emptied_while_writes_go_on(
    tmp_path: Path, run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_group_commit, "CHECKPOINT_FRAMES", 20)
    engine = open_sqlite(tmp_path / "genset.db")

    async def scenario() -> None:
        for round_ in range(100):
            await put(engine, {b"%d %d" % (round_, i): bytes(2000) for i in range(10)})

    run(scenario())
    assert (tmp_path / "genset.db-wal").stat().st_size < 100 * 8192
    run(engine.close())


def test_the_log_is_emptied_when_nothing_is_written_for_a_while(
    tmp_path: Path, run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_group_commit, "IDLE_SECONDS", 0.0)
    engine = open_sqlite(tmp_path / "genset.db")

    async def scenario() -> None:
        await put(engine, {b"%d" % i: bytes(2000) for i in range(1000)})
        while (tmp_path / "genset.db").stat().st_size < 1000 * 2000:
            await asyncio.sleep(0.001)

    run(scenario())
    run(engine.close())


def test_a_batch_ends_once_it_has_changed_many_keys(
    engine: Engine, vfs: FaultyVfs, run: Run[Any]
) -> None:
    async def scenario() -> int:
        before = vfs.syncs
        keys_of_a_write = INLINE_CHANGES_MAX // 2
        writes = [
            put(engine, {b"%d-%04d" % (write, i): b"v" for i in range(keys_of_a_write)})
            for write in range(9)
        ]
        await asyncio.gather(*writes)
        return vfs.syncs - before

    # The third write of a batch exceeds the bound and still belongs to it.
    assert run(scenario()) == 3


def test_a_write_waits_for_another_program_and_reads_go_on(tmp_path: Path, run: Run[Any]) -> None:
    """SQLite's own lock may be held by a tool that does not know ours."""
    engine = open_sqlite(tmp_path / "genset.db")
    run(put(engine, {b"first": b"1"}))
    stranger = apsw.Connection(str(tmp_path / "genset.db"))
    stranger.execute("BEGIN IMMEDIATE")

    async def scenario() -> None:
        write = asyncio.create_task(put(engine, {b"late": b"v"}))
        for _ in range(5):
            await asyncio.sleep(0)
            assert await get(engine, b"first") == b"1"
        assert not write.done()
        stranger.execute("COMMIT")
        await write
        assert await get(engine, b"late") == b"v"

    run(scenario())
    stranger.close()
    run(engine.close())
