"""Random transactions of several processes are as if they came one after the other, in one order.

Values are lists to which a write adds its name, so that they tell in which order they were written.
What was seen of them must fit an order of all transactions, which is also that of time: who added
comes before who saw it, and who saw a list before who added to it next (A. Adya, "Weak Consistency:
A Generalized Theory", 1999; K. Kingsbury and P. Alvaro, "Elle", 2020).
"""

from __future__ import annotations

import asyncio
import os
import random
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

import pytest

LISTS = [b"\x02tabl%d" % number for number in range(5)]
LISTS_RANGE = (b"\x02tabl", b"\x02tabm")
LENGTHS = b"\x04c"
QUEUE = (b"\x0cq", b"\x0cr")
SIZED, SIZED_RANGE, SIZES = b"\x03tabl", (b"\x03tabl", b"\x03tabm"), b"\x04n"
ENGINES, CLIENTS, STEPS = 3, 4, 20
SEEDS = int(os.environ.get("GENSET_POSTGRES_SEEDS", "1"))


class ChangedMindError(Exception):
    """A body changes nothing, after all; what it has seen must be true nevertheless."""


@dataclass
class Done:
    """What a transaction has seen and added to, and when it ran."""

    name: str
    began: int = 0
    ended: int = 0
    seen: dict[bytes, tuple[str, ...]] = field(default_factory=dict)
    added: set[bytes] = field(default_factory=set)

    def see(self, key, value):
        self.seen[key] = tuple(value.decode().split()) if value else ()


class History:
    """All transactions, and the rules that they keep together."""

    def __init__(self):
        self.done: list[Done] = []
        self.queued: list[bytes] = []
        self.taken: list[bytes] = []
        self._time = 0

    def tick(self):
        self._time += 1
        return self._time

    def check(self, final):
        """Raise CycleError if there is no order of all that explains what each has seen."""
        graph = TopologicalSorter()
        orders = {key: tuple(value.decode().split()) for key, value in final}
        names = {done.name for done in self.done if done.added}
        assert {name for order in orders.values() for name in order} <= names
        for order in orders.values():
            assert len(set(order)) == len(order)
            for earlier, later in pairwise(order):
                graph.add(later, earlier)
        for done in self.done:
            self._add_seen(graph, done, orders)
        self._add_times(graph)
        graph.prepare()

    def _add_seen(self, graph, done, orders):
        for key in done.added:
            assert done.name in orders[key]
        for key, names in done.seen.items():
            order = orders.get(key, ())
            assert names == order[: len(names)]
            if names:
                graph.add(done.name, names[-1])
            later = [name for name in order[len(names) :] if name != done.name]
            if later:
                graph.add(later[0], done.name)

    def _add_times(self, graph):
        """Who began after another had been answered comes after it."""
        ends = sorted(self.done, key=lambda done: done.ended)
        graph_ends = [(done.ended, f"end {done.name}") for done in ends]
        for done, (_, end) in zip(ends, graph_ends, strict=True):
            graph.add(end, done.name)
        for (_, earlier), (_, later) in pairwise(graph_ends):
            graph.add(later, earlier)
        for done in self.done:
            before = [end for ended, end in graph_ends if ended < done.began]
            if before:
                graph.add(done.name, before[-1])


