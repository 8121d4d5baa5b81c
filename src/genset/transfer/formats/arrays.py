"""Reading the elements of a JSON array one by one, however long it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from genset.transfer.formats.lines import Parse, parse_line
from genset.transfer.records import Fault, Place, Reading, Readings

_CHUNK_BYTES: Final = 1 << 16
_OUTSIDE_STRING: Final = re.compile(rb'[\[\]{},"]')
_IN_STRING: Final = re.compile(rb'["\\]')
_BLANK: Final = b" \t\r\n"


class _Splitter:
    """Cuts the text of an array, fed in pieces, into its elements, each with its first line.

    `start` matches the text up to the array's opening bracket.
    """

    def __init__(self, start: re.Pattern[bytes]) -> None:
        self._start = start
        self._buffer = bytearray()
        self._at = 0
        self._line = 1
        self._depth = 0
        self._in_string = False
        self.started = False
        self.ended = False

    def feed(self, piece: bytes) -> Iterator[tuple[int, bytes]]:
        """The elements that are whole with `piece`."""
        self._buffer += piece
        if not self.started and (found := self._start.match(self._buffer)):
            self._cut(found.end())
            self.started, self._depth = True, 1
        while self.started and not self.ended:
            pattern = _IN_STRING if self._in_string else _OUTSIDE_STRING
            found = pattern.search(self._buffer, self._at)
            if found is None:
                self._at = len(self._buffer)
                return
            mark = found[0]
            # What a backslash escapes may be in the next piece.
            if mark == b"\\" and found.end() == len(self._buffer):
                self._at = found.start()
                return
            self._at = found.end() + (mark == b"\\")
            yield from self._met(mark, found.start())

    def _met(self, mark: bytes, at: int) -> Iterator[tuple[int, bytes]]:
        if mark == b'"':
            self._in_string = not self._in_string
        elif mark in b"[{":
            self._depth += 1
        elif mark in b"]}":
            self._depth -= 1
            if self._depth == 0:
                self.ended = True
                yield from self._element(at)
        elif mark == b"," and self._depth == 1:
            yield from self._element(at)

    def _element(self, at: int) -> Iterator[tuple[int, bytes]]:
        raw = bytes(self._buffer[:at])
        blank = len(raw) - len(raw.lstrip(_BLANK))
        line = self._line + raw.count(b"\n", 0, blank)
        self._cut(at + 1)
        text = raw.strip(_BLANK)
        if text or not self.ended:
            yield line, text

    def _cut(self, at: int) -> None:
        self._line += self._buffer.count(b"\n", 0, at)
        del self._buffer[:at]
        self._at = max(self._at - at, 0)

    def end(self) -> tuple[int, bytes]:
        """The line and the text of what is left over when there is no more."""
        return self._line, bytes(self._buffer).strip(_BLANK)


def read_array(
    stream: BinaryIO, name: str, parse: Parse, start: re.Pattern[bytes], what: str, *, alone: bool
) -> Readings:
    """What `parse` makes of each element; one that is wrong is a fault, and the next is read.

    `start` matches what comes before the elements, `what` is what the file ought to be, and nothing
    may follow an array that stands `alone`.
    """
    splitter = _Splitter(start)
    while not splitter.ended and (piece := stream.read(_CHUNK_BYTES)):
        for line, text in splitter.feed(piece):
            yield _reading(Place(name, line), text, parse)
    line, rest = splitter.end()
    place = Place(name, line)
    if not splitter.started:
        yield Fault(place, f"it is not {what}", "")
    elif not splitter.ended:
        yield Fault(place, "the array does not end", _on_one_line(rest).decode(errors="replace"))
    elif alone and (rest or stream.read(_CHUNK_BYTES).strip(_BLANK)):
        yield Fault(place, "there is something after the array", "")


def _on_one_line(text: bytes) -> bytes:
    return text.replace(b"\r", b" ").replace(b"\n", b" ")


def _reading(place: Place, text: bytes, parse: Parse) -> Reading:
    if not text:
        return Fault(place, "there is nothing between two commas", "")
    return parse_line(_on_one_line(text), place, parse)
