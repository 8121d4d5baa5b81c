"""Writes of other processes that come in between: a body's result never mixes two times."""

from __future__ import annotations

import asyncio
import random

import pytest

from genset.storage.postgres.function_sessions import FunctionSession

FIRST, SECOND, TABLE = b"\x02tabl1", b"\x02tabl2", (b"\x02tabl", b"\x02tabm")
COUNTER = b"\x04n"


def putting(*pairs):
    async def body(txn):
        for key, value in pairs:
            txn.put(key, value)

    return body


def value_of(number):
    """A value as `put_counted` wants it: it begins with its size."""
    return number.to_bytes(4) + b"v"


@pytest.fixture
def before(monkeypatch):
    """Arranges that once, before such a step of a write, something else happens."""

    def arrange(step, happen, is_such=lambda *_: True):
        original = getattr(FunctionSession, step)
        waiting = [happen]

        async def stepping(session, *arguments):
            if waiting and is_such(*arguments):
                await waiting.pop()()
            return await original(session, *arguments)

        monkeypatch.setattr(FunctionSession, step, stepping)

    return arrange


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("bound", [{"limit": 1}, {"limit": 9, "bytes_max": 1}])
def test_the_first_of_a_queue_is_taken_once(open_engine, run, before, reverse, bound):
    """Also if all that is in it was put by one commit."""
    engines = [open_engine(), open_engine()]
    run(engines[0].write(putting((FIRST, b"1"), (SECOND, b"2"))))

    async def take(txn):
        ((key, _),) = await txn.scan(*TABLE, reverse=reverse, **bound)
        txn.delete(key)
        return key

    taken = []

    async def take_elsewhere():
        taken.append(await engines[1].write(take))

    before("commit", take_elsewhere, lambda batch: batch.ranges)
    taken.append(run(engines[0].write(take)))
    assert sorted(taken) == [FIRST, SECOND]


def test_a_key_does_not_change_between_its_read_and_that_of_its_range(open_engine, run, before):
    engines = [open_engine(), open_engine()]
    run(engines[0].write(putting((FIRST, b"old"))))

    async def read_twice(txn):
        return await txn.get(FIRST), await txn.scan(*TABLE, limit=9)

    def put_elsewhere():
        return engines[1].write(putting((FIRST, b"new")))

    before("fetch", put_elsewhere, lambda ask, _: ask.range is not None)
    assert run(engines[0].write(read_twice)) == (b"new", [(FIRST, b"new")])


def test_a_counter_and_what_it_counts_are_read_at_one_time_within_a_batch(open_engine, run):
    engine = open_engine()

    async def look(txn):
        counted = await txn.get_counters(COUNTER)
        await txn.get(b"\x02tably")
        return counted, await txn.get(FIRST)

    async def count(txn):
        await txn.get(b"\x02tablx")
        await txn.put_counted(FIRST, value_of(7), COUNTER)

    async def scenario():
        looking = asyncio.ensure_future(engine.write(look))
        counting = asyncio.ensure_future(engine.write(count))
        await counting
        return await looking

    assert run(scenario()) in [((), None), ((1, 7), value_of(7))]


def test_processes_whose_random_numbers_are_alike_still_tell_their_writes_apart(open_engine, run):
    """As those of a test suite are, which seeds them before each test."""
    engines = [open_engine(), open_engine()]

    async def increment(txn):
        number = int(await txn.get(FIRST) or b"0") + 1
        txn.put(FIRST, b"%d" % number)
        return number

    async def scenario():
        for engine in engines:
            await engine.write(putting((SECOND, b"")))
        for expected, engine in enumerate([*engines, engines[0]], 1):
            random.seed(7)
            assert await engine.write(increment) == expected

    run(scenario())
