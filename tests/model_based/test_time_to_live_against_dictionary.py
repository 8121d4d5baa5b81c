"""Random writes, times and changes of time to live, compared with a dictionary.

The background's portions are of a few items here, so that its walks have middles in which things
happen; "begin" lets it run beside the steps that follow.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genset.background import expiry
from genset.model.items import decode_stored
from genset.model.time_to_live import expiry_second
from genset.storage import keyspace
from genset.storage.engine import Engine
from model_based.naive_table import Index, NaiveTable, alike
from support import tables
from support.in_process import InProcess
from support.sizes import item_bytes
from support.stores import Store
from support.values import N, S

EXAMPLES = {"sqlite": 100, "postgres": 25}
NOW = 1_700_000_000
FIVE_YEARS = 5 * 365 * 86_400
DEFINITION = tables.table(
    "pk",
    "sk",
    types={"pk": "S", "sk": "N", "l": "S", "g": "S"},
    local=[tables.index("lsi", "pk", "l", projection="KEYS_ONLY")],
    everywhere=[tables.index("gsi", "g")],
)
INDEXES = {
    "lsi": Index(("pk",), ("l",), frozenset()),
    "gsi": Index(("g",), (), None),
}

keys = st.fixed_dictionaries(
    {"pk": st.sampled_from(["a", "b"]).map(S), "sk": st.integers(0, 3).map(N)}
)
values = st.one_of(
    st.integers(-3, 30).map(lambda n: N(NOW + n)),
    st.sampled_from(["0.5", "-7", "0", "1" + "0" * 60, f"{NOW}.5", f"{NOW + 9}.999"]).map(N),
    st.sampled_from([NOW - FIVE_YEARS - 1, NOW - FIVE_YEARS + 86_400]).map(N),
    st.sampled_from([f"{NOW - 5}", ""]).map(S),
)
items = st.builds(
    lambda key, rest: {**key, **rest},
    keys,
    st.fixed_dictionaries(
        {}, optional={"one": values, "two": values, "l": st.just(S("l")), "g": st.just(S("g"))}
    ),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), items),
        st.tuples(st.just("put"), items),
        st.tuples(st.just("update"), st.tuples(keys, values)),
        st.tuples(st.just("delete"), keys),
        st.tuples(st.just("wait"), st.integers(1, 12)),
        st.tuples(st.just("switch"), st.sampled_from(["one", "two"])),
        st.tuples(st.just("begin"), st.none()),
        st.tuples(st.just("sweep"), st.none()),
    ),
    min_size=25,
    max_size=60,
)


@pytest.fixture(autouse=True)
def small_portions() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expiry, "ITEMS_PER_WRITE", 3)
        patch.setattr(expiry, "ITEMS_PER_READ", 2)
        patch.setattr(expiry, "BYTES_PER_WRITE", 60)
        yield


class Run:
    """One table, the dictionary beside it, and background work that may be under way."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.server = InProcess(self.engine, now=NOW, ttl_cooldown_s=0)
        self.naive = NaiveTable("pk", "sk", INDEXES)
        self.attribute: str | None = None
        self.working: asyncio.Task[None] | None = None

    async def send(self, operation: str, **members: Any) -> Any:
        status, body = await self.server.send(operation, {"TableName": "table", **members})
        assert status == 200, body
        return body

    async def put(self, item: Any) -> None:
        await self.send("PutItem", Item=item)
        self.naive.put(item)

    async def update(self, change: Any) -> None:
        """Give an item another time, or make one."""
        key, value = change
        # What is there beside the time depends on whether the item was deleted already.
        await self.settle()
        await self.send(
            "UpdateItem",
            Key=key,
            UpdateExpression="SET one = :v REMOVE #two",
            ExpressionAttributeNames={"#two": "two"},
            ExpressionAttributeValues={":v": value},
        )

        def changed(item: Any) -> Any:
            return {**{name: item[name] for name in item if name != "two"}, "one": value}

        self.naive.update(key, changed)

    async def delete(self, key: Any) -> None:
        await self.send("DeleteItem", Key=key)
        self.naive.delete(key)

    async def wait(self, seconds: int) -> None:
        self.server.now += seconds

    async def switch(self, attribute: str) -> None:
        await self.settle()
        enabled = self.attribute is None
        named = self.attribute or attribute
        specification = {"AttributeName": named, "Enabled": enabled}
        await self.send("UpdateTimeToLive", TimeToLiveSpecification=specification)
        self.attribute = named if enabled else None

    async def begin(self, _: None) -> None:
        if self.working is None:
            self.working = asyncio.create_task(self.two_processes())

    async def two_processes(self) -> None:
        """Two rounds of all jobs, one beside the other."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.server.run_jobs())
            group.create_task(self.server.run_jobs(backwards=True))

    async def settle(self) -> None:
        """Let the work under way end; it has deleted what had expired, however late it looked."""
        if self.working is not None:
            await self.working
            self.working = None
            await self.sweep(None)

    async def sweep(self, _: None) -> None:
        """All background work; then the table and the dictionary are alike."""
        if self.working is not None:
            await self.working
            self.working = None
        await self.server.run_jobs()
        if self.attribute is not None:
            for item in list(self.naive.items.values()):
                if self.has_expired(item):
                    self.naive.delete(item)
        await self.check()

    def has_expired(self, item: Any) -> bool:
        text = item.get(self.attribute, {}).get("N")
        if text is None:
            return False
        second = Decimal(text).to_integral_value(ROUND_FLOOR)
        return self.server.now - FIVE_YEARS <= second < self.server.now

    async def check(self) -> None:
        table = (await self.send("DescribeTable"))["Table"]
        described = {
            each["IndexName"]: (each["ItemCount"], each["IndexSizeBytes"])
            for each in table["LocalSecondaryIndexes"] + table["GlobalSecondaryIndexes"]
        }
        described[""] = (table["ItemCount"], table["TableSizeBytes"])
        for index, counted in described.items():
            where = {"IndexName": index} if index else {}
            expected = self.naive.rows(index or None)
            found = (await self.send("Scan", **where))["Items"]
            assert alike(found, expected), (index, found, expected)
            assert counted == (len(expected), sum(map(item_bytes, found))), index
        await self.check_queue()

    async def check_queue(self) -> None:
        """Each item has its one place in the queue, and the queue no other."""

        async def stored(snapshot: Any) -> tuple[list[Any], list[Any]]:
            return (
                await snapshot.scan(b"\x02", b"\x03", limit=1000),
                await snapshot.scan(b"\x0c", b"\x0d", limit=1000),
            )

        rows, places = await self.engine.read(stored)
        expected = set()
        for key, value in rows:
            second = self.attribute and expiry_second(decode_stored(value), self.attribute)
            if second:
                expected.add(keyspace.expiry_key(key, second))
        assert {key for key, _ in places} == expected


async def live(store: Store, script: list[tuple[str, Any]]) -> None:
    run = Run(await store.open_empty())
    try:
        await run.send("CreateTable", **DEFINITION)
        for name, argument in script:
            await getattr(run, name)(argument)
        await run.sweep(None)
    finally:
        if run.working is not None:
            run.working.cancel()
        await run.engine.close()


def test_exactly_what_has_expired_is_gone(store: Store, engine_kind: str) -> None:
    @given(steps)
    @settings(max_examples=int(os.environ.get("GENSET_MODEL_EXAMPLES", EXAMPLES[engine_kind])))
    def check(script: list[tuple[str, Any]]) -> None:
        asyncio.run(live(store, script))

    check()