class Client:
    """Runs random transactions on one engine."""

    def __init__(self, engine, seed, history):
        self.engine, self.history = engine, history
        self.random, self.seed, self.count = random.Random(seed), seed, 0

    async def run(self):
        steps = (self.lists, self.look, self.put_sized, self.remove_sized, self.fill, self.take)
        for _ in range(STEPS):
            await self.random.choices(steps, weights=(10, 4, 4, 1, 1, 3))[0]()

    async def lists(self):
        """Looks at some lists in some way, and adds to some of them."""
        self.count += 1
        done = Done(f"{self.seed}-{self.count}")
        keys = self.random.sample(LISTS, self.random.randint(1, 3))
        way = self.random.choice((see_each, see_each, see_many, see_first, see_last, see_all))
        adding = self.random.sample(keys, self.random.randint(0, len(keys)))
        changes_mind = self.random.random() < 0.1

        async def body(txn):
            done.seen.clear()
            done.added.clear()
            await way(txn, keys, done)
            for key in adding:
                if key not in done.seen:
                    done.see(key, await txn.get(key))
            if changes_mind:
                raise ChangedMindError
            for key in adding:
                txn.put(key, " ".join([*done.seen[key], done.name]).encode())
            txn.add(LENGTHS, len(adding))
            done.added.update(adding)

        done.began = self.history.tick()
        try:
            await self.engine.write(body)
        except ChangedMindError:
            assert changes_mind
        done.ended = self.history.tick()
        self.history.done.append(done)

    async def look(self):
        """Reads, in a snapshot or a transaction, what must agree at any time."""
        self.count += 1
        done = Done(f"{self.seed}-{self.count}")
        way = self.random.choice((see_each, see_many, see_first, agree, agree))
        perform = self.random.choice((self.engine.read, self.engine.write))

        async def body(snapshot):
            done.seen.clear()
            return await way(snapshot, LISTS, done)

        done.began = self.history.tick()
        result = await perform(body)
        done.ended = self.history.tick()
        self.history.done.append(done)
        if way is agree:
            lengths, sizes, pairs = result
            assert lengths == sum(map(len, done.seen.values()))
            assert sizes == (len(pairs), sum(int.from_bytes(value[:4]) for _, value in pairs))

    async def put_sized(self):
        key, size = SIZED + b"%d" % self.random.randrange(9), self.random.randrange(1, 99)
        asks = self.random.random() < 0.3

        async def body(txn):
            if asks:
                await txn.get(key)
            await txn.put_counted(key, size.to_bytes(4), SIZES)

        await self.engine.write(body)

    async def remove_sized(self):
        start = SIZED + b"%d" % self.random.randrange(9)

        async def body(txn):
            pairs = await txn.scan(start, SIZED_RANGE[1], limit=99)
            txn.delete_range(start, SIZED_RANGE[1])
            txn.add(SIZES, -len(pairs), -sum(int.from_bytes(value[:4]) for _, value in pairs))

        await self.engine.write(body)

    async def fill(self):
        keys = [QUEUE[0] + self.random.randbytes(8) for _ in range(4)]

        async def body(txn):
            for key in keys:
                txn.put(key, b"")

        await self.engine.write(body)
        self.history.queued += keys

    async def take(self):
        reverse = self.random.random() < 0.5

        async def body(txn):
            pairs = await txn.scan(*QUEUE, limit=1, reverse=reverse)
            for key, _ in pairs:
                txn.delete(key)
            return [key for key, _ in pairs]

        self.history.taken += await self.engine.write(body)


async def see_each(snapshot, keys, done):
    for number, key in enumerate(keys):
        get = snapshot.get_stable if number else snapshot.get
        done.see(key, await get(key))


async def see_many(snapshot, keys, done):
    for key, value in zip(keys, await snapshot.get_many(keys), strict=True):
        done.see(key, value)


async def see_first(snapshot, keys, done):
    pairs = await snapshot.scan(*LISTS_RANGE, limit=len(keys) % 3 + 1)
    last = pairs[-1][0] if len(pairs) > len(keys) % 3 else LISTS[-1]
    for key in LISTS:
        if key <= last:
            done.see(key, dict(pairs).get(key))


async def see_last(snapshot, keys, done):
    """Looks at one list before, and again with the last ones."""
    done.see(keys[0], await snapshot.get(keys[0]))
    pairs = dict(await snapshot.scan(*LISTS_RANGE, limit=2, reverse=True))
    if keys[0] in pairs:
        assert_later(done, keys[0], pairs[keys[0]])
    for key, value in pairs.items():
        done.see(key, value)


def assert_later(done, key, value):
    """What was seen twice was the same; else the body's result does not count, and it says so."""
    if tuple(value.decode().split()) != done.seen[key]:
        raise AssertionError(f"{key!r} has changed within a transaction")


async def see_all(snapshot, _keys, done):
    pairs = dict(await snapshot.scan(*LISTS_RANGE, limit=99))
    for key in LISTS:
        done.see(key, pairs.get(key))


async def agree(snapshot, keys, done):
    (lengths,) = await snapshot.get_counters(LENGTHS) or (0,)
    await see_all(snapshot, keys, done)
    sizes = await snapshot.get_counters(SIZES) or (0, 0)
    return lengths, sizes, await snapshot.scan(*SIZED_RANGE, limit=99)


@pytest.mark.parametrize("dialect", ["postgresql", "portable"])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_all_have_seen_fits_one_order(open_engine, run, dialect, seed):
    engines = [open_engine(dialect=dialect) for _ in range(ENGINES)]
    history = History()

    async def together():
        seeds = range(seed * 1000, seed * 1000 + ENGINES * CLIENTS)
        clients = [Client(engines[each % ENGINES], each, history) for each in seeds]
        await asyncio.gather(*[client.run() for client in clients])

    run(together())
    left = run(engines[0].read(lambda snapshot: snapshot.scan(*QUEUE, limit=9999)))
    history.check(run(engines[0].read(lambda snapshot: snapshot.scan(*LISTS_RANGE, limit=99))))
    assert sorted([*history.taken, *(key for key, _ in left)]) == sorted(history.queued)


def test_an_order_that_is_none_is_told():
    """Two that each saw only the other's list before it was added to: a write skew."""
    history = History()
    for name, saw, added in (("a", b"x", b"y"), ("b", b"y", b"x")):
        history.done.append(Done(name, 1, 2, {saw: (), added: ()}, {added}))
    with pytest.raises(CycleError):
        history.check([(b"x", b"b"), (b"y", b"a")])
