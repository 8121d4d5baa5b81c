"""Long reads leave the event loop and keep their view; short ones do not wait for them."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any

import pytest

from genset.storage._readers import LONG_READS_MAX
from genset.storage._snapshots import CHUNK_ROWS, INLINE_ROWS_MAX
from genset.storage.engine import Engine, Snapshot

from .bodies import get, put, scan
from .conftest import Run

ROWS = INLINE_ROWS_MAX * 3
END = b"\xff"


def key(number: int) -> bytes:
    return b"k%06d" % number


def fill(run: Run[Any], engine: Engine, value: bytes = b"old") -> None:
    run(put(engine, {key(number): value for number in range(ROWS)}))


async def pages(snapshot: Snapshot, rows: int) -> list[tuple[bytes, bytes]]:
    """The whole map, read in pages."""
    found: list[tuple[bytes, bytes]] = []
    while page := await snapshot.scan(found[-1][0] + b"\0" if found else b"", END, limit=rows):
        found += page
    return found


class Gate:
    """A body that says when it runs in a thread, and stays there until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.leave = threading.Event()
        self.finished = threading.Event()

    async def body(self, snapshot: Snapshot) -> list[tuple[bytes, bytes]]:
        found = await snapshot.scan(b"", END, limit=INLINE_ROWS_MAX)
        await snapshot.get(b"k")
        self.entered.set()
        assert self.leave.wait(30)
        try:
            found += await snapshot.scan(found[-1][0] + b"\0", END, limit=ROWS)
        finally:
            self.finished.set()
        return found


async def until(event: threading.Event) -> None:
    await asyncio.get_running_loop().run_in_executor(None, event.wait, 30)
    assert event.is_set()


def test_a_short_read_stays_in_the_event_loop(file_engine: Engine, run: Run[Any]) -> None:
    threads = []

    async def body(snapshot: Snapshot) -> None:
        await snapshot.scan(b"", END, limit=100)
        await snapshot.get_many([key(number) for number in range(100)])
        threads.append(threading.current_thread())

    fill(run, file_engine)
    run(file_engine.read(body))
    assert threads == [threading.main_thread()]


@pytest.mark.parametrize("rows", [1, CHUNK_ROWS, 100, INLINE_ROWS_MAX, ROWS])
def test_a_long_read_moves_to_a_thread_and_misses_nothing(
    file_engine: Engine, run: Run[Any], rows: int
) -> None:
    threads = []

    async def body(snapshot: Snapshot) -> list[tuple[bytes, bytes]]:
        found = await pages(snapshot, rows)
        threads.append(threading.current_thread().name)
        return found

    fill(run, file_engine)
    assert [found for found, _ in run(file_engine.read(body))] == [key(n) for n in range(ROWS)]
    assert threads[0].startswith("genset-read")


def test_many_gets_and_large_values_move_too(file_engine: Engine, run: Run[Any]) -> None:
    threads = []

    async def gets(snapshot: Snapshot) -> None:
        for number in range(ROWS):
            assert await snapshot.get(key(number)) == b"old"
        threads.append(threading.current_thread().name)

    async def get_many(snapshot: Snapshot) -> None:
        assert await snapshot.get_many([key(n) for n in range(ROWS)]) == [b"old"] * ROWS
        threads.append(threading.current_thread().name)

    async def large(snapshot: Snapshot) -> None:
        for _ in range(3):
            await snapshot.get(b"large")
        threads.append(threading.current_thread().name)

    fill(run, file_engine)
    run(put(file_engine, {b"large": bytes(400_000)}))
    for body in (gets, get_many, large):
        run(file_engine.read(body))
    assert all(name.startswith("genset-read") for name in threads)


