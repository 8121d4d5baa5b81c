"""Random transactions on every engine, compared with a dictionary; and the overlay alone."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
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
from genset.storage.engine import Transaction

from .bodies import counters, scan
from .conftest import ENGINES, open_engine

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
    """Raised by a body that is to change nothing."""


class Model:
    """What a transaction sees, kept in two dictionaries."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.counters: dict[bytes, tuple[int, int]] = {}

    def copy(self) -> Model:
        other = Model()
        other.values, other.counters = dict(self.values), dict(self.counters)
        return other

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


async def perform(transaction: Transaction, model: Model, change: Any) -> None:
    """Make one change in both, or compare one read."""
    name, *arguments = change
    if name == "scan":
        start, stop, limit, reverse = arguments
        found = await transaction.scan(start, stop, limit=limit, reverse=reverse)
        assert found == model.scan(*arguments)
    elif name in ("get", "get_counters"):
        assert await getattr(transaction, name)(*arguments) == getattr(model, name)(*arguments)
    else:
        getattr(transaction, name)(*arguments)
        getattr(model, name)(*arguments)


class EngineMachine(RuleBasedStateMachine):
    """Batches of transactions, some of which refuse, and reopening."""

    kind = "memory"

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.engine = open_engine(self.kind, self.directory)
        self.model = Model()

    @rule(bodies=st.lists(st.tuples(st.booleans(), st.lists(CHANGE, max_size=6)), max_size=4))
    def write_together(self, bodies: list[tuple[bool, list[Any]]]) -> None:
        async def together() -> list[Any]:
            return await asyncio.gather(
                *[self.write(refuse, changes) for refuse, changes in bodies], return_exceptions=True
            )

        for (refuse, _), outcome in zip(bodies, self.runner.run(together()), strict=True):
            assert isinstance(outcome, RefusedError) if refuse else outcome is None

    async def write(self, refuse: bool, changes: list[Any]) -> None:
        async def body(transaction: Transaction) -> None:
            model = self.model.copy()
            for change in changes:
                await perform(transaction, model, change)
            if refuse:
                raise RefusedError
            self.model = model

        await self.engine.write(body)

    @precondition(lambda self: self.kind != "memory")
    @rule()
    def reopen(self) -> None:
        self.runner.run(self.engine.close())
        self.engine = open_engine(self.kind, self.directory)

    @invariant()
    def agrees(self) -> None:
        assert self.runner.run(scan(self.engine, b"", b"n")) == sorted(self.model.values.items())
        for key in (b"n1", b"n2", b"n3"):
            assert self.runner.run(counters(self.engine, key)) == self.model.get_counters(key)

    def teardown(self) -> None:
        self.runner.run(self.engine.close())
        self.runner.close()
        shutil.rmtree(self.directory)


@pytest.mark.parametrize("kind", ENGINES)
def test_every_engine_agrees_with_a_dictionary(kind: str) -> None:
    machine = type("Machine", (EngineMachine,), {"kind": kind})
    examples = 60 if kind == "memory" else 12
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
    below = Model()
    below.values = dict(stored)
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
