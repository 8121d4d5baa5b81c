"""Going through a view in the order of keys, a bounded portion at a time."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final

from genset.model.errors import DynamoDBError
from genset.storage.engine import Inspection, is_whole
from genset.storage.keyspace import Span, after_prefix

PAIRS_MAX: Final = 1000
BYTES_MAX: Final = 4 * 1024 * 1024

MALFORMED: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    DynamoDBError,
    struct.error,
)
"""What decoders raise for bytes that genset did not write."""

Counters = tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Progress:
    """Told how many keys more have been read, and of what."""

    tell: Callable[[str, int], None]
    what: str

    def read(self, count: int) -> None:
        """So many more."""
        self.tell(self.what, count)


async def pages(
    view: Inspection, start: bytes, stop: bytes, progress: Progress | None = None
) -> AsyncIterator[list[tuple[bytes, bytes]]]:
    """The pairs of a range, in portions."""
    while start < stop:
        pairs = await view.scan(start, stop, limit=PAIRS_MAX, bytes_max=BYTES_MAX)
        if pairs:
            if progress is not None:
                progress.read(len(pairs))
            yield pairs
        if is_whole(pairs, PAIRS_MAX, BYTES_MAX):
            return
        start = pairs[-1][0] + b"\x00"


async def counter_pages(
    view: Inspection, start: bytes, stop: bytes
) -> AsyncIterator[list[tuple[bytes, Counters]]]:
    """The counters of a range that holds only such, in portions."""
    while start < stop:
        counters = await view.scan_counters(start, stop, limit=PAIRS_MAX)
        if counters:
            yield counters
        if len(counters) < PAIRS_MAX:
            return
        start = counters[-1][0] + b"\x00"


async def groups(
    view: Inspection, span: Span, length: int, known: Callable[[bytes], bool]
) -> list[bytes]:
    """The beginnings, of that length, of keys in a span that are not `known`.

    What has a known beginning is leapt over, unread.
    """
    found = []
    start = span.start
    while start < span.stop:
        first = await _first_key(view, span, start)
        if first is None:
            break
        beginning = first[:length]
        if not known(beginning):
            found.append(beginning)
        start = after_prefix(beginning) if len(beginning) == length else first + b"\x00"
    return found


async def _first_key(view: Inspection, span: Span, start: bytes) -> bytes | None:
    if span.has_counters:
        counters = await view.scan_counters(start, span.stop, limit=1)
        return counters[0][0] if counters else None
    pairs = await view.scan(start, span.stop, limit=1)
    return pairs[0][0] if pairs else None
