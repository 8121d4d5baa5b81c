"""No transaction of a job takes much, however many or large the things are that it goes over."""

from __future__ import annotations

import asyncio
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from genset.background.portions import read_portion
from genset.background.streams import streams_round
from genset.background.sweep import sweep_tables_round
from genset.storage import keyspace
from support import tables
from support.in_process import InProcess
from support.streams import enabled
from support.values import S

DAY = 86_400.0
EXAMPLES = {"sqlite": 100, "postgres": 25}
LARGE = "x" * 390_000


def test_a_portion_is_the_beginning_of_its_range(store, engine_kind):
    @given(st.lists(st.sampled_from([0, 1, 50, 400]), max_size=40), st.integers(1, 30))
    @settings(max_examples=EXAMPLES[engine_kind])
    def check(sizes, keys_max):
        check_portion(store, sizes, keys_max)

    check()


def check_portion(store, sizes, keys_max):
    pairs = [(bytes([n]), b"v" * size) for n, size in enumerate(sizes)]

    async def scenario():
        engine = await store.open_empty()

        async def fill(txn):
            for key, value in pairs:
                txn.put(key, value)

        await engine.write(fill)
        found, is_end = await engine.read(
            lambda snapshot: read_portion(
                snapshot, b"", b"\xff", keys_max=keys_max, bytes_max=500, keys_at_first=3
            )
        )
        await engine.close()
        assert found == pairs[: len(found)]
        assert len(found) <= keys_max
        assert found or not pairs
        if is_end:
            assert len(found) == len(pairs)
        else:
            # It goes on while there is room for another of the average size.
            assert len(found) == keys_max or sum(sizes[: len(found)]) >= 250
        if len(set(sizes)) == 1:
            assert sum(sizes[: len(found)]) <= max(500, 3 * sizes[0])

    asyncio.run(scenario())


def removed_at_once(store, job, prefix, **members):
    """The most keys under the prefix that one write of the job removes, of 40 large things."""

    async def scenario():
        engine = await store.open_empty()
        server = InProcess(engine, now=1e9)
        keyed = tables.table("pk", types={"pk": "S"})
        await server.send("CreateTable", {"TableName": "tab", **keyed, **members})
        for n in range(40):
            item = {"pk": S(f"{n}"), "v": S(LARGE)}
            status, _ = await server.send("PutItem", {"TableName": "tab", "Item": item})
            assert status == 200
        await server.send("DeleteTable", {"TableName": "tab"})
        server.now += DAY + 2

        async def left():
            stop = keyspace.after_prefix(prefix)
            return len(await engine.read(lambda snapshot: snapshot.scan(prefix, stop, limit=1000)))

        steps = [await left()]
        write = engine.write

        async def watched(body):
            answer = await write(body)
            steps.append(await left())
            return answer

        engine.write = watched
        await job(engine, server.services)
        await engine.close()
        assert (steps[0], steps[-1]) == (40, 0)
        return max(before - after for before, after in itertools.pairwise(steps))

    return asyncio.run(scenario())


def test_few_large_items_of_a_deleted_table_are_removed_at_once(store):
    assert removed_at_once(store, sweep_tables_round, keyspace.items_prefix(1)) <= 10


def test_few_large_records_of_a_stream_are_removed_at_once(store):
    prefix = keyspace.records_range(1, 0)[0][:5]
    assert removed_at_once(store, streams_round, prefix, **enabled("NEW_IMAGE")) <= 10
