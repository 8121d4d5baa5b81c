"""Marked states of the engine in memory."""

from __future__ import annotations

import apsw
import pytest

from genset.storage.engine import StorageClosedError, StorageError
from genset.storage.sqlite import MemoryEngine
from genset.testing.stepping import run_whole

ALL = (b"", b"\xff" * 32)


@pytest.fixture
def engine():
    opened = MemoryEngine()
    yield opened
    run_whole(opened.close())


def write(engine: MemoryEngine, **pairs: bytes | None) -> None:
    """Put these, or delete those whose value is None."""

    async def body(transaction):
        for key, value in pairs.items():
            if value is None:
                transaction.delete(key.encode())
            else:
                transaction.put(key.encode(), value)

    run_whole(engine.write(body))


def content(engine: MemoryEngine) -> dict[str, bytes]:
    pairs = run_whole(engine.read(lambda snapshot: snapshot.scan(*ALL, limit=10**6)))
    return {key.decode(): value for key, value in pairs}


def fill(engine: MemoryEngine, keys: int) -> None:
    async def body(transaction):
        for number in range(keys):
            transaction.put(b"key-%08d" % number, b"v" * 200)

    run_whole(engine.write(body))


def change_some(engine: MemoryEngine) -> None:
    write(engine, **{f"key-{number:08}": b"w" * 200 for number in range(0, 200, 10)})


def test_going_back_undoes_all_kinds_of_changes(engine):
    write(engine, kept=b"1", changed=b"1", deleted=b"1")
    mark = engine.set_mark()
    write(engine, changed=b"2", deleted=None, added=b"2")
    engine.go_back(mark)
    assert content(engine) == {"kept": b"1", "changed": b"1", "deleted": b"1"}


def test_counters_and_ranges_go_back(engine):
    async def add(transaction):
        transaction.add(b"counter", 1, 10)

    async def remove(transaction):
        transaction.delete_range(b"a", b"z")

    run_whole(engine.write(add))
    mark = engine.set_mark()
    run_whole(engine.write(add))
    run_whole(engine.write(remove))
    engine.go_back(mark)
    counters = run_whole(engine.read(lambda snapshot: snapshot.get_counters(b"counter")))
    assert counters == (1, 10)


def test_it_can_go_back_again_and_again(engine):
    mark = engine.set_mark()
    for number in range(3):
        write(engine, **{f"key{number}": b"1"})
        engine.go_back(mark)
        assert content(engine) == {}


def test_going_back_drops_later_marks(engine):
    first = engine.set_mark()
    write(engine, one=b"1")
    second = engine.set_mark()
    write(engine, two=b"1")
    engine.go_back(second)
    assert content(engine) == {"one": b"1"}
    engine.go_back(first)
    assert content(engine) == {}
    with pytest.raises(KeyError):
        engine.go_back(second)


def test_a_forgotten_mark_leaves_the_state(engine):
    first = engine.set_mark()
    second = engine.set_mark()
    write(engine, one=b"1")
    engine.forget_mark(first)
    assert content(engine) == {"one": b"1"}
    for mark in (first, second):
        with pytest.raises(KeyError):
            engine.go_back(mark)
    write(engine, two=b"1")
    assert content(engine) == {"one": b"1", "two": b"1"}


def test_a_state_that_is_marked_already_needs_no_other_mark(engine):
    write(engine, one=b"1")
    mark = engine.present_mark()
    assert engine.present_mark() == mark
    write(engine, one=b"2")
    later = engine.present_mark()
    assert later != mark
    engine.go_back(mark)
    assert engine.present_mark() == mark
    assert content(engine) == {"one": b"1"}


def test_after_a_mark_was_given_up_the_state_has_none(engine):
    first = engine.set_mark()
    write(engine, one=b"1")
    engine.forget_mark(engine.set_mark())
    assert engine.present_mark() != first


def test_a_body_that_raises_has_changed_nothing(engine):
    async def body(transaction):
        transaction.put(b"one", b"1")
        raise ZeroDivisionError

    mark = engine.set_mark()
    with pytest.raises(ZeroDivisionError):
        run_whole(engine.write(body))
    assert content(engine) == {}
    write(engine, two=b"1")
    engine.go_back(mark)
    assert content(engine) == {}


def test_a_write_that_fails_halfway_is_not_to_be_seen(engine):
    """SQLite refuses a value of a gigabyte, after it has taken the others."""
    write(engine, before=b"1")
    mark = engine.set_mark()
    with pytest.raises(StorageError):
        write(engine, one=b"1", two=bytes(1_000_000_001))
    with pytest.raises(StorageError, match="halfway"):
        content(engine)
    with pytest.raises(StorageError, match="halfway"):
        write(engine, three=b"1")
    engine.go_back(mark)
    assert content(engine) == {"before": b"1"}


def test_a_closed_engine_has_no_marks(engine):
    run_whole(engine.close())
    with pytest.raises(StorageClosedError):
        engine.set_mark()


@pytest.mark.parametrize("keys", [200, 20_000])
def test_marking_and_going_back_do_not_depend_on_what_is_there(engine, keys):
    """Three statements, and SQLite keeps only the pages that changed: here some of the first few.

    The 20,000 values fill over 500 pages.
    """
    fill(engine, keys)
    engine.set_mark()
    statements: list[str] = []
    engine._connection.trace_v2(
        apsw.SQLITE_TRACE_STMT, lambda event: statements.append(event["sql"])
    )
    before = apsw.memory_used()
    mark = engine.set_mark()
    change_some(engine)
    pages_kept = (apsw.memory_used() - before) / 8192
    statements.clear()
    engine.go_back(mark)
    assert len(statements) == 3
    assert 1 <= pages_kept <= 20


def test_memory_does_not_grow_from_one_return_to_the_next(engine):
    fill(engine, 2_000)
    engine.set_mark()
    mark = engine.set_mark()
    used = []
    for _ in range(100):
        change_some(engine)
        engine.go_back(mark)
        used.append(apsw.memory_used())
    assert used[-1] == used[1]
