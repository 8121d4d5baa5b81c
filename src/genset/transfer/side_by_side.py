"""Taking what several slow iterators give, such as a Scan's segments, each read by a thread."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import Any, Final, TypeVar

_WAIT_S: Final = 0.1
# Threads that still wait for an answer then end with the process.
_STOP_S: Final = 1.0

T = TypeVar("T")


def side_by_side(parts: Sequence[Generator[T, None, None]]) -> Generator[T, None, None]:
    """What the parts give, as it comes, in order only within each part.

    No more is held than there are parts. Raises what a part raises; closing it ends the reading.
    """
    reading = _Threads(parts)
    try:
        yield from reading.found()
    finally:
        reading.stop()


class _Threads:
    """Threads that read a part each, and hand over what it gives."""

    def __init__(self, parts: Sequence[Generator[Any, None, None]]) -> None:
        self._stopping = threading.Event()
        # A tuple of what was given, or the error or None that a part ended with.
        self._found: queue.Queue[Any] = queue.Queue(maxsize=len(parts))
        self._threads = [
            threading.Thread(target=self._read, args=(part,), daemon=True) for part in parts
        ]
        for thread in self._threads:
            thread.start()

    def found(self) -> Iterator[Any]:
        reading = len(self._threads)
        while reading:
            given = self._found.get()
            if isinstance(given, BaseException):
                raise given
            if given is None:
                reading -= 1
            else:
                yield given[0]

    def stop(self) -> None:
        """End the threads, after the requests that are under way, if those end soon."""
        self._stopping.set()
        deadline = time.monotonic() + _STOP_S
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0))

    def _read(self, part: Generator[Any, None, None]) -> None:
        end: BaseException | None = None
        try:
            with closing(part):
                for given in part:
                    if not self._hand_over((given,)):
                        return
        # It is raised again where the others are taken.
        except BaseException as error:
            end = error
        self._hand_over(end)

    def _hand_over(self, given: Any) -> bool:
        """Put it where it is taken from; False if nobody will."""
        while not self._stopping.is_set():
            try:
                self._found.put(given, timeout=_WAIT_S)
            except queue.Full:
                continue
            return True
        return False
