"""The contract of `genset.storage.engine`, on every engine."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from genset.storage.engine import (
    Engine,
    Snapshot,
    StorageClosedError,
    Transaction,
    is_whole,
)

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
    async def body(transaction: Transaction) -> int:
        transaction.add(b"n", 1, 2)
        return (await transaction.get_counters(b"n"))[0]

    async def together() -> list[int]:
        return await asyncio.gather(*[engine.write(body) for _ in range(300)])

    assert sorted(run(together())) == list(range(1, 301))
    assert run(counters(engine, b"n")) == (300, 600)


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

    async def in_turn(*bodies: Any) -> None:
        for body in bodies:
            await engine.write(body)

    async def together(*bodies: Any) -> None:
        await asyncio.gather(*[engine.write(body) for body in bodies])

    run(in_turn(add, remove))
    assert run(counters(engine, b"n")) == ()
    run(in_turn(add, restart))
    assert run(counters(engine, b"n")) == (3,)
    run(in_turn(restart, add))
    assert run(counters(engine, b"n")) == (8,)
    run(together(add, restart, restart))
    assert run(counters(engine, b"n")) in [(3,), (8,)]


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


@pytest.mark.parametrize("reverse", [False, True])
def test_a_scan_may_end_once_it_has_so_many_bytes(
    engine: Engine, run: Run[Any], reverse: bool
) -> None:
    values = {b"%04d" % number: bytes(100) for number in range(1000)}
    run(put(engine, values))

    async def body(snapshot: Snapshot) -> list[bytes]:
        found: list[bytes] = []
        start, stop = b"", b"\xff"
        while True:
            pairs = await snapshot.scan(start, stop, limit=700, bytes_max=5000, reverse=reverse)
            found += [key for key, _ in pairs]
            if is_whole(pairs, 700, 5000):
                return found
            assert len(pairs) >= 50
            if reverse:
                stop = pairs[-1][0]
            else:
                start = pairs[-1][0] + b"\x00"

    async def changing(transaction: Transaction) -> list[bytes]:
        transaction.delete_range(b"0100", b"0200")
        transaction.put(b"0150", b"")
        return await body(transaction)

    keys = sorted(values, reverse=reverse)
    assert run(engine.read(body)) == keys
    assert run(engine.write(body)) == keys
    left = [key for key in keys if not b"0100" <= key < b"0200" or key == b"0150"]
    assert run(engine.write(changing)) == left


def test_a_counted_put_counts_keys_and_sizes(engine: Engine, run: Run[Any]) -> None:
    def value(size: int) -> bytes:
        return size.to_bytes(4) + b"text"

    def storing(*puts: tuple[bytes, int]) -> Any:
        async def body(transaction: Transaction) -> None:
            for key, size in puts:
                await transaction.put_counted(key, value(size), b"n")

        return engine.write(body)

    async def replace(transaction: Transaction) -> tuple[int, ...]:
        await transaction.put_counted(b"a", value(50), b"n")
        assert await transaction.get(b"a") == value(50)
        transaction.delete(b"a")
        transaction.add(b"n", -1, -50)
        await transaction.put_counted(b"c", value(1), b"n")
        return await transaction.get_counters(b"n")

    async def together() -> None:
        await asyncio.gather(storing((b"x", 5)), storing((b"x", 7)), storing((b"y", 1), (b"x", 2)))

    run(storing((b"a", 10), (b"b", 20)))
    assert run(counters(engine, b"n")) == (2, 30)
    run(storing((b"a", 30), (b"a", 40)))
    assert run(counters(engine, b"n")) == (2, 60)
    assert run(get(engine, b"a")) == value(40)
    assert run(engine.write(replace)) == (2, 21)
    assert run(counters(engine, b"n")) == (2, 21)
    run(together())
    assert run(counters(engine, b"n"))[0] == 4


def test_a_stable_key_is_read_as_any_other(engine: Engine, run: Run[Any]) -> None:
    async def read(snapshot: Snapshot) -> tuple[bytes | None, bytes | None]:
        return await snapshot.get_stable(b"s"), await snapshot.get(b"a")

    async def change(transaction: Transaction) -> bytes | None:
        before = await transaction.get_stable(b"s")
        transaction.put(b"s", b"2")
        transaction.put(b"a", b"2")
        assert await transaction.get_stable(b"s") == b"2"
        return before

    assert run(engine.read(read)) == (None, None)
    run(put(engine, {b"s": b"1", b"a": b"1"}))
    assert run(engine.read(read)) == (b"1", b"1")
    assert run(engine.write(change)) == b"1"
    assert run(engine.read(read)) == (b"2", b"2")


def test_a_stable_key_is_true_whatever_was_read_before_it(engine: Engine, run: Run[Any]) -> None:
    async def read(snapshot: Snapshot) -> bytes | None:
        await snapshot.scan(b"a", b"b", limit=1)
        return await snapshot.get_stable(b"s")

    for value in (b"1", b"2", b"3"):
        run(put(engine, {b"s": value}))
        assert run(engine.read(read)) == value
        assert run(engine.read(read)) == value


def test_counters_are_scanned_in_order(engine: Engine, run: Run[Any]) -> None:
    async def body(transaction: Transaction) -> None:
        transaction.add(b"nb", 1)
        transaction.add(b"na", 2, -3)
        transaction.add(b"o", 4)

    run(engine.write(body))
    assert run(engine.scan_counters(b"n", b"o", limit=5)) == [(b"na", (2, -3)), (b"nb", (1,))]
    assert run(engine.scan_counters(b"n", b"p", limit=1)) == [(b"na", (2, -3))]
    assert run(engine.scan_counters(b"na\x00", b"p", limit=2)) == [(b"nb", (1,)), (b"o", (4,))]


def test_keys_of_any_length_are_kept(engine: Engine, run: Run[Any]) -> None:
    """An index entry with four sort attributes has 4 KB, and twice that with zeros in them."""
    heads = [b"a" * 2000, b"b" * 5000, b"c\x00\xff" * 2500]
    keys = [head + tail for head in heads for tail in (b"", b"\x00", b"x", b"y" * 900)]
    names = {key: b"%d" % number for number, key in enumerate(keys)}

    async def page_through(snapshot: Snapshot, reverse: bool) -> list[bytes]:
        start, stop, found = b"", b"\xff", []
        while pairs := await snapshot.scan(start, stop, limit=3, reverse=reverse):
            found += [value for _, value in pairs]
            if reverse:
                stop = pairs[-1][0]
            else:
                start = pairs[-1][0] + b"\x00"
        return found

    async def behind_each(snapshot: Snapshot) -> list[int]:
        """How many are behind each key: a page goes on from a key that is made anew."""
        ranges = [await snapshot.scan(key + b"\x00", b"\xff", limit=100) for key in keys]
        assert all(
            names[k] not in [v for _, v in found] for k, found in zip(keys, ranges, strict=True)
        )
        return sorted(len(found) for found in ranges)

    async def remove(transaction: Transaction) -> None:
        for key in keys[:6]:
            transaction.delete(key)
        transaction.delete_range(b"c", b"d")

    run(put(engine, names))
    assert [run(get(engine, key)) for key in keys] == list(names.values())
    assert run(get(engine, keys[-1] + b"z")) is None
    for reverse in (False, True):
        found = run(engine.read(lambda s, r=reverse: page_through(s, r)))
        assert sorted(found) == sorted(names.values())
        assert [name for name in found if int(name) < 4] == [b"0", b"1", b"2", b"3"][
            :: -1 if reverse else 1
        ]
    assert run(engine.read(behind_each)) == list(range(12))
    run(engine.write(remove))
    assert {value for _, value in run(scan(engine))} == {b"6", b"7"}
