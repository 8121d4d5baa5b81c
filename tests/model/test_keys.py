"""Storage keys: bytes that order as key values do, and the ranges that conditions mean."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genset.model.keys import encode_component, partition_hash, sort_range
from genset.model.numbers import canonical_number
from genset.model.tables import KeyAttribute
from genset.storage.keyspace import after_prefix
from model.strategies import binaries, encoded, numbers, texts

# A key's payload in DynamoDB JSON, and what it compares by.
Key = tuple[str, Any]
KEYS: dict[str, st.SearchStrategy[Key]] = {
    "S": texts.map(lambda text: (text, text.encode())),
    "N": numbers().map(lambda text: (canonical_number(text), Decimal(text))),
    "B": binaries.map(lambda raw: (encoded(raw), raw)),
}
pairs_of_one_type = st.one_of(
    [st.tuples(st.just(key_type), keys, keys) for key_type, keys in KEYS.items()]
)


@given(pairs_of_one_type)
def test_encoded_keys_order_as_their_values(case: tuple[str, Key, Key]) -> None:
    key_type, (a, order_a), (b, order_b) = case
    encoded_a, encoded_b = encode_component(key_type, a), encode_component(key_type, b)
    assert (encoded_a < encoded_b) == (order_a < order_b)
    assert (encoded_a == encoded_b) == (order_a == order_b)


@given(pairs_of_one_type)
def test_no_encoded_key_is_the_beginning_of_another(case: tuple[str, Key, Key]) -> None:
    key_type, (a, _), (b, _) = case
    encoded_a, encoded_b = encode_component(key_type, a), encode_component(key_type, b)
    assert encoded_a == encoded_b or not encoded_b.startswith(encoded_a)


@given(st.data(), st.lists(st.sampled_from("SNB"), min_size=2, max_size=4))
def test_several_encoded_keys_order_as_their_tuple(data: st.DataObject, types: list[str]) -> None:
    a, b = ([data.draw(KEYS[key_type]) for key_type in types] for _ in range(2))

    def joined(keys: list[Key]) -> bytes:
        return b"".join(
            encode_component(key_type, payload)
            for key_type, (payload, _) in zip(types, keys, strict=True)
        )

    order_a, order_b = [order for _, order in a], [order for _, order in b]
    assert (joined(a) < joined(b)) == (order_a < order_b)
    assert (joined(a) == joined(b)) == (order_a == order_b)


CONDITIONS = {
    "<": lambda key, operands: key < operands[0],
    "<=": lambda key, operands: key <= operands[0],
    ">": lambda key, operands: key > operands[0],
    ">=": lambda key, operands: key >= operands[0],
    "BETWEEN": lambda key, operands: operands[0] <= key <= operands[1],
    "begins_with": lambda key, operands: key.startswith(operands[0]),
}


@pytest.mark.parametrize("operator", CONDITIONS)
@given(data=st.data())
def test_a_range_holds_exactly_the_keys_that_satisfy_its_condition(
    operator: str, data: st.DataObject
) -> None:
    key_type = data.draw(st.sampled_from("SB" if operator == "begins_with" else "SNB"))
    keys = KEYS[key_type]
    operands = [data.draw(keys), data.draw(keys)]
    prefix = data.draw(st.sampled_from([b"\x02table", b"\x02\xff", b"\x03"]))
    payloads = [{key_type: payload} for payload, _ in operands]
    start, stop = sort_range(prefix, key_type, operator, payloads)
    for payload, order in data.draw(st.lists(keys, max_size=8)) + operands:
        # Whatever follows in the key, further sort keys or a tie, changes nothing.
        for rest in (b"", b"\x00", b"\xff\xff"):
            key = prefix + encode_component(key_type, payload) + rest
            wanted = CONDITIONS[operator](order, [other for _, other in operands])
            assert (start <= key < stop) == wanted


@given(st.binary(min_size=1, max_size=4), st.binary(max_size=4))
def test_nothing_lies_between_a_prefix_and_the_key_after_it(prefix: bytes, other: bytes) -> None:
    if not prefix.strip(b"\xff"):
        prefix = b"\x00" + prefix
    assert (prefix <= other < after_prefix(prefix)) == other.startswith(prefix)


@given(pairs_of_one_type)
def test_partition_keys_meet_in_one_hash_only_if_they_are_equal(
    case: tuple[str, Key, Key],
) -> None:
    key_type, (a, order_a), (b, order_b) = case
    attribute = (KeyAttribute("pk", key_type),)

    def hashed(payload: str) -> bytes:
        return partition_hash(b"salt" * 4, attribute, [{key_type: payload}])

    assert (hashed(a) == hashed(b)) == (order_a == order_b)
