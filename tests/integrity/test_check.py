"""A check beside writers, of large keys, and of what is on its way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from genset.integrity.check import check
from genset.storage import keyspace
from genset.storage.engine import StorageError, Transaction
from integrity import music
from support import tables
from support.in_process import InProcess
from support.still_server import StillServer
from support.stores import Store
from support.values import N, S

Still = Callable[..., StillServer]


def test_writers_that_go_on_do_not_disturb_it(durable_store: Store) -> None:
    """What is checked is one view: items, entries and counters of one moment."""

    async def scenario() -> None:
        engine, other = await durable_store.open_empty(), await durable_store.open()
        server = InProcess(other)
        try:
            status, _ = await server.send("CreateTable", {"TableName": "music", **music.TABLE})
            assert status == 200
            stopped = asyncio.Event()
            writing = asyncio.gather(*(write(server, stopped, n) for n in range(2)))
            items = 0
            while items < 100:
                report = await check(engine)
                assert report.problems == ()
                items = report.totals.items
                await asyncio.sleep(0)
            stopped.set()
            await writing
        finally:
            await engine.close()
            await other.close()

    async def write(server: InProcess, stopped: asyncio.Event, seed: int) -> None:
        number = 0
        while not stopped.is_set():
            number += 1
            item = {"pk": S(f"p{seed}"), "sk": N(number), "g": S(f"g{number % 3}"), "l": S("l")}
            await server.send("PutItem", {"TableName": "music", "Item": item})
            if number % 3 == 0:
                key = {"pk": S(f"p{seed}"), "sk": N(number - 1)}
                await server.send("DeleteItem", {"TableName": "music", "Key": key})

    asyncio.run(scenario())


def test_entries_with_keys_too_long_for_the_store_are_in_their_places(still: Still) -> None:
    """Four sort attributes of 1 KB each, of which PostgreSQL keeps the beginning and a hash."""
    names = ("a", "b", "c", "d")
    index = tables.index("long", "g", names)
    types = dict.fromkeys(("pk", "g", *names), "S")
    definition = tables.table("pk", types=types, everywhere=[index])
    server = still()
    server("CreateTable", TableName="long", **definition)
    for n in range(6):
        parts = {name: S(name * 1000 + str((n * 7) % 5)) for name in names}
        server("PutItem", TableName="long", Item={"pk": S(f"p{n}"), "g": S("g"), **parts})
    report = server.run(check(server.engine))
    assert report.problems == ()
    assert report.totals.index_entries == 6


def test_what_the_background_has_not_come_to_is_no_problem(still: Still) -> None:
    """An index that is partly filled, a queue that is, and what is to be swept."""
    server = still()
    music.fill(server)
    ttl = {"Enabled": True, "AttributeName": "w"}
    server("UpdateTimeToLive", TableName="other", TimeToLiveSpecification=ttl)
    creation = [{"Create": tables.index("late", "v")}]
    server(
        "UpdateTable",
        TableName="music",
        AttributeDefinitions=tables.definitions(v="S"),
        GlobalSecondaryIndexUpdates=creation,
    )
    server("DeleteTable", TableName="other")
    assert server.run(check(server.engine)).problems == ()
    server.run_jobs()
    assert server.run(check(server.engine)).totals.tables == 1


def test_data_that_is_still_on_its_way_is_not_checked(still: Still) -> None:
    server = still()

    async def mark(txn: Transaction) -> None:
        txn.put(keyspace.migration_key(), b"{}")

    server.spoil(mark)
    with pytest.raises(StorageError, match="genset migrate has not come to its end"):
        server.run(check(server.engine))


def test_progress_is_told(still: Still) -> None:
    server = still()
    music.fill(server)
    told: list[tuple[str, int]] = []

    def tell(what: str, count: int) -> None:
        told.append((what, count))

    totals: Any = server.run(check(server.engine, tell)).totals
    assert {what for what, _ in told} == {
        "table music",
        "table other",
        "stream of music",
        "client tokens",
    }
    assert sum(count for _, count in told) > totals.items + totals.index_entries
