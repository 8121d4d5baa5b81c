"""The form in which items are compared: by value, to the last digit."""

from __future__ import annotations

import pytest

from genset.transfer.canonical import digest, key_text


def test_digests_tell_numbers_of_38_digits_apart() -> None:
    assert digest({"n": {"N": "1" * 38}}) != digest({"n": {"N": "1" * 37 + "2"}})


@pytest.mark.parametrize("text", ["100", "1e2", "100.000", "+100"])
def test_the_same_number_has_one_digest_however_it_is_written(text: str) -> None:
    assert digest({"n": {"N": text}}) == digest({"n": {"N": "100"}})


def test_a_key_that_no_server_takes_has_a_text_too() -> None:
    assert key_text({"k": {"N": "1e20000"}}, ["k"]) != key_text({"k": {"N": "1e20001"}}, ["k"])
