"""Few connections for many who want one."""

from __future__ import annotations

import asyncio

import pytest

from genset.storage.engine import StorageBusyError, StorageClosedError
from genset.storage.postgres.connections import Connections


@pytest.fixture
def connections(url, run):
    made = Connections(url, 2, {}, "read-write")
    yield made
    run(made.close())


def test_who_waits_is_served_in_order_and_by_no_more_connections(connections, run):
    order, used = [], set()

    async def use(number):
        async with connections.take() as connection:
            order.append(number)
            used.add(connection)
            await connection.fetchval("SELECT 1")

    async def scenario():
        await asyncio.gather(*[use(number) for number in range(20)])

    run(scenario())
    # The first two do not wait, but open the connections, side by side.
    assert [number for number in order if number >= 2] == list(range(2, 20))
    assert sorted(order) == list(range(20))
    assert len(used) == 2


def test_who_waits_for_too_long_is_refused_and_others_are_not(connections, run):
    async def scenario():
        async with connections.take(), connections.take():
            patient = asyncio.ensure_future(connections.acquire(5.0))
            with pytest.raises(StorageBusyError):
                await connections.acquire(0.05)
            assert not patient.done()
        connections.release(await patient)

    run(scenario())


def test_a_cancelled_wait_takes_no_connection_away(connections, run):
    async def scenario():
        for cancel_late in (False, True):
            first, second = await connections.acquire(5.0), await connections.acquire(5.0)
            waiting = [asyncio.ensure_future(connections.acquire(5.0)) for _ in range(2)]
            await asyncio.sleep(0)
            if cancel_late:
                connections.release(first)
            waiting[0].cancel()
            if not cancel_late:
                connections.release(first)
            with pytest.raises(asyncio.CancelledError):
                await waiting[0]
            connections.release(await waiting[1])
            connections.release(second)

    run(scenario())


def test_a_broken_connection_is_replaced_also_for_who_waits(connections, run):
    async def scenario():
        first, second = await connections.acquire(5.0), await connections.acquire(5.0)
        waiting = asyncio.ensure_future(connections.acquire(5.0))
        await asyncio.sleep(0)
        first.terminate()
        connections.release(first)
        third = await waiting
        assert await third.fetchval("SELECT 3") == 3
        second.terminate()
        connections.release(second)
        connections.release(third)
        for _ in range(2):
            async with connections.take() as connection:
                assert await connection.fetchval("SELECT 4") == 4

    run(scenario())


def test_none_is_to_be_had_after_the_close(connections, run):
    async def scenario():
        used = await connections.acquire(5.0)
        await connections.close()
        with pytest.raises(StorageClosedError):
            await connections.acquire(5.0)
        connections.release(used)
        assert used.is_closed()

    run(scenario())
