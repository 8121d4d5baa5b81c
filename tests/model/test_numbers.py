"""Numbers: one text for each value, and bytes that order as values do."""

from __future__ import annotations

import re
from decimal import Context, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genset.model.errors import ValidationException
from genset.model.numbers import (
    add_numbers,
    canonical_number,
    decode_number,
    encode_number,
    number_bytes,
    subtract_numbers,
)
from model.strategies import numbers

CANONICAL = re.compile(r"0|-?(?:[1-9][0-9]*|0)(?:\.[0-9]*[1-9])?")
EXACT = Context(prec=400)
LARGEST = "9" * 38 + "0" * 88
SMALLEST = "0." + "0" * 129 + "1"


@given(numbers())
def test_the_canonical_text_has_the_value_and_one_form(text: str) -> None:
    canonical = canonical_number(text)
    assert Decimal(canonical) == Decimal(text)
    assert CANONICAL.fullmatch(canonical)
    assert canonical_number(canonical) == canonical


@given(numbers(), numbers())
def test_two_texts_of_one_value_have_one_canonical_text(a: str, b: str) -> None:
    assert (Decimal(a) == Decimal(b)) == (canonical_number(a) == canonical_number(b))


@given(numbers(), numbers())
@example(LARGEST, "-" + LARGEST)
@example(SMALLEST, "0")
@example("0", "-" + SMALLEST)
@example("12", "12.5")
@example("-12", "-12.5")
def test_encoded_numbers_order_as_their_values(a: str, b: str) -> None:
    encoded_a, encoded_b = encode_number(canonical_number(a)), encode_number(canonical_number(b))
    assert (Decimal(a) < Decimal(b)) == (encoded_a < encoded_b)
    assert (Decimal(a) == Decimal(b)) == (encoded_a == encoded_b)


@given(numbers(), numbers())
def test_no_encoded_number_is_the_beginning_of_another(a: str, b: str) -> None:
    encoded_a, encoded_b = encode_number(canonical_number(a)), encode_number(canonical_number(b))
    assert encoded_a == encoded_b or not encoded_b.startswith(encoded_a)


@given(numbers())
def test_an_encoded_number_decodes_to_its_canonical_text(text: str) -> None:
    canonical = canonical_number(text)
    assert decode_number(encode_number(canonical)) == canonical


@given(numbers(), numbers())
def test_sums_and_differences_are_exact_or_refused(a: str, b: str) -> None:
    a, b = canonical_number(a), canonical_number(b)
    for compute, right in (
        (add_numbers, EXACT.add(Decimal(a), Decimal(b))),
        (subtract_numbers, EXACT.subtract(Decimal(a), Decimal(b))),
    ):
        digits = right.normalize(EXACT).as_tuple().digits
        fits = not right or (len(digits) <= 38 and -130 <= right.adjusted() <= 125)
        if fits:
            assert Decimal(compute(a, b)) == right
        else:
            with pytest.raises(ValidationException):
                compute(a, b)


@given(numbers())
def test_a_number_counts_at_most_22_bytes_and_one_of_them_for_a_minus(text: str) -> None:
    canonical = canonical_number(text)
    assert 1 <= number_bytes(canonical) <= 22
    if canonical != "0":
        sign_bytes = 0 if canonical.startswith("-") else 1
        assert number_bytes(canonical) + sign_bytes == number_bytes("-" + canonical.lstrip("-"))


@given(st.text(st.sampled_from("0123456789+-.eE _\u0663"), max_size=12))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        canonical = canonical_number(text)
    except ValidationException:
        return
    assert Decimal(canonical) == Decimal(text)
