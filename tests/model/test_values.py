"""Attribute values: decoding, equality and size, for any value and for anything else."""

from __future__ import annotations

import copy
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from genset.model.attribute_values import compare_values, decode_item, decode_value, values_equal
from genset.model.errors import DynamoDBError
from genset.model.items import decode_stored, encode_stored, stored_bytes, stored_sizes
from genset.model.sizes import item_bytes, value_bytes
from model.strategies import values

items = st.dictionaries(st.text(min_size=1, max_size=4), values(), max_size=4)


@given(values())
def test_decoding_is_done_once(value: dict[str, Any]) -> None:
    decoded = decode_value(copy.deepcopy(value))
    assert decode_value(copy.deepcopy(decoded)) == decoded


@given(items)
def test_an_item_measures_the_same_while_it_is_decoded_and_after(item: dict[str, Any]) -> None:
    decoded, size = decode_item(item)
    assert size == item_bytes(decoded)


@given(items)
def test_a_stored_item_is_read_back_with_its_size(item: dict[str, Any]) -> None:
    decoded, size = decode_item(item)
    stored = encode_stored(decoded, size)
    assert decode_stored(stored) == decoded
    assert stored_bytes(stored) == size
    assert stored_sizes([stored, stored]) == [size, size]


def shuffled(value: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The same value with the members of its sets and maps in another order."""
    ((tag, payload),) = value.items()
    if tag in ("SS", "NS", "BS"):
        return {tag: rng.sample(payload, len(payload))}
    if tag == "L":
        return {tag: [shuffled(element, rng) for element in payload]}
    if tag == "M":
        names = rng.sample(list(payload), len(payload))
        return {tag: {name: shuffled(payload[name], rng) for name in names}}
    return {tag: payload}


@given(values(), st.randoms(use_true_random=False))
def test_sets_and_maps_are_equal_in_any_order(value: dict[str, Any], rng: random.Random) -> None:
    value = decode_value(value)
    other = shuffled(value, rng)
    assert values_equal(value, other)
    assert values_equal(other, value)
    assert value_bytes(value) == value_bytes(other)


@given(values(), values())
def test_equality_and_order_agree_whichever_comes_first(
    a: dict[str, Any], b: dict[str, Any]
) -> None:
    a, b = decode_value(a), decode_value(b)
    assert values_equal(a, b) == values_equal(b, a)
    forward, backward = compare_values(a, b), compare_values(b, a)
    if forward is None or backward is None:
        assert forward is backward
    else:
        assert forward == -backward
        assert (forward == 0) == values_equal(a, b)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3)),
    lambda below: st.one_of(
        st.lists(below, max_size=3),
        st.dictionaries(
            st.sampled_from(["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M", "x"]),
            below,
            max_size=3,
        ),
    ),
    max_leaves=8,
)


@given(json_values)
def test_anything_else_is_refused_with_an_error_of_the_service(raw: Any) -> None:
    try:
        decode_value(raw)
    except DynamoDBError:
        return
    assert value_bytes(raw) >= 0
