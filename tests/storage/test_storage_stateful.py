"""Random transactions on every engine, compared with a dictionary; and the overlay alone."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from genset.storage._changes import Changes
from genset.storage.engine import Snapshot, Transaction
from support.stores import MEMORY, MemoryStore, Store

# Few keys, so that changes meet: each is two letters of four.
KEYS = st.text("abcd", min_size=1, max_size=2).map(str.encode)
COUNTER_KEYS = st.sampled_from([b"n1", b"n2", b"n3"])
CHANGE = st.one_of(
    st.tuples(st.just("put"), KEYS, st.binary(max_size=3)),
    st.tuples(st.just("delete"), KEYS | COUNTER_KEYS),
    st.tuples(st.just("delete_range"), KEYS | st.just(b"n"), KEYS | st.just(b"n2")),
    st.tuples(st.just("add"), COUNTER_KEYS, st.integers(-9, 9), st.integers(0, 9)),
    st.tuples(st.just("scan"), KEYS, KEYS, st.integers(1, 9), st.booleans()),
    st.tuples(st.just("get"), KEYS),
    st.tuples(st.just("get_counters"), COUNTER_KEYS),
)


class RefusedError(Exception):
    """Raised by a body that is to change nothing; `seen` is what it had read."""

    def __init__(self, seen: list[Any]) -> None:
        super().__init__(seen)
        self.seen = seen


@dataclass
class Model:
    """What a transaction sees, kept in two dictionaries."""

    values: dict[bytes, bytes] = field(default_factory=dict)
    counters: dict[bytes, tuple[int, ...]] = field(default_factory=dict)

    def copy(self) -> Model:
        return Model(dict(self.values), dict(self.counters))

    def put(self, key: bytes, value: bytes) -> None:
        self.values[key] = value

    def delete(self, key: bytes) -> None:
        self.values.pop(key, None)
        self.counters.pop(key, None)

    def delete_range(self, start: bytes, stop: bytes) -> None:
        for key in [*self.values, *self.counters]:
            if start <= key < stop:
                self.delete(key)

    def add(self, key: bytes, first: int, second: int) -> None:
        before = self.counters.get(key, (0, 0))
        self.counters[key] = (before[0] + first, before[1] + second)

    def get(self, key: bytes) -> bytes | None:
        return self.values.get(key)

    def get_counters(self, key: bytes) -> tuple[int, ...]:
        return self.counters.get(key, ())

    def scan(self, start: bytes, stop: bytes, limit: int, reverse: bool) -> list[Any]:
        pairs = sorted(item for item in self.values.items() if start <= item[0] < stop)
        return (pairs[::-1] if reverse else pairs)[:limit]


READS = ("scan", "get", "get_counters")


def play(model: Model, changes: list[Any]) -> list[Any]:
    """Make the changes; what the reads among them see."""
    answers = [(name, getattr(model, name)(*arguments)) for name, *arguments in changes]
    return [answer for name, answer in answers if name in READS]


async def perform(transaction: Transaction, changes: list[Any]) -> list[Any]:
    """The same with an engine's transaction."""
    seen = []
    for name, *arguments in changes:
        if name == "scan":
            start, stop, limit, reverse = arguments
            seen.append(await transaction.scan(start, stop, limit=limit, reverse=reverse))
        elif name in READS:
            seen.append(await getattr(transaction, name)(*arguments))
        else:
            getattr(transaction, name)(*arguments)
    return seen


class EngineMachine(RuleBasedStateMachine):
    """Batches of transactions, some of which refuse, and reopening."""

    store: Store = MEMORY

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.engine = self.runner.run(self.store.open_empty())
        self.model = Model()

    @rule(bodies=st.lists(st.tuples(st.booleans(), st.lists(CHANGE, max_size=6)), max_size=4))
    def write_together(self, bodies: list[tuple[bool, list[Any]]]) -> None:
        """Some order of the transactions explains all that they saw and what they left."""

        async def together() -> list[Any]:
            return await asyncio.gather(
                *[self.write(refuse, changes) for refuse, changes in bodies], return_exceptions=True
            )

        seen = []
        for (refuse, _), outcome in zip(bodies, self.runner.run(together()), strict=True):
            assert isinstance(outcome, RefusedError if refuse else list), outcome
            seen.append(outcome.seen if refuse else outcome)
        orders = itertools.permutations(zip(bodies, seen, strict=True))
        explained = filter(None, map(self.after, orders))
        self.model = next(explained, None)
        assert self.model is not None, f"no order explains what was seen: {seen}"

    async def write(self, refuse: bool, changes: list[Any]) -> list[Any]:
        async def body(transaction: Transaction) -> list[Any]:
            seen = await perform(transaction, changes)
            if refuse:
                raise RefusedError(seen)
            return seen

        return await self.engine.write(body)

    def after(self, order: Sequence[tuple[tuple[bool, list[Any]], list[Any]]]) -> Model | None:
        """The model after these transactions, unless they did not happen in this order."""
        model = self.model
        for (refuse, changes), seen in order:
            changed = model.copy()
            if play(changed, changes) != seen:
                return None
            model = model if refuse else changed
        return model if self.stored() == model else None

    @precondition(lambda self: not isinstance(self.store, MemoryStore))
    @rule()
    def reopen(self) -> None:
        self.runner.run(self.engine.close())
        self.engine = self.runner.run(self.store.open())

    @invariant()
    def agrees(self) -> None:
        assert self.stored() == self.model

    def stored(self) -> Model:
        """What the engine holds."""

        async def body(snapshot: Snapshot) -> Model:
            found = Model(dict(await snapshot.scan(b"", b"n", limit=1000)))
            for key in (b"n1", b"n2", b"n3"):
                if counted := await snapshot.get_counters(key):
                    found.counters[key] = counted
            return found

        return self.runner.run(self.engine.read(body))

    def teardown(self) -> None:
        self.runner.run(self.engine.close())
        self.runner.close()


def test_every_engine_agrees_with_a_dictionary(store: Store) -> None:
    machine = type("Machine", (EngineMachine,), {"store": store})
    examples = 60 if isinstance(store, MemoryStore) else 8 if store.needs_loop else 12
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=20)
    )


@given(
    stored=st.dictionaries(KEYS, st.binary(max_size=2)),
    changes=st.lists(
        st.one_of(
            st.tuples(st.just("put"), KEYS, st.binary(max_size=2)),
            st.tuples(st.just("delete"), KEYS),
            st.tuples(st.just("delete_range"), KEYS, KEYS),
        )
    ),
    start=KEYS,
    stop=KEYS,
    limit=st.integers(1, 6),
    reverse=st.booleans(),
)
def test_a_merged_scan_is_the_scan_of_the_merged_map(
    stored: dict[bytes, bytes],
    changes: list[Any],
    start: bytes,
    stop: bytes,
    limit: int,
    reverse: bool,
) -> None:
    below = Model(dict(stored))
    merged = below.copy()
    layer = Changes()
    for name, *arguments in changes:
        getattr(layer, name)(*arguments)
        getattr(merged, name)(*arguments)

    def scan_below(start: bytes, stop: bytes, limit: int) -> list[Any]:
        assert limit > 0
        return below.scan(start, stop, limit, reverse)

    found = layer.merged_scan(scan_below, start, stop, limit=limit, reverse=reverse)
    assert found == merged.scan(start, stop, limit, reverse)
