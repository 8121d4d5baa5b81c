"""What does not fit into memory comes back in order all the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from genset.integrity.sorting import SortedRuns

records = st.lists(st.tuples(st.binary(max_size=40), st.binary(max_size=100)), max_size=60)


@given(records, st.integers(min_value=1, max_value=2000))
@settings(max_examples=60)
def test_records_come_back_in_order_whatever_memory_holds(
    given_records: list[tuple[bytes, bytes]], memory_bytes: int
) -> None:
    with SortedRuns(memory_bytes) as runs:
        for record in given_records:
            runs.add(*record)
        assert list(runs.sorted()) == sorted(given_records)


def test_a_record_may_be_larger_than_what_is_read_at_once() -> None:
    given_records = [(bytes([n]), b"x" * 100_000) for n in (3, 1, 2)]
    with SortedRuns(memory_bytes=1) as runs:
        for record in given_records:
            runs.add(*record)
        assert list(runs.sorted()) == sorted(given_records)
