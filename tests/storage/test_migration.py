"""All data of a store is moved to another exactly once, wherever that is interrupted."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import apsw
import pytest

from genset.storage import keyspace
from genset.storage.engine import Engine, Transaction
from genset.storage.migration import Amount, MigrationError, migrate, refuse_unfinished
from genset.storage.sqlite import open_sqlite

from .bodies import counters, get, put
from .conftest import Run

T = TypeVar("T")

COUNTERS = {
    keyspace.counts_key(1): (3, 300),
    keyspace.counts_key(1, 2): (0, 0),
    keyspace.counts_key(2**32 - 1, 2**16 - 1): (2**63 - 1, -(2**63)),
    keyspace.collection_key(1, bytes(16)): (7,),
    keyspace.collection_key(2**32 - 1, b"\xff" * 16): (8,),
    keyspace.table_numbers_key(): (2,),
    keyspace.stream_numbers_key(): (1,),
    keyspace.sequence_key(1, 0): (44,),
    keyspace.sequence_key(2**32 - 1, 2**32 - 1): (45,),
}
VALUES = {
    keyspace.catalog_key("account", "region", "a"): b"table",
    keyspace.items_prefix(1) + b"key": bytes(100),
    keyspace.items_prefix(2**32 - 1) + b"\xff" * 40: b"last",
    keyspace.index_prefix(2**32 - 1, 2**16 - 1) + b"\xff" * 40: b"",
    keyspace.token_key("account", "region", "token"): b"{}",
    keyspace.sweep_key(9): b"",
    keyspace.stream_key("account", "region", "a", "label"): b"stream",
    keyspace.record_key(1, 0, 2**64 - 1): b"record",
    keyspace.expiry_key(keyspace.items_prefix(1) + b"key", 5): b"",
    keyspace.expiry_queue_key(1): b"ready",
    keyspace.backfill_key(1, 2): b"",
    keyspace.index_sweep_key(2**32 - 1, 2**16 - 1): b"",
    keyspace.history_key(keyspace.items_prefix(1) + b"\x00\xff", 6): b"past",
    keyspace.leaving_key(keyspace.catalog_key("account", "region", "a"), 7): b"",
}


class KilledError(Exception):
    """Stands for the end of the process."""


class Mortal:
    """An engine whose process is killed before the commit of its last write, or after it."""

    def __init__(self, engine: Engine, writes: int, *, after: bool) -> None:
        self._engine = engine
        self._writes = writes
        self._after = after
        self.read, self.scan_counters = engine.read, engine.scan_counters

    async def write(self, body: Callable[[Transaction], Awaitable[T]]) -> T:
        self._writes -= 1
        if self._writes <= 0 and not self._after:
            raise KilledError
        result = await self._engine.write(body)
        if self._writes <= 0:
            raise KilledError
        return result


@pytest.fixture
def source(tmp_path: Path, run: Run[Any]) -> Iterator[Engine]:
    opened = open_sqlite(tmp_path / "source.db")
    run(opened.write(fill))
    yield opened
    run(opened.close())


@pytest.fixture
def target(tmp_path: Path, run: Run[Any]) -> Iterator[Engine]:
    (tmp_path / "target").mkdir()
    opened = open_sqlite(tmp_path / "target" / "target.db")
    yield opened
    run(opened.close())


async def fill(transaction: Transaction) -> None:
    for key, value in VALUES.items():
        transaction.put(key, value)
    for key, deltas in COUNTERS.items():
        transaction.add(key, *deltas)


def stored(path: Path) -> list[Any]:
    """All rows as SQLite has them, whatever genset takes them for."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    rows = connection.execute("SELECT key, value FROM kv ORDER BY key").fetchall()
    connection.close()
    return rows


def quiet(_what: str, _amount: Amount) -> None:
    """Reports to nobody."""


def test_every_kind_of_key_is_moved(
    source: Engine, target: Engine, run: Run[Any], tmp_path: Path
) -> None:
    contents = run(migrate(source, target, quiet))
    sizes = sum(len(key) + len(value) for key, value in VALUES.items())
    assert contents.amount == Amount(values=len(VALUES), counters=len(COUNTERS), value_bytes=sizes)
    rows = stored(tmp_path / "source.db")
    assert len(rows) == len(VALUES) + len(COUNTERS)
    assert stored(tmp_path / "target" / "target.db") == rows


def test_the_spans_of_data_hold_every_key_once_and_counters_apart() -> None:
    spans = keyspace.data_spans()
    for keys, are_counters in ((VALUES, False), (COUNTERS, True)):
        for key in keys:
            (span,) = [span for span in spans if span.start <= key < span.stop]
            assert span.has_counters == are_counters, key
    mark = keyspace.migration_key()
    assert not [span for span in spans if span.start <= mark < span.stop]
    assert list(spans) == sorted(spans)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_it_goes_on_wherever_it_was_killed(
    source: Engine, target: Engine, run: Run[Any], tmp_path: Path, after: bool
) -> None:
    """Killed in each of its writes, before its commit or after it, and begun again after each."""
    kills = 0
    while True:
        try:
            run(migrate(source, Mortal(target, 2, after=after), quiet, pairs_max=2))
            break
        except KilledError:
            kills += 1
            # Killed behind the last, it has all; else nobody may use what is there.
            if run(get(target, keyspace.migration_key())) is not None:
                with pytest.raises(MigrationError, match="not complete"):
                    run(refuse_unfinished(target))
        assert kills < 100
    assert kills > 5
    run(refuse_unfinished(target))
    assert stored(tmp_path / "target" / "target.db") == stored(tmp_path / "source.db")


