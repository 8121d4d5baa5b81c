"""Strategies for numbers, key values and attribute values as clients may write them."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

# Significant digits with and without zeros at either end, so that exponents and lengths meet.
_digits = st.one_of(
    st.integers(0, 999).map(str), st.text("0123456789", min_size=1, max_size=38), st.just("9" * 38)
)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """A number in range, in one of its spellings: sign, point and exponent are optional."""
    digits = draw(_digits)
    significant = len(digits.lstrip("0"))
    sign = draw(st.sampled_from(["", "-", "+"]))
    if not significant:
        return sign + draw(st.sampled_from(["0", "00", "0.0", ".0", "0."]))
    # The magnitude of the first significant digit, within -130..125.
    magnitude = draw(st.one_of(st.integers(-3, 40), st.integers(-130, 125)))
    exponent = magnitude - significant + 1
    if draw(st.booleans()):
        return f"{sign}{digits}{draw(st.sampled_from('eE'))}{exponent}"
    point = len(digits) + exponent
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return sign + digits + "0" * exponent
    return f"{sign}{digits[:point]}.{digits[point:]}"


# Few letters, so that prefixes occur, among them what the encodings treat specially.
texts = st.text(st.sampled_from("ab\x00\x01é\U0001f600\uffff"), min_size=1, max_size=6)
binaries = st.lists(st.sampled_from([0, 1, 2, 127, 254, 255]), min_size=1, max_size=6).map(bytes)


def encoded(raw: bytes) -> str:
    """A binary as DynamoDB JSON has it."""
    return base64.b64encode(raw).decode()


def _sets(members: st.SearchStrategy[str], distinct: Any) -> st.SearchStrategy[list[str]]:
    return st.lists(members, min_size=1, max_size=4, unique_by=distinct)


def values() -> st.SearchStrategy[dict[str, Any]]:
    """A valid attribute value; each draw is a new object."""
    any_text, any_binary = st.text(max_size=5), st.binary(max_size=5).map(encoded)
    scalars = st.one_of(
        st.builds(lambda text: {"S": text}, any_text),
        st.builds(lambda number: {"N": number}, numbers()),
        st.builds(lambda raw: {"B": raw}, any_binary),
        st.builds(lambda flag: {"BOOL": flag}, st.booleans()),
        st.builds(lambda: {"NULL": True}),
        st.builds(lambda members: {"SS": members}, _sets(any_text, str)),
        st.builds(lambda members: {"NS": members}, _sets(numbers(), Decimal)),
        st.builds(lambda members: {"BS": members}, _sets(any_binary, str)),
    )
    return st.recursive(
        scalars,
        lambda below: st.one_of(
            st.builds(lambda elements: {"L": elements}, st.lists(below, max_size=4)),
            st.builds(
                lambda members: {"M": members},
                st.dictionaries(st.text(min_size=1, max_size=3), below),
            ),
        ),
        max_leaves=12,
    )
