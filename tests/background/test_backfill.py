"""An index created at any moment of any history equals a rebuild from the items."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from genset.background import backfill
from genset.background.backfill import Filling, fill_indexes_round
from genset.background.sweep import sweep_deleted_indexes
from genset.integrity.check import check
from genset.storage.engine import Engine
from support import tables
from support.in_process import InProcess
from support.sizes import item_bytes
from support.stores import Store
from support.values import N, S

TABLE = tables.table("pk", types={"pk": "N"})

# Of the right type, of a wrong one, empty, and none at all; a few, so that writes meet.
keys = st.integers(0, 30)
values = st.sampled_from([S("x"), S("y"), N(1), S(""), None])
puts = st.tuples(st.just("put"), keys, values, st.integers(0, 3))
updates = st.tuples(st.just("update"), keys, st.sampled_from([S("x"), S("z")]))
deletes = st.tuples(st.just("delete"), keys)
lifecycle = st.sampled_from(
    [("create", "ALL"), ("create", "KEYS_ONLY"), ("drop",), ("portion",), ("portion",), ("sweep",)]
)
EXAMPLES = {"sqlite": 200, "postgres": 40}
histories = st.lists(st.one_of(puts, puts, updates, deletes, lifecycle), max_size=60)


class History:
    """A server in this process and what its one table should hold."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.server = InProcess(engine)
        self.items: dict[int, dict[str, Any]] = {}
        self.projection: str | None = None

    async def call(self, operation: str, **members: Any) -> tuple[int, dict[str, Any]]:
        return await self.server.send(operation, {"TableName": "items", **members})

    async def put(self, number: int, value: Any, n: int) -> None:
        item = {"pk": N(number), "n": N(n), **({} if value is None else {"g": value})}
        status, body = await self.call("PutItem", Item=item)
        fits = self.projection is None or value is None or value.get("S")
        assert (status == 200) == bool(fits), body
        if fits:
            self.items[number] = item

    async def update(self, number: int, value: Any) -> None:
        status, body = await self.call(
            "UpdateItem",
            Key={"pk": N(number)},
            UpdateExpression="SET g = :g",
            ExpressionAttributeValues={":g": value},
        )
        assert status == 200, body
        self.items[number] = {**self.items.get(number, {"pk": N(number)}), "g": value}

    async def delete(self, number: int) -> None:
        status, body = await self.call("DeleteItem", Key={"pk": N(number)})
        assert status == 200, body
        self.items.pop(number, None)

    async def create(self, projection: str) -> None:
        if self.projection is not None:
            return
        status, body = await self.call(
            "UpdateTable",
            AttributeDefinitions=tables.definitions(g="S"),
            GlobalSecondaryIndexUpdates=[
                {"Create": tables.index("gsi", "g", projection=projection)}
            ],
        )
        assert status == 200, body
        self.projection = projection

    async def drop(self) -> None:
        if self.projection is None:
            return
        status, body = await self.call(
            "UpdateTable", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "gsi"}}]
        )
        assert status == 200, body
        self.projection = None

    async def portion(self) -> None:
        for mark in await self.engine.read(backfill._marks):
            await Filling(mark).advance(self.engine)

    async def sweep(self) -> None:
        await sweep_deleted_indexes(self.engine, 7)

    async def check(self) -> None:
        """Finish what is under way; then the index and the counts must be exact."""
        await fill_indexes_round(self.engine, self.server.services)
        await self.sweep()
        _, body = await self.call("DescribeTable")
        described = body["Table"]
        assert described["ItemCount"] == len(self.items)
        assert described["TableSizeBytes"] == sum(map(item_bytes, self.items.values()))
        report = await check(self.engine)
        assert report.problems == ()
        indexes = described.get("GlobalSecondaryIndexes", [])
        assert [index["IndexStatus"] for index in indexes] == ["ACTIVE"] * bool(self.projection)
        indexed = [item for item in self.items.values() if item.get("g", {}).get("S")]
        assert report.totals.index_entries == len(indexed) * bool(self.projection)


def test_an_index_equals_a_rebuild_whatever_came_between(store: Store, engine_kind: str) -> None:
    @given(histories)
    @settings(max_examples=EXAMPLES[engine_kind])
    def check(history: list[tuple[Any, ...]]) -> None:
        asyncio.run(played(store, history))

    old = backfill._ITEMS_AT_FIRST
    backfill._ITEMS_AT_FIRST = 4  # type: ignore[misc]
    try:
        check()
    finally:
        backfill._ITEMS_AT_FIRST = old  # type: ignore[misc]


async def played(store: Store, history: list[tuple[Any, ...]]) -> None:
    engine = await store.open_empty()
    try:
        machine = History(engine)
        assert (await machine.call("CreateTable", **TABLE))[0] == 200
        for name, *arguments in history:
            await getattr(machine, name)(*arguments)
        await machine.check()
        await machine.drop()
        await machine.check()
    finally:
        await engine.close()


def test_an_index_does_not_take_the_place_of_one_whose_entries_remain(store: Store) -> None:
    """Deleted and created again, and again, before anything was swept."""

    async def scenario() -> None:
        engine = await store.open_empty()
        try:
            machine = History(engine)
            await machine.call("CreateTable", **TABLE)
            for number in range(20):
                await machine.put(number, S("x"), number)
            for _ in range(3):
                await machine.create("ALL")
                await machine.portion()
                await machine.drop()
            await machine.create("KEYS_ONLY")
            await machine.check()
        finally:
            await engine.close()

    asyncio.run(scenario())


def test_two_processes_fill_one_index(store: Store) -> None:
    """Each goes on where the other stopped, so nothing is counted twice."""

    async def scenario() -> None:
        engine = await store.open_empty()
        try:
            machine = History(engine)
            await machine.call("CreateTable", **TABLE)
            for number in range(300):
                await machine.put(number, S("x"), number)
            await machine.create("ALL")
            await asyncio.gather(
                *(fill_indexes_round(engine, machine.server.services) for _ in range(3))
            )
            await machine.check()
        finally:
            await engine.close()

    asyncio.run(scenario())
