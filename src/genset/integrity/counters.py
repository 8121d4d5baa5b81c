"""Counters of items, entries and their sizes beside what was counted."""

from __future__ import annotations

from collections.abc import Mapping

from genset.integrity.findings import Findings
from genset.integrity.mends import CorrectCounters
from genset.integrity.reading import Counters, counter_pages
from genset.integrity.scope import TableScope
from genset.storage import keyspace


async def check_counts(scope: TableScope, counted: Mapping[int, tuple[int, int]]) -> None:
    """Check the counters of a table (number 0) and its indexes: how many there are, and bytes."""
    table = scope.table.number
    names = {index.number: scope.index_place(index) for index in scope.table.indexes}
    first, last = keyspace.counts_key(table), keyspace.counts_key(table, max(counted))
    found: dict[int, Counters] = {}
    async for page in counter_pages(scope.view, first, last + b"\x00"):
        found.update({keyspace.entry_index(key): counters for key, counters in page})
    for number, actual in counted.items():
        place, key = names.get(number, scope.place), keyspace.counts_key(table, number)
        what = "wrong count and size"
        compare_counters(scope.findings, place, what, key, found.get(number, ()), actual)


def compare_counters(
    findings: Findings,
    place: str,
    what: str,
    key: bytes,
    found: Counters,
    actual: tuple[int, ...],
) -> None:
    """Find a problem if the counters at a key are not those counted; missing ones count as 0."""
    if found is None or _padded(found, len(actual)) != actual:
        example = f"{_shown(found)} instead of {_shown(actual)}"
        findings.add(place, what, example, CorrectCounters(key, found, actual))


def _padded(counters: tuple[int, ...], length: int) -> tuple[int, ...]:
    return (*counters, *[0] * (length - len(counters)))


def _shown(counters: Counters) -> str:
    return "what cannot be read" if counters is None else "/".join(map(str, counters)) or "none"