def test_a_long_read_keeps_its_view_while_writers_go_on(file_engine: Engine, run: Run[Any]) -> None:
    gate = Gate()

    async def scenario() -> None:
        reading = asyncio.create_task(file_engine.read(gate.body))
        await until(gate.entered)
        await put(file_engine, {key(number): b"new" for number in range(ROWS)})
        await put(file_engine, {b"k999999": b"new"})
        # A short read sees the new state at once, and does not wait for the long one.
        assert await get(file_engine, key(ROWS - 1)) == b"new"
        gate.leave.set()
        assert await reading == [(key(number), b"old") for number in range(ROWS)]

    fill(run, file_engine)
    run(scenario())
    assert len(run(scan(file_engine))) == ROWS + 1


def test_more_long_reads_than_threads_wait_in_order(file_engine: Engine, run: Run[Any]) -> None:
    gates = [Gate() for _ in range(LONG_READS_MAX)]
    finished: list[int] = []

    async def late(number: int) -> None:
        assert len(await file_engine.read(lambda snapshot: pages(snapshot, 50))) == ROWS
        finished.append(number)

    async def scenario() -> None:
        running = [asyncio.create_task(file_engine.read(gate.body)) for gate in gates]
        for gate in gates:
            await until(gate.entered)
        waiting = [asyncio.create_task(late(number)) for number in range(5)]
        await asyncio.sleep(0)
        assert await get(file_engine, key(0)) == b"old"
        waiting[1].cancel()
        await asyncio.sleep(0)
        gates[0].leave.set()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert finished == [0, 2, 3, 4]
        for gate in gates:
            gate.leave.set()
        await asyncio.gather(*running)

    fill(run, file_engine)
    run(scenario())


def test_a_cancelled_read_gives_its_connection_back_when_its_thread_is_done(
    file_engine: Engine, run: Run[Any]
) -> None:
    async def scenario() -> None:
        for _ in range(LONG_READS_MAX * 2):
            gate = Gate()
            reading = asyncio.create_task(file_engine.read(gate.body))
            await until(gate.entered)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            # The thread still is in the body; others read on connections of their own.
            assert not gate.finished.is_set()
            assert await get(file_engine, key(1)) == b"old"
            gate.leave.set()
            await until(gate.finished)
        assert len(await file_engine.read(lambda snapshot: pages(snapshot, 50))) == ROWS

    fill(run, file_engine)
    run(scenario())


def test_nobody_complains_of_a_read_that_was_given_up(file_engine: Engine, run: Run[Any]) -> None:
    """Its thread ends with an error of its own, which is nobody's."""
    fill(run, file_engine)
    complaints: list[dict[str, Any]] = []

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        gate = Gate()
        reading = asyncio.create_task(file_engine.read(gate.body))
        await until(gate.entered)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        gate.leave.set()
        await until(gate.finished)
        assert await file_engine.read(lambda snapshot: snapshot.get(key(0))) == b"old"
        # The loop hears of the thread's end a turn later, and the collector of what nobody holds.
        while file_engine._readers._long_reads:  # type: ignore[attr-defined]
            await asyncio.sleep(0.001)
        gc.collect()
        loop.set_exception_handler(None)

    run(scenario())
    assert complaints == []


def test_close_waits_for_long_reads(file_engine: Engine, run: Run[Any]) -> None:
    gate = Gate()

    async def scenario() -> None:
        reading = asyncio.create_task(file_engine.read(gate.body))
        await until(gate.entered)
        closing = asyncio.create_task(file_engine.close())
        await asyncio.sleep(0)
        assert not closing.done()
        gate.leave.set()
        assert len(await reading) == ROWS
        await closing

    fill(run, file_engine)
    run(scenario())


def test_a_long_read_that_raises_passes_it_on(file_engine: Engine, run: Run[Any]) -> None:
    async def body(snapshot: Snapshot) -> None:
        await pages(snapshot, 50)
        raise KeyError("refused")

    fill(run, file_engine)
    for _ in range(LONG_READS_MAX * 2):
        with pytest.raises(KeyError):
            run(file_engine.read(body))
