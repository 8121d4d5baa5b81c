"""The checker itself: it accepts what is right and finds each classical anomaly."""

from __future__ import annotations

import pytest

from serializability.history import NotSerializable, Operation, check


def op(mark, sent, answered, appended="", **reads):
    return Operation(
        mark=mark, sent=sent, answered=answered, appended=frozenset(appended), reads=reads
    )


def test_a_serial_history_is_accepted():
    check(
        [op(1, 0, 1, "a"), op(2, 2, 3, a=(1,)), op(3, 4, 5, "ab", a=(1,)), op(4, 6, 7, b=(3,))],
        {"a": (1, 3), "b": (3,)},
    )


def test_overlapping_operations_may_take_either_order():
    check([op(1, 0, 10, "a"), op(2, 1, 2, a=()), op(3, 3, 4, a=(1,))], {"a": (1,)})


def test_a_write_without_an_answer_may_have_happened():
    check([op(1, 0, 1, a=(9,)), op(2, 2, 3, "a", a=(9,))], {"a": (9, 2)})


def test_a_lost_write_is_found():
    with pytest.raises(NotSerializable, match="is lost"):
        check([op(1, 0, 1, "a")], {"a": ()})


def test_a_write_that_happened_twice_is_found():
    with pytest.raises(NotSerializable, match="twice"):
        check([op(1, 0, 1, "a")], {"a": (1, 1)})


def test_a_read_of_what_never_was_is_found():
    with pytest.raises(NotSerializable, match="which became"):
        check([op(1, 0, 1, "a"), op(2, 0, 1, "a"), op(3, 0, 1, a=(2,))], {"a": (1, 2)})


def test_a_stale_read_is_found():
    with pytest.raises(NotSerializable, match="cycle"):
        check([op(1, 0, 1, "a"), op(2, 2, 3, a=())], {"a": (1,)})


def test_writes_against_real_time_are_found():
    with pytest.raises(NotSerializable, match="cycle"):
        check([op(1, 0, 1, "a"), op(2, 2, 3, "a")], {"a": (2, 1)})


def test_half_a_transaction_is_found():
    with pytest.raises(NotSerializable, match="cycle"):
        check([op(1, 0, 9, "ab"), op(2, 0, 9, a=(1,), b=())], {"a": (1,), "b": (1,)})


def test_write_skew_is_found():
    with pytest.raises(NotSerializable, match="cycle"):
        check(
            [op(1, 0, 9, "a", a=(), b=()), op(2, 0, 9, "b", a=(), b=())],
            {"a": (1,), "b": (2,)},
        )


def test_two_readers_that_disagree_on_the_order_are_found():
    with pytest.raises(NotSerializable, match="cycle"):
        check(
            [
                op(1, 0, 9, "a"), op(2, 0, 9, "b"),
                op(3, 0, 9, a=(1,), b=()), op(4, 0, 9, a=(), b=(2,)),
            ],
            {"a": (1,), "b": (2,)},
        )  # fmt: skip
