"""Sorting more than memory holds: sorted runs in a temporary file, merged as they are read."""

from __future__ import annotations

import heapq
import struct
import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Final

MEMORY_BYTES: Final = 64 * 1024 * 1024
"""Records of about so many bytes are held in memory before they become a run."""
# What Python takes for a record, beside its bytes.
_RECORD_BYTES: Final = 150
_READ_BYTES: Final = 32 * 1024
_LENGTHS: Final = struct.Struct(">II")

Record = tuple[bytes, bytes]


class SortedRuns:
    """Takes records, keys with a value, in any order and gives them back in that of their keys.

    A context manager, whose end removes the file, if there is one: in the folder for temporary
    files, and as large as all the records.
    """

    def __init__(self, memory_bytes: int = MEMORY_BYTES) -> None:
        self._memory_bytes = memory_bytes
        self._held_bytes = 0
        self._held: list[Record] = []
        self._file: IO[bytes] | None = None
        self._runs: list[tuple[int, int]] = []

    def add(self, key: bytes, value: bytes) -> None:
        """Take a record. Raises OSError if the file cannot be written."""
        self._held.append((key, value))
        self._held_bytes += len(key) + len(value) + _RECORD_BYTES
        if self._held_bytes >= self._memory_bytes:
            self._end_run()

    def sorted(self) -> Iterator[Record]:
        """All records, once."""
        self._held.sort()
        if self._file is None:
            return iter(self._held)
        return heapq.merge(self._held, *(self._read(*run) for run in self._runs))

    def _end_run(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="genset-")  # noqa: SIM115 - closed at exit
        self._held.sort()
        start = self._file.tell()
        for key, value in self._held:
            self._file.write(_LENGTHS.pack(len(key), len(value)) + key + value)
        self._runs.append((start, self._file.tell()))
        self._held, self._held_bytes = [], 0

    def _read(self, start: int, stop: int) -> Iterator[Record]:
        """The records of a run. All runs share one file, so that there may be any number."""
        assert self._file is not None
        left = b""
        while start < stop:
            self._file.seek(start)
            chunk = self._file.read(min(_READ_BYTES, stop - start))
            start += len(chunk)
            data, place = left + chunk, 0
            while (end := _end_of_record(data, place)) is not None:
                body = place + _LENGTHS.size
                key_end = body + _LENGTHS.unpack_from(data, place)[0]
                yield data[body:key_end], data[key_end:end]
                place = end
            left = data[place:]

    def __enter__(self) -> SortedRuns:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()


def _end_of_record(data: bytes, place: int) -> int | None:
    """Where the record at `place` ends; None if not all of it is there."""
    if len(data) - place < _LENGTHS.size:
        return None
    key_length, value_length = _LENGTHS.unpack_from(data, place)
    end = place + _LENGTHS.size + int(key_length) + int(value_length)
    return end if end <= len(data) else None
