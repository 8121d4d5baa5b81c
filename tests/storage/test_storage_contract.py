"""The contract of `genset.storage.engine`, on every engine."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from genset.storage.engine import Engine, Snapshot, StorageClosedError, Transaction

from .bodies import counters, get, increment, put, scan
from .conftest import Run

LETTERS = {bytes([letter]): bytes([letter]) * 2 for letter in b"abcdefgh"}


class RefusedError(Exception):
    """Raised by bodies."""


def test_an_absent_key_is_none(engine: Engine, run: Run[Any]) -> None:
    assert run(get(engine, b"a")) is None


def test_put_replaces_and_delete_removes(engine: Engine, run: Run[Any]) -> None:
    async def delete(transaction: Transaction) -> None:
        transaction.delete(b"a")
        transaction.delete(b"absent")

    run(put(engine, {b"a": b"1", b"b": b""}))
    run(put(engine, {b"a": b"2"}))
    assert run(get(engine, b"a")) == b"2"
    assert run(get(engine, b"b")) == b""
    run(engine.write(delete))
    assert run(get(engine, b"a")) is None


def test_get_many_answers_in_the_order_of_the_keys(engine: Engine, run: Run[Any]) -> None:
    async def body(snapshot: Snapshot) -> list[bytes | None]:
        return await snapshot.get_many([b"c", b"x", b"a", b"c"])

    run(put(engine, LETTERS))
    assert run(engine.read(body)) == [b"cc", None, b"aa", b"cc"]


def test_keys_are_ordered_as_unsigned_bytes(engine: Engine, run: Run[Any]) -> None:
    keys = [b"", b"\x00", b"\x00\x00", b"\x01", b"a", b"a\x00", b"b", b"\x7f", b"\x80", b"\xff"]
    run(put(engine, dict.fromkeys(reversed(keys), b"v")))
    assert [key for key, _ in run(scan(engine))] == keys


def test_a_range_holds_its_start_and_not_its_stop(engine: Engine, run: Run[Any]) -> None:
    run(put(engine, LETTERS))
    assert [key for key, _ in run(scan(engine, b"b", b"e"))] == [b"b", b"c", b"d"]
    assert [key for key, _ in run(scan(engine, b"b", b"e", reverse=True))] == [b"d", b"c", b"b"]
    assert run(scan(engine, b"c", b"c")) == []
    assert run(scan(engine, b"e", b"b")) == []


def test_a_limit_keeps_the_first_in_the_direction_of_the_scan(
    engine: Engine, run: Run[Any]
) -> None:
    run(put(engine, LETTERS))
    assert [key for key, _ in run(scan(engine, b"b", limit=2))] == [b"b", b"c"]
    assert [key for key, _ in run(scan(engine, limit=2, reverse=True))] == [b"h", b"g"]


def test_a_transaction_reads_its_own_changes(engine: Engine, run: Run[Any]) -> None:
    async def body(transaction: Transaction) -> None:
        transaction.put(b"b", b"new")
        transaction.delete(b"c")
        transaction.put(b"bb", b"new")
        assert await transaction.get_many([b"a", b"b", b"c"]) == [b"aa", b"new", None]
        forward = await transaction.scan(b"a", b"e", limit=3)
        assert forward == [(b"a", b"aa"), (b"b", b"new"), (b"bb", b"new")]
        backward = await transaction.scan(b"a", b"e", limit=3, reverse=True)
        assert backward == [(b"d", b"dd"), (b"bb", b"new"), (b"b", b"new")]
        transaction.put(b"c", b"again")
        assert await transaction.get(b"c") == b"again"

    run(put(engine, LETTERS))
    run(engine.write(body))
    assert run(scan(engine, b"b", b"d")) == [(b"b", b"new"), (b"bb", b"new"), (b"c", b"again")]


def test_delete_range_removes_what_was_put_before_it_and_not_after(
    engine: Engine, run: Run[Any]
) -> None:
    async def body(transaction: Transaction) -> None:
        transaction.put(b"bb", b"before")
        transaction.delete_range(b"b", b"f")
        transaction.put(b"d", b"after")
        assert await transaction.get(b"c") is None
        assert await transaction.get(b"bb") is None
        found = await transaction.scan(b"a", b"h", limit=4)
        assert [key for key, _ in found] == [b"a", b"d", b"f", b"g"]
        found = await transaction.scan(b"a", b"h", limit=4, reverse=True)
        assert [key for key, _ in found] == [b"g", b"f", b"d", b"a"]

    run(put(engine, LETTERS))
    run(engine.write(body))
    assert [key for key, _ in run(scan(engine))] == [b"a", b"d", b"f", b"g", b"h"]


def test_counters_add_up_element_by_element(engine: Engine, run: Run[Any]) -> None:
    async def body(transaction: Transaction) -> None:
        assert await transaction.get_counters(b"n") == ()
        transaction.add(b"n", 1, -5)
        transaction.add(b"n", 2, 1, 7)
        assert await transaction.get_counters(b"n") == (3, -4, 7)

    run(engine.write(body))
    assert run(counters(engine, b"n")) == (3, -4, 7)


def test_counters_of_one_batch_are_all_counted(engine: Engine, run: Run[Any]) -> None:
    seen = []

    async def body(transaction: Transaction) -> None:
        transaction.add(b"n", 1, 2)
        seen.append((await transaction.get_counters(b"n"))[0])

    async def together() -> None:
        await asyncio.gather(*[engine.write(body) for _ in range(300)])

    run(together())
    assert run(counters(engine, b"n")) == (300, 600)
    assert seen == list(range(1, 301))


@pytest.mark.parametrize("ranged", [True, False])
def test_deleting_counters_starts_them_over(engine: Engine, run: Run[Any], ranged: bool) -> None:
    async def add(transaction: Transaction) -> None:
        transaction.add(b"n", 5)

    async def remove(transaction: Transaction) -> None:
        transaction.add(b"n", 1)
        if ranged:
            transaction.delete_range(b"m", b"o")
        else:
            transaction.delete(b"n")
        assert await transaction.get_counters(b"n") == ()

    async def restart(transaction: Transaction) -> None:
        await remove(transaction)
        transaction.add(b"n", 3)
        assert await transaction.get_counters(b"n") == (3,)

    async def in_one_batch(*bodies: Any) -> None:
        await asyncio.gather(*[engine.write(body) for body in bodies])

    run(in_one_batch(add, remove))
    assert run(counters(engine, b"n")) == ()
    run(in_one_batch(add, restart))
    assert run(counters(engine, b"n")) == (3,)
    run(in_one_batch(restart, add))
    assert run(counters(engine, b"n")) == (8,)


def test_a_counter_that_leaves_64_bits_fails_its_own_transaction(
    engine: Engine, run: Run[Any]
) -> None:
    async def fill(transaction: Transaction) -> None:
        transaction.add(b"n", 2**63 - 1)

    async def overflow(transaction: Transaction) -> None:
        transaction.put(b"a", b"1")
        transaction.add(b"n", 1)

    run(engine.write(fill))
    with pytest.raises(OverflowError):
        run(engine.write(overflow))
    assert run(counters(engine, b"n")) == (2**63 - 1,)
    assert run(get(engine, b"a")) is None


def test_a_body_that_raises_changes_nothing_and_harms_nobody(engine: Engine, run: Run[Any]) -> None:
    async def refuse(transaction: Transaction) -> None:
        transaction.put(b"a", b"refused")
        transaction.delete_range(b"b", b"z")
        transaction.add(b"n", 1)
        raise RefusedError

    async def together() -> list[Any]:
        return await asyncio.gather(
            put(engine, {b"x": b"1"}),
            engine.write(refuse),
            put(engine, {b"y": b"2"}),
            return_exceptions=True,
        )

    run(put(engine, LETTERS))
    first, second, third = run(together())
    assert (first, third) == (None, None)
    assert isinstance(second, RefusedError)
    assert run(scan(engine)) == sorted({**LETTERS, b"x": b"1", b"y": b"2"}.items())
    assert run(counters(engine, b"n")) == ()


def test_a_read_passes_on_what_its_body_raises(engine: Engine, run: Run[Any]) -> None:
    async def refuse(snapshot: Snapshot) -> None:
        await snapshot.get(b"a")
        raise RefusedError

    for _ in range(10):
        with pytest.raises(RefusedError):
            run(engine.read(refuse))
    assert run(get(engine, b"a")) is None


def test_bodies_run_one_after_the_other(engine: Engine, run: Run[Any]) -> None:
    async def together() -> list[int]:
        return await asyncio.gather(*[increment(engine, b"n") for _ in range(400)])

    assert sorted(run(together())) == list(range(1, 401))
    assert run(get(engine, b"n")) == b"400"


def test_an_acknowledged_write_is_seen_by_the_next_read(engine: Engine, run: Run[Any]) -> None:
    async def client(number: int) -> None:
        key = b"k%d" % number
        for value in range(20):
            await put(engine, {key: b"%d" % value})
            assert await get(engine, key) == b"%d" % value

    async def together() -> None:
        await asyncio.gather(*[client(number) for number in range(8)])

    run(together())


def test_a_body_may_await_only_its_transaction(engine: Engine, run: Run[Any]) -> None:
    async def read(snapshot: Snapshot) -> None:
        await asyncio.sleep(0)

    async def write(transaction: Transaction) -> None:
        transaction.put(b"a", b"1")
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="may await only"):
        run(engine.read(read))
    with pytest.raises(RuntimeError, match="may await only"):
        run(engine.write(write))
    assert run(get(engine, b"a")) is None


def test_a_transaction_is_refused_after_its_body_returned(engine: Engine, run: Run[Any]) -> None:
    async def leak(snapshot: Any) -> Any:
        return snapshot

    for leaked in (run(engine.read(leak)), run(engine.write(leak))):
        with pytest.raises(RuntimeError, match="after its body"):
            run(leaked.get(b"a"))


def test_close_is_idempotent_and_use_after_it_is_refused(engine: Engine, run: Run[Any]) -> None:
    run(engine.close())
    run(engine.close())
    with pytest.raises(StorageClosedError):
        run(get(engine, b"a"))
    with pytest.raises(StorageClosedError):
        run(put(engine, {b"a": b"1"}))


def test_values_of_any_size_come_back_whole(engine: Engine, run: Run[Any]) -> None:
    values = {b"%07d" % size: bytes([size % 251]) * size for size in (1, 4000, 9000, 410_000)}
    run(put(engine, values))
    assert run(scan(engine)) == sorted(values.items())
