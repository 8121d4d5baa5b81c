"""The ledger's check: it accepts what is right and finds each kind of fault."""

from __future__ import annotations

import itertools

import pytest

from failover.ledger import Change, Outcome, Write, check, removal_of
from support.values import N, S

ACKNOWLEDGED, REFUSED, UNKNOWN = Outcome
_sequence = itertools.count(1)


def write(mark, *keys, outcome=ACKNOWLEDGED, **told):
    return Write(mark=mark, keys=keys, outcome=outcome, answered=0.0, told=told)


def item(key, mark, n):
    return {"pk": S(key), "g": S("g"), "by": S(mark), "n": N(n)}


def changes(key, *marks, start=None):
    """What a counter's records are after writes of these marks."""
    images = [start, *(item(key, mark, n) for n, mark in enumerate(marks, 1))]
    return [change(key, old, new) for old, new in itertools.pairwise(images)]


def change(key, old, new):
    event = "REMOVE" if new is None else "MODIFY" if old else "INSERT"
    return Change(event=event, key=key, sequence=next(_sequence), old=old, new=new)


def verify(writes, shard, table, *, index=None, shards=None):
    check(writes, shards or [shard], table, table if index is None else index)


def test_what_each_outcome_allows_is_accepted():
    one, other = changes("a", "1", "2", "3"), changes("b", "3")
    verify(
        [
            write("1", "a", a=1), write("2", "a", outcome=UNKNOWN), write("3", "a", "b"),
            write("4", "a", outcome=UNKNOWN), write("5", "b", outcome=REFUSED),
        ],
        one,
        [one[-1].new, other[-1].new],
        shards=[one, other],
    )  # fmt: skip


def test_an_item_that_was_removed_is_accepted_and_its_absence_needs_the_record():
    made = changes("a", "1")
    writes = [write("1", "a"), write(removal_of("a"), "a")]
    verify(writes, [*made, change("a", made[0].new, None)], [])
    with pytest.raises(AssertionError, match="the stream makes a"):
        verify(writes, made, [])


def test_a_lost_write_is_found():
    with pytest.raises(AssertionError, match="has happened"):
        verify([write("1", "a")], [], [])


def test_a_write_that_happened_twice_is_found_whatever_its_outcome():
    shard = changes("a", "1", "1")
    for outcome in (ACKNOWLEDGED, UNKNOWN):
        with pytest.raises(AssertionError, match=r"changed \['a', 'a'\]"):
            verify([write("1", "a", outcome=outcome)], shard, [shard[-1].new])


def test_a_refused_write_that_happened_is_found():
    shard = changes("a", "1")
    with pytest.raises(AssertionError, match="has not happened"):
        verify([write("1", "a", outcome=REFUSED)], shard, [shard[-1].new])


def test_half_a_transaction_is_found():
    shard = changes("a", "1")
    with pytest.raises(AssertionError, match="changed"):
        verify([write("1", "a", "b", outcome=UNKNOWN)], shard, [shard[-1].new])


def test_a_write_of_nobody_is_found():
    shard = changes("a", "1")
    with pytest.raises(AssertionError, match="nobody asked"):
        verify([], shard, [shard[-1].new])


def test_an_answer_that_tells_another_count_is_found():
    shard = changes("a", "1", "2")
    with pytest.raises(AssertionError, match="made a 2"):
        verify([write("1", "a"), write("2", "a", a=1)], shard, [shard[-1].new])


def test_a_missing_record_is_found():
    first, second, third = changes("a", "1", "2", "3")
    writes = [write(mark, "a") for mark in "123"]
    for shard in ([first, third], [second, third]):
        with pytest.raises(AssertionError, match="begins at"):
            verify(writes, shard, [third.new])
    with pytest.raises(AssertionError, match="the stream makes"):
        verify(writes, [first, second], [third.new])


def test_a_doubled_record_is_found():
    first, second = changes("a", "1", "2")
    again = change("a", second.old, second.new)
    with pytest.raises(AssertionError, match="begins at"):
        verify([write(mark, "a") for mark in "12"], [first, second, again], [second.new])


def test_records_in_the_wrong_order_are_found():
    first, second = changes("a", "1", "2")
    with pytest.raises(AssertionError, match="ascend"):
        verify([write(mark, "a") for mark in "12"], [second, first], [second.new])


def test_a_sequence_number_of_two_shards_is_found():
    one, other = changes("a", "1"), changes("b", "2")
    copied = [Change(event="INSERT", key="b", sequence=one[0].sequence, old=None, new=other[0].new)]
    with pytest.raises(AssertionError, match="share"):
        verify([], [], [], shards=[one, copied])


def test_an_addition_that_was_applied_twice_in_one_change_is_found():
    twice = change("a", None, item("a", "1", 2))
    with pytest.raises(AssertionError, match="more than 1"):
        verify([write("1", "a")], [twice], [twice.new])


def test_an_index_that_differs_is_found():
    shard = changes("a", "1")
    for index in ([], [shard[0].new, shard[0].new], [item("a", "0", 1)]):
        with pytest.raises(AssertionError, match="rebuild"):
            verify([write("1", "a")], shard, [shard[0].new], index=index)
