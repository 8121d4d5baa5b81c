"""The bounds that `TopKeys` promises, against counts that remember everything."""

from __future__ import annotations

from collections import Counter

from hypothesis import example, given
from hypothesis import strategies as st

from genset.insights.top_keys import TopKeys

# Whole numbers, so that sums are exact in any order.
STREAMS = st.lists(st.tuples(st.binary(min_size=1, max_size=1), st.integers(0, 20)), max_size=400)
# Each key is as light as its forerunner has become heavy: the worst order there is.
ROTATION = [(bytes([number % 5]), 1) for number in range(100)]


def counted(stream, capacity):
    top = TopKeys(capacity)
    exact = Counter()
    for key, weight in stream:
        top.add(key, weight)
        exact[key] += weight
    return top, exact


@given(STREAMS, st.integers(1, 40))
@example(ROTATION, 4)
@example([(b"a", 5), (b"b", 1), (b"c", 1), (b"b", 1)], 2)
def test_a_value_is_never_too_small_and_too_large_by_its_error_at_most(stream, capacity):
    top, exact = counted(stream, capacity)
    found = top.top(capacity)
    assert len(found) == min(capacity, len(exact))
    for count in found:
        assert count.value - count.error <= exact[count.key] <= count.value


@given(STREAMS, st.integers(1, 40))
@example(ROTATION, 4)
def test_an_error_is_at_most_the_total_by_the_capacity(stream, capacity):
    top, exact = counted(stream, capacity)
    assert all(count.error <= exact.total() / capacity for count in top.top(capacity))


@given(STREAMS, st.integers(1, 40))
@example(ROTATION, 4)
def test_every_key_heavier_than_that_is_counted(stream, capacity):
    top, exact = counted(stream, capacity)
    found = {count.key for count in top.top(capacity)}
    heavy = {key for key, weight in exact.items() if weight > exact.total() / capacity}
    assert heavy <= found


@given(STREAMS)
def test_with_room_for_all_every_count_is_exact(stream):
    top, exact = counted(stream, 256)
    assert {count.key: (count.value, count.error) for count in top.top(256)} == {
        key: (weight, 0) for key, weight in exact.items()
    }


@given(STREAMS, st.integers(1, 40), st.integers(1, 10))
def test_the_top_is_the_beginning_of_all_in_order_of_value(stream, capacity, wanted):
    top, _ = counted(stream, capacity)
    everything = top.top(capacity)
    values = [count.value for count in everything]
    assert values == sorted(values, reverse=True)
    assert top.top(wanted) == everything[:wanted]


@given(STREAMS, st.integers(1, 40))
def test_the_same_keys_give_the_same_counts(stream, capacity):
    first, second = (counted(stream, capacity)[0].top(capacity) for _ in range(2))
    assert first == second
