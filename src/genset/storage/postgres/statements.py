"""The statements that read, in the subset that PostgreSQL's relatives share, and their results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from genset.storage._changes import Pair
from genset.storage.postgres.asks import Range

GET: Final = "SELECT key, value, version FROM genset.kv WHERE key = ANY($1::bytea[])"
GET_VALUES: Final = "SELECT key, value FROM genset.kv WHERE key = ANY($1::bytea[])"
COUNTERS: Final = (
    "SELECT key, element, sum(amount)::bigint FROM genset.counters "
    "WHERE key = ANY($1::bytea[]) GROUP BY key, element"
)
SCAN_COUNTERS: Final = (
    "SELECT key, element, sum(amount)::bigint FROM genset.counters WHERE key IN ("
    "SELECT DISTINCT key FROM genset.counters WHERE key >= $1 AND key < $2 ORDER BY key LIMIT $3"
    ") GROUP BY key, element"
)
_PAIRS: Final = (
    "SELECT key, value, version FROM genset.kv WHERE key >= $1 AND key < $2 "
    "ORDER BY key{order} LIMIT $3::bigint"
)
# `before` is the bytes of the values that come before a row: the rest is not fetched at all.
_PAIRS_OF_BYTES: Final = (
    "SELECT key, value, version FROM (SELECT key, value, version, "
    "sum(octet_length(value)) OVER (ORDER BY key{order} ROWS UNBOUNDED PRECEDING) "
    "- octet_length(value) AS before FROM (SELECT key, value, version FROM genset.kv "
    "WHERE key >= $1 AND key < $2 ORDER BY key{order} LIMIT $3::bigint) AS page) AS sized "
    "WHERE before < $4::bigint"
)
KEY_VERSION: Final = -1
"""Stands for the version in rows of keys that are fetched beside a range."""
# The scan of a page, and in the same view the keys that its reader took from memory.
_WITH_KEYS: Final = (
    "SELECT key, value, (-1)::bigint AS version FROM genset.kv WHERE key = ANY(${n}::bytea[]) "
    "UNION ALL SELECT key, value, version FROM ({pairs}) AS pairs"
)
_ORDER: Final = {False: "", True: " DESC"}
SCANS: Final = {reverse: _PAIRS.format(order=order) for reverse, order in _ORDER.items()}
SCANS_OF_BYTES: Final = {
    reverse: _PAIRS_OF_BYTES.format(order=order) for reverse, order in _ORDER.items()
}
SCANS_WITH_KEYS: Final = {
    reverse: _WITH_KEYS.format(n=4, pairs=text) for reverse, text in SCANS.items()
}
SCANS_OF_BYTES_WITH_KEYS: Final = {
    reverse: _WITH_KEYS.format(n=5, pairs=text) for reverse, text in SCANS_OF_BYTES.items()
}

# Mean and longest: what is assumed until a range of the same beginning has been read.
_UNKNOWN: Final = (200.0, 1_000_000)
_LENGTHS_MAX: Final = 4096
# Rows are asked for by how many should fill the bytes, and some more.
_ROWS_MARGIN: Final = 1.1
_ROWS_MORE: Final = 8
# How many times the bytes that are wanted may be fetched at worst.
_EXCESS: Final = 4
# As many pairs do not say much of the lengths of others.
_FEW: Final = 16


class RowGuess:
    """How long values are, by what their keys begin with: learned from what was read."""

    def __init__(self) -> None:
        self._lengths: dict[bytes, tuple[float, int]] = {}

    def plan(self, asked: Range) -> tuple[int, bool]:
        """How many rows to ask for, and whether the database is to count their bytes.

        It is if so many rows might have much more than is wanted; to count takes it some time.
        """
        if asked.bytes_max is None:
            return asked.limit, False
        mean, longest = self._lengths.get(asked.start[:5], _UNKNOWN)
        rows = min(asked.limit, int(asked.bytes_max / mean * _ROWS_MARGIN) + _ROWS_MORE)
        return rows, rows * longest > asked.bytes_max * _EXCESS

    def learn(self, asked: Range, pairs: Sequence[Pair]) -> None:
        """Take the lengths of what was read for those of the rest."""
        if asked.bytes_max is None or not pairs:
            return
        if len(self._lengths) >= _LENGTHS_MAX:
            self._lengths.clear()
        lengths = [len(value) for _, value in pairs]
        mean, longest = sum(lengths) / len(lengths), max(lengths)
        if len(lengths) < _FEW:
            # They say little of the others.
            longest = max(longest, self._lengths.get(asked.start[:5], _UNKNOWN)[1])
        self._lengths[asked.start[:5]] = max(mean, 1.0), longest


def counters_of(rows: Iterable[Any]) -> dict[bytes, tuple[int, ...]]:
    """The counters of rows of key, element and sum."""
    elements: dict[bytes, dict[int, int]] = {}
    for key, element, amount in rows:
        elements.setdefault(key, {})[element] = amount
    return {
        key: tuple([amounts.get(element, 0) for element in range(max(amounts) + 1)])
        for key, amounts in sorted(elements.items())
    }
