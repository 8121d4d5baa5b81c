"""Reading all items of a table: a Scan, in segments side by side if that is wanted."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from genset.transfer.plain import Item

_PAGES_WAITING: Final = 4
_WAIT_S: Final = 0.2

Page = Sequence[Item]


def scan_segment(
    client: Any, request: Mapping[str, Any], segment: int = 0, segments: int = 1
) -> Iterator[Page]:
    """The pages of one segment of a Scan; `request` is what it has besides."""
    asked = {**request}
    if segments > 1:
        asked |= {"Segment": segment, "TotalSegments": segments}
    while True:
        answer = client.scan(**asked)
        yield answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def scan_items(client: Any, request: Mapping[str, Any], segments: int = 1) -> Iterator[Item]:
    """All items of a Scan; the segments are read by a thread each, and come mixed."""
    if segments == 1:
        for page in scan_segment(client, request):
            yield from page
        return
    reading = _Segments(client, request, segments)
    try:
        for page in reading:
            yield from page
    finally:
        reading.stop()


class _Segments:
    """Reads segments by threads, as far ahead as a few pages."""

    def __init__(self, client: Any, request: Mapping[str, Any], count: int) -> None:
        self._pages: queue.Queue[Page | BaseException | None] = queue.Queue(_PAGES_WAITING)
        self._stopping = threading.Event()
        self._count = count
        self._threads = [
            threading.Thread(
                target=self._read,
                args=(lambda number=number: scan_segment(client, request, number, count),),
                name=f"scan-{number}",
            )
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def _read(self, pages: Callable[[], Iterator[Page]]) -> None:
        try:
            for page in pages():
                if not self._put(page):
                    return
            self._put(None)
        except BaseException as error:
            self._put(error)

    def _put(self, what: Page | BaseException | None) -> bool:
        while not self._stopping.is_set():
            try:
                self._pages.put(what, timeout=_WAIT_S)
            except queue.Full:
                continue
            return True
        return False

    def __iter__(self) -> Iterator[Page]:
        ended = 0
        while ended < self._count:
            what = self._pages.get()
            if isinstance(what, BaseException):
                raise what
            if what is None:
                ended += 1
            else:
                yield what

    def stop(self) -> None:
        """End the threads, wherever they are."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
