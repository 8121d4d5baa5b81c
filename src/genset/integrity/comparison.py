"""What should be there beside what is there, both in the order of keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator

from genset.integrity.reading import Progress, pages
from genset.integrity.sorting import Record
from genset.storage.engine import Inspection


class Expected:
    """Records in the order of their keys, of which the next can be looked at."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records: Iterator[Record] = iter(records)
        self.head: Record | None = next(self._records, None)

    def take(self) -> Record:
        """The next record, which there is."""
        taken = self.head
        assert taken is not None
        self.head = next(self._records, None)
        return taken

    def take_before(self, key: bytes) -> Iterator[Record]:
        """The records whose keys are less than `key`."""
        while self.head is not None and self.head[0] < key:
            yield self.take()


async def side_by_side(
    view: Inspection, start: bytes, stop: bytes, expected: Expected, progress: Progress
) -> AsyncIterator[tuple[bytes, bytes | None, bytes | None]]:
    """Each key of a range with the value expected and the value found, None where there is none.

    It takes what is expected before `stop`.
    """
    async for page in pages(view, start, stop, progress):
        for key, found in page:
            for missing, value in expected.take_before(key):
                yield missing, value, None
            if expected.head is not None and expected.head[0] == key:
                yield key, expected.take()[1], found
            else:
                yield key, None, found
    for missing, value in expected.take_before(stop):
        yield missing, value, None