def test_large_values_make_small_portions(source: Engine, target: Engine, run: Run[Any]) -> None:
    key = keyspace.items_prefix(7)
    chance = random.Random(1)
    large = {key + bytes([number]): chance.randbytes(400_000) for number in range(100)}
    run(put(source, large))
    reported: list[Amount] = []

    def report(what: str, amount: Amount) -> None:
        if what == "copied":
            reported.append(amount)

    run(migrate(source, target, report))
    steps = [after.value_bytes - before.value_bytes for before, after in pairwise(reported)]
    assert 0 < max(steps) < 20_000_000
    assert run(get(target, key + b"\x63")) == large[key + b"\x63"]


def test_when_all_is_there_it_only_compares(source: Engine, target: Engine, run: Run[Any]) -> None:
    first = run(migrate(source, target, quiet))
    assert run(migrate(source, Mortal(target, 0, after=False), quiet)) == first


def test_a_target_with_other_data_is_left_alone(
    source: Engine, target: Engine, run: Run[Any], tmp_path: Path
) -> None:
    for other in (put(target, {b"\x08other": b""}), target.write(partial(add, key=b"\x0b"))):
        run(other)
        before = stored(tmp_path / "target" / "target.db")
        with pytest.raises(MigrationError, match="the target"):
            run(migrate(source, target, quiet))
        assert stored(tmp_path / "target" / "target.db") == before
        run(target.write(empty))


async def add(transaction: Transaction, key: bytes) -> None:
    transaction.add(key, 1)


async def empty(transaction: Transaction) -> None:
    transaction.delete_range(b"", b"\xff")


def test_keys_that_are_kept_otherwise_elsewhere_are_refused(
    source: Engine, target: Engine, run: Run[Any]
) -> None:
    run(put(source, {keyspace.index_prefix(1, 1) + b"k" * 2700: b"entry"}))
    with pytest.raises(MigrationError, match="more than 2,500 bytes together"):
        run(migrate(source, target, lambda *_: None))


def test_a_source_without_data_is_refused(target: Engine, run: Run[Any]) -> None:
    with pytest.raises(MigrationError, match="no data to move"):
        run(migrate(open_sqlite(None), target, quiet))


def test_a_source_that_is_not_complete_is_refused(
    source: Engine, target: Engine, run: Run[Any], tmp_path: Path
) -> None:
    with pytest.raises(KilledError):
        run(migrate(source, Mortal(target, 3, after=False), quiet, pairs_max=2))
    with pytest.raises(MigrationError, match="not complete"):
        run(migrate(target, open_sqlite(None), quiet))


def test_a_part_of_other_data_is_not_gone_on_with(
    source: Engine, target: Engine, run: Run[Any]
) -> None:
    with pytest.raises(KilledError):
        run(migrate(source, Mortal(target, 3, after=False), quiet, pairs_max=2))
    run(put(source, {keyspace.catalog_key("account", "region", "b"): b"new table"}))
    with pytest.raises(MigrationError, match="a part of other data"):
        run(migrate(source, target, quiet, pairs_max=2))


@pytest.mark.parametrize("change", ["value", "counter"])
def test_a_source_that_changes_behind_the_copy_is_noticed(
    source: Engine, target: Engine, run: Run[Any], change: str
) -> None:
    """The same number of keys and bytes, of a kind that is not looked at before."""
    with pytest.raises(KilledError):
        run(migrate(source, Mortal(target, 9, after=False), quiet, pairs_max=2))
    if change == "value":
        run(put(source, {keyspace.items_prefix(1) + b"key": b"x" * 100}))
    else:
        run(source.write(partial(add, key=keyspace.collection_key(1, bytes(16)))))
    with pytest.raises(MigrationError, match="not the same"):
        run(migrate(source, target, quiet, pairs_max=2))
    with pytest.raises(MigrationError, match="not complete"):
        run(refuse_unfinished(target))


def test_two_migrations_into_one_target_do_not_mix(
    source: Engine, target: Engine, run: Run[Any]
) -> None:
    async def both() -> list[Any]:
        ways = [migrate(source, target, quiet, pairs_max=2) for _ in range(2)]
        return await asyncio.gather(*ways, return_exceptions=True)

    outcomes = run(both())
    refused = [each for each in outcomes if isinstance(each, BaseException)]
    assert len(refused) == 1
    assert "another process" in str(refused[0])
    for key, value in COUNTERS.items():
        assert run(counters(target, key)) == value
