"""A whole store is read in one view, whatever is written meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from genset.storage.engine import Inspectable, Inspection, Transaction

ALL = (b"", b"\xff")


async def fill(transaction: Transaction) -> None:
    for number in range(300):
        transaction.put(b"v%03d" % number, b"x" * number)
        transaction.add(b"c%03d" % number, number, -1)


def test_values_and_counters_are_read_in_order(engine: Any, run: Any) -> None:
    async def body(view: Inspection) -> tuple[Any, ...]:
        values = await view.scan(b"v", b"w", limit=1000)
        some = await view.scan(b"v", b"w", limit=1000, bytes_max=100)
        counters = await view.scan_counters(b"c010", b"d", limit=3)
        return values, some, counters

    run(engine.write(fill))
    assert isinstance(engine, Inspectable)
    values, some, counters = run(engine.inspect(body))
    assert values == [(b"v%03d" % n, b"x" * n) for n in range(300)]
    assert some == values[: len(some)]
    assert 100 <= sum(len(value) for _, value in some) < 1000
    assert counters == [(b"c%03d" % n, (n, -1)) for n in (10, 11, 12)]


@pytest.mark.parametrize("store", ["postgres", "portable"], indirect=True)
def test_what_is_written_meanwhile_is_not_seen(store: Any, run: Any) -> None:
    """Another engine writes, at a moment when the view has been used."""

    async def scenario() -> tuple[Any, ...]:
        engine, other = await store.open_empty(), await store.open()
        try:
            await engine.write(fill)

            async def body(view: Inspection) -> tuple[Any, ...]:
                before = await view.scan(b"v", b"w", limit=1)
                await other.write(change)
                return (
                    before,
                    await view.scan(b"v", b"w", limit=1),
                    await view.scan_counters(b"c", b"d", limit=1),
                )

            return await engine.inspect(body)
        finally:
            await engine.close()
            await other.close()

    async def change(transaction: Transaction) -> None:
        transaction.put(b"v000", b"changed")
        transaction.add(b"c000", 7)

    before, after, counters = run(scenario())
    assert before == after == [(b"v000", b"")]
    assert counters == [(b"c000", (0, -1))]


def test_a_key_is_scanned_in_the_form_that_the_view_tells(engine: Any, run: Any) -> None:
    keys = [b"k" * 10, b"k" * 2600, b"k" * 2601, b"k" * 6000]

    async def put(transaction: Transaction) -> None:
        for key in keys:
            transaction.put(key, b"")

    async def body(view: Inspection) -> tuple[Any, ...]:
        found = await view.scan(b"k", b"l", limit=10)
        return sorted(map(view.kept_key, keys)), [key for key, _ in found]

    run(engine.write(put))
    expected, found = run(engine.inspect(body))
    assert found == expected
