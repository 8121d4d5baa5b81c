"""Two commits that must not pass each other share a lock that one of them takes alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from genset.storage.postgres.locks import LOCKS_MAX, Locks

keys = st.binary(max_size=8) | st.builds(
    bytes.__add__,
    st.sampled_from([b"\x02tabl", b"\x02tabm", b"\x0e\x00", b"\x0e\x01"]),
    st.binary(),
)


def exclude(left: Locks, right: Locks) -> bool:
    """Whether one waits for the other."""
    ours, theirs = (dict(zip(*locks.numbers(), strict=True)) for locks in (left, right))
    return any(ours[lock] or theirs[lock] for lock in ours.keys() & theirs.keys())


def locks_of(keys, *, alone):
    locks = Locks()
    locks.add(keys, alone=alone)
    return locks


@given(st.lists(keys), st.lists(keys))
def test_who_writes_a_key_excludes_who_reads_or_writes_it(ours, theirs):
    writing = locks_of(ours, alone=True)
    for alone in (False, True):
        if set(ours) & set(theirs):
            assert exclude(writing, locks_of(theirs, alone=alone))
    assert not exclude(locks_of(ours, alone=False), locks_of(theirs, alone=False))


@given(keys, keys, keys, st.booleans())
def test_who_reads_a_range_excludes_who_uses_a_key_in_it(key, start, stop, alone):
    reading = Locks()
    reading.add_range(start, stop)
    if start <= key < stop:
        assert exclude(reading, locks_of([key], alone=alone))


def test_a_range_within_a_table_leaves_other_tables_alone():
    reading = Locks()
    reading.add_range(b"\x02tabla", b"\x02tablz")
    assert not exclude(reading, locks_of([b"\x02tabmx", b"\x03tabla"], alone=True))
    reading = Locks()
    reading.add_range(b"\x02tabl", b"\x02tabm")
    assert not exclude(reading, locks_of([b"\x02tabmx"], alone=True))


def test_a_range_of_one_subspace_leaves_the_others_alone():
    reading = Locks()
    reading.add_range(b"\x01", b"\x02")
    assert not exclude(reading, locks_of([b"\x02tabmx"], alone=True))
    assert exclude(reading, locks_of([b"\x01account"], alone=True))


def test_very_many_keys_are_locked_by_what_they_begin_with():
    many = [b"\x02tabl%d" % number for number in range(LOCKS_MAX + 1)]
    writing = locks_of(many, alone=True)
    assert len(writing.numbers()[0]) == 2
    assert exclude(writing, locks_of(many[:1], alone=False))
    assert exclude(writing, locks_of([b"\x02tablother"], alone=False))
    assert not exclude(writing, locks_of([b"\x02tabm"], alone=True))


@given(st.lists(keys))
def test_all_take_their_locks_in_one_order(some):
    numbers, _ = locks_of(some, alone=True).numbers()
    assert numbers == sorted(set(numbers))
