"""Several processes on one database: what they write together is as if one came after another."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

HOT = [b"\x02tabl%d" % number for number in range(6)]
SUM, SEQUENCE, COUNTED = b"\x04c", b"\x0bs", b"\x04n"
CLIENTS, STEPS = 4, 25


class Client:
    """Random transactions on a few keys; `expected` counts what was acknowledged."""

    def __init__(self, engine, seed, expected):
        self.engine, self.random, self.expected = engine, random.Random(seed), expected

    async def run(self):
        for _ in range(STEPS):
            step = self.random.choices(
                (self.increment, self.increment_two, self.number, self.scan, self.put),
                weights=(8, 4, 4, 1, 3),
            )[0]
            await step()

    async def increment(self):
        key = self.random.choice(HOT)

        async def body(txn):
            txn.put(key, b"%d" % (int(await txn.get(key) or b"0") + 1))
            txn.add(SUM, 1)

        await self.engine.write(body)
        self.expected[key] += 1

    async def increment_two(self):
        async def body(txn):
            values = await txn.get_many(HOT[:2])
            for key, value in zip(HOT[:2], values, strict=True):
                txn.put(key, b"%d" % (int(value or b"0") + 1))
            txn.add(SUM, 2)

        await self.engine.write(body)
        self.expected.update(HOT[:2])

    async def number(self):
        """The next number of a sequence, as a stream's records have them."""

        async def body(txn):
            (number,) = await txn.get_counters(SEQUENCE) or (0,)
            txn.add(SEQUENCE, 1)
            txn.put(b"\x0ar%08d" % number, b"")

        await self.engine.write(body)
        self.expected["numbers"] += 1

    async def scan(self):
        async def body(txn):
            pairs = await txn.scan(b"\x02tabl", b"\x02tabm", limit=100)
            counted = await txn.get_counters(SUM) or (0,)
            txn.put(b"\x03sum", b"%d" % counted[0])
            return sum(int(value) for _, value in pairs), counted[0]

        total, counted = await self.engine.write(body)
        assert total == counted

    async def put(self):
        key, size = b"\x05k%d" % self.random.randrange(20), self.random.randrange(1, 100)

        async def body(txn):
            await txn.put_counted(key, size.to_bytes(4) + b"v", COUNTED)

        await self.engine.write(body)


@pytest.mark.parametrize("dialect", ["postgresql", "portable"])
def test_what_they_write_adds_up(open_engine, run, dialect):
    engines = [open_engine(dialect=dialect) for _ in range(3)]
    expected = Counter()

    async def together():
        clients = [
            Client(engine, 100 * number + client, expected)
            for number, engine in enumerate(engines)
            for client in range(CLIENTS)
        ]
        await asyncio.gather(*[client.run() for client in clients])

    async def look(snapshot):
        hot = await snapshot.scan(b"\x02", b"\x03", limit=1000)
        records = await snapshot.scan(b"\x0a", b"\x0b", limit=10_000)
        counted = await snapshot.scan(b"\x05", b"\x06", limit=1000)
        counters = [await snapshot.get_counters(key) for key in (SUM, SEQUENCE, COUNTED)]
        return hot, records, counted, counters

    run(together())
    hot, records, counted, (total, sequence, sizes) = run(engines[0].read(look))
    assert {key: int(value) for key, value in hot} == {key: expected[key] for key, _ in hot}
    assert total == (sum(int(value) for _, value in hot),)
    assert sequence == (expected["numbers"],)
    assert [key for key, _ in records] == [b"\x0ar%08d" % n for n in range(expected["numbers"])]
    assert sizes == (len(counted), sum(int.from_bytes(value[:4]) for _, value in counted))


@pytest.mark.parametrize("dialect", ["postgresql", "portable"])
def test_a_write_is_seen_by_every_engine_at_once(open_engine, run, dialect):
    first, second = open_engine(dialect=dialect), open_engine(dialect=dialect)

    async def scenario():
        for number in range(20):
            writer, reader = (first, second) if number % 2 else (second, first)

            async def put(txn, value=b"%d" % number):
                txn.put(b"\x01stable", value)
                txn.put(b"\x02tablek", value)

            async def look(snapshot):
                return await snapshot.get_stable(b"\x01stable"), await snapshot.get(b"\x02tablek")

            await writer.write(put)
            assert await reader.read(look) == (b"%d" % number, b"%d" % number)
            assert await reader.write(look) == (b"%d" % number, b"%d" % number)

    run(scenario())


def test_a_condition_on_an_absent_key_holds_for_one_of_two(open_engine, run):
    engines = [open_engine(), open_engine()]

    async def claim(engine, key, name):
        async def body(txn):
            if await txn.get(key) is not None:
                return False
            txn.put(key, name)
            return True

        return await engine.write(body)

    async def scenario():
        for number in range(30):
            key = b"\x02tabl%d" % number
            claims = [claim(engine, key, b"%d" % n) for n, engine in enumerate(engines * 2)]
            assert sorted(await asyncio.gather(*claims)) == [False, False, False, True]

    run(scenario())
