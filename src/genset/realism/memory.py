"""What the processes of one server share: a page of switches, a counter, and token buckets.

It is anonymous memory, made before the workers are forked, and is gone when the server ends. A
lock is of a byte of an unlinked file, so the kernel gives it back when a worker is killed. A worker
killed within its few microseconds under a lock leaves at worst one bucket half written, and a
bucket that makes no sense counts as full.
"""

from __future__ import annotations

import fcntl
import math
import mmap
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final

_SETS: Final = 8192
_WAYS: Final = 8
_BUCKET: Final = struct.Struct("<Qdd")
_SET: Final = struct.Struct("<" + "Qdd" * _WAYS)
_PAGE: Final = struct.Struct("<QI")
_COUNTER: Final = struct.Struct("<Q")
_PAGE_AT: Final = 0
_PAGE_BYTES: Final = 8192
_COUNTER_AT: Final = _PAGE_BYTES
_BUCKETS_AT: Final = 2 * _PAGE_BYTES
_SIZE: Final = _BUCKETS_AT + _SETS * _SET.size
# The bytes of the lock file after those of the sets.
_PAGE_LOCK: Final = _SETS
_COUNTER_LOCK: Final = _SETS + 1

TEXT_BYTES_MAX: Final = _PAGE_BYTES - _PAGE.size


class SharedMemory:
    """One server's memory. `processes` says whether it is to be forked."""

    def __init__(self, *, processes: bool = False) -> None:
        self._bytes = mmap.mmap(-1, _SIZE)
        self._thread_lock = threading.Lock()
        self._file: IO[bytes] | None = None
        if processes:
            # Imported late: one process does without.
            import tempfile

            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the server

    def copy(self) -> bytes:
        """All of it, for `restore`; while nobody else uses it."""
        return self._bytes[:]

    def restore(self, copied: bytes | None) -> None:
        """Be as when `copied` was made, or as at first; while nobody else uses it."""
        self._bytes[:] = copied or bytes(_SIZE)

    def close(self) -> None:
        """Give the memory back to the system."""
        self._bytes.close()
        if self._file is not None:
            self._file.close()

    @contextmanager
    def _locked(self, byte: int) -> Iterator[None]:
        # The system's locks are between processes, the other is between threads.
        with self._thread_lock:
            if self._file is None:
                yield
                return
            fcntl.lockf(self._file, fcntl.LOCK_EX, 1, byte)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, byte)

    # The page of switches.

    @property
    def version(self) -> int:
        """How often the page was written."""
        version: int = _PAGE.unpack_from(self._bytes, _PAGE_AT)[0]
        return version

    def read_page(self) -> tuple[int, bytes]:
        """The version and the text that was written last; 0 and nothing at first."""
        with self._locked(_PAGE_LOCK):
            version, size = _PAGE.unpack_from(self._bytes, _PAGE_AT)
            return version, self._bytes[_PAGE.size : _PAGE.size + min(size, TEXT_BYTES_MAX)]

    def write_page(self, text: bytes) -> int:
        """Replace the text, at most TEXT_BYTES_MAX, and start the counter anew; the version."""
        assert len(text) <= TEXT_BYTES_MAX
        with self._locked(_PAGE_LOCK):
            version: int = _PAGE.unpack_from(self._bytes, _PAGE_AT)[0] + 1
            self._bytes[_PAGE.size : _PAGE.size + len(text)] = text
            _PAGE.pack_into(self._bytes, _PAGE_AT, version, len(text))
        with self._locked(_COUNTER_LOCK):
            _COUNTER.pack_into(self._bytes, _COUNTER_AT, 0)
        return version

    def next_number(self) -> int:
        """0, 1, 2 and so on since the page was written, each once over all processes."""
        with self._locked(_COUNTER_LOCK):
            number: int = _COUNTER.unpack_from(self._bytes, _COUNTER_AT)[0]
            _COUNTER.pack_into(self._bytes, _COUNTER_AT, number + 1)
            return number

    # Token buckets.

    def level(self, bucket: int, rate: float, capacity: float, now: float) -> float:
        """How many tokens a bucket holds at `now`; one never used is full."""
        with self._locked(bucket % _SETS):
            fields = _SET.unpack_from(self._bytes, _set_at(bucket))
        at = _find(fields, bucket)
        if at is None:
            return capacity
        return _filled(fields[3 * at + 1], fields[3 * at + 2], rate, capacity, now)

    def take(self, bucket: int, units: float, rate: float, capacity: float, now: float) -> None:
        """Take tokens from a bucket, which may go into debt.

        If the bucket's set has no place left, it takes that of the bucket used longest ago.
        """
        with self._locked(bucket % _SETS):
            start = _set_at(bucket)
            fields = _SET.unpack_from(self._bytes, start)
            at = _find(fields, bucket)
            level = capacity
            if at is None:
                at = min(range(_WAYS), key=lambda way: fields[3 * way + 2])
            else:
                level = _filled(fields[3 * at + 1], fields[3 * at + 2], rate, capacity, now)
            _BUCKET.pack_into(self._bytes, start + at * _BUCKET.size, bucket, level - units, now)


def _set_at(bucket: int) -> int:
    return _BUCKETS_AT + bucket % _SETS * _SET.size


def _find(fields: tuple[float, ...], bucket: int) -> int | None:
    for way in range(_WAYS):
        if fields[3 * way] == bucket:
            return way
    return None


def _filled(level: float, updated_at: float, rate: float, capacity: float, now: float) -> float:
    if not (math.isfinite(level) and math.isfinite(updated_at)):
        return capacity
    # A clock that was set back adds nothing.
    return min(capacity, level + rate * max(0.0, now - updated_at))
