"""A JSON array of plain JSON objects, of any length: its elements are read one by one.

What is said of sets and binary values in `json_lines` holds here too.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from genset.transfer.formats.format import Format, Options
from genset.transfer.formats.json_lines import plain_item
from genset.transfer.formats.lines import parse_line
from genset.transfer.plain import Item, dumps, to_plain
from genset.transfer.records import Fault, Place, Readings, Record

_CHUNK_BYTES: Final = 1 << 16
_OUTSIDE_STRING: Final = re.compile(rb'[\[\]{},"]')
_IN_STRING: Final = re.compile(rb'["\\]')
_BLANK: Final = b" \t\r\n"


class _Splitter:
    """Cuts the text of an array, fed in pieces, into its elements, each with its first line."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = 0
        self._line = 1
        self._depth = 0
        self._in_string = False
        self._started = False
        self.malformed = False
        self.ended = False

    def feed(self, piece: bytes) -> Iterator[tuple[int, bytes]]:
        """The elements that are whole with `piece`."""
        self._buffer += piece
        while not self.ended:
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
        if mark == b'"' and self._started:
            self._in_string = not self._in_string
        elif not self._started:
            self._start(mark, at)
        elif mark in b"[{":
            self._depth += 1
        elif mark in b"]}":
            self._depth -= 1
            if self._depth == 0:
                self.ended = True
                yield from self._element(at)
        elif mark == b"," and self._depth == 1:
            yield from self._element(at)

    def _start(self, mark: bytes, at: int) -> None:
        if mark != b"[" or self._buffer[:at].removeprefix(BOM_UTF8).strip(_BLANK):
            self.malformed = self.ended = True
            return
        self._cut(at + 1)
        self._started, self._depth = True, 1

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


def read(stream: BinaryIO, name: str, _: Options) -> Readings:
    """An item for each element; one that is wrong is a fault, and the next is read."""
    splitter = _Splitter()
    while piece := stream.read(_CHUNK_BYTES):
        for line, text in splitter.feed(piece):
            yield _reading(Place(name, line), text)
        if splitter.ended:
            break
    line, rest = splitter.end()
    if splitter.malformed:
        yield Fault(Place(name, 1), "it is not a JSON array", "")
    elif not splitter.ended:
        yield Fault(Place(name, line), "the array does not end", _shown(rest))
    elif rest or stream.read(_CHUNK_BYTES).strip(_BLANK):
        yield Fault(Place(name, line), "there is something after the array", _shown(rest))


def _shown(text: bytes) -> str:
    return text.decode(errors="replace").replace("\n", " ")


def _reading(place: Place, text: bytes) -> Record | Fault:
    shown = _shown(text)
    if not text:
        return Fault(place, "there is nothing between two commas", shown)
    return parse_line(text.replace(b"\n", b" "), place, lambda line: (plain_item(line), False))


def write(items: Iterable[Item], out: BinaryIO, _: Options) -> int:
    """One array, an item a line."""
    count = 0
    out.write(b"[")
    for item in items:
        out.write(b",\n" if count else b"\n")
        out.write(dumps(to_plain(item)).encode())
        count += 1
    out.write(b"\n]\n")
    return count


JSON_ARRAY = Format("json", (".json",), read, write)
