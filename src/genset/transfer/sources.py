"""Opening what is loaded: files, compressed or not, and the standard input."""

from __future__ import annotations

import contextlib
import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from genset.transfer.formats.detection import detect_format, is_telling
from genset.transfer.formats.format import Format
from genset.transfer.records import TransferError

STANDARD_INPUT: Final = "-"
_GZIP_MAGIC: Final = b"\x1f\x8b"
_HEAD_BYTES: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Source:
    """A file to load by its path ("-": the standard input), and its format if that is known."""

    path: str
    format: Format | None = None

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return "stdin" if self.path == STANDARD_INPUT else self.path

    @property
    def stored_bytes(self) -> int | None:
        """The size of the file as it is stored, or None if nobody can know."""
        path = Path(self.path)
        return path.stat().st_size if path.is_file() and self.path != STANDARD_INPUT else None


class _Counted(io.RawIOBase):
    """A raw stream that counts what was read from it."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        # What a pipe has is taken at once; more is not waited for.
        read = getattr(self._inner, "readinto1", None) or self._inner.readinto  # type: ignore[attr-defined]
        taken = cast(int, read(buffer))
        self.count += taken or 0
        return taken


class _Replayed(io.RawIOBase):
    """A raw stream that gives `head` again before what `rest` has."""

    def __init__(self, head: bytes, rest: io.BufferedReader) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._head[: len(buffer)] or self._rest.read1(len(buffer))
        self._head = self._head[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


@dataclass(slots=True)
class Opened:
    """An open source: its uncompressed bytes, its format, and how many stored bytes were read."""

    stream: BinaryIO
    format: Format
    _counted: _Counted

    @property
    def stored_bytes_read(self) -> int:
        """How much was read of what is stored."""
        return self._counted.count


@contextlib.contextmanager
def opened(source: Source) -> Iterator[Opened]:
    """Open a source. Raises TransferError if it cannot be read or its format is not known."""
    with contextlib.ExitStack() as stack:
        counted = _Counted(_raw(source, stack))
        stream: io.BufferedReader = io.BufferedReader(cast(io.RawIOBase, counted), _HEAD_BYTES)
        try:
            head, stream = _looked_at(stream, lambda head: len(head) >= len(_GZIP_MAGIC))
            if head.startswith(_GZIP_MAGIC):
                unzipped = gzip.GzipFile(fileobj=stream, mode="rb")
                stream = io.BufferedReader(cast(io.RawIOBase, unzipped), _HEAD_BYTES)
            found = source.format
            if found is None:
                head, stream = _looked_at(stream, is_telling)
                found = detect_format(source.name, head)
            yield Opened(cast(BinaryIO, stream), found, counted)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise TransferError(f"{source.name} is damaged: {error}") from None


def _looked_at(
    stream: io.BufferedReader, is_enough: Callable[[bytes], bool]
) -> tuple[bytes, io.BufferedReader]:
    """The beginning of a stream, which may come in pieces, and a stream of all of it."""
    head = b""
    while len(head) < _HEAD_BYTES and not is_enough(head):
        piece = stream.read1(_HEAD_BYTES - len(head))
        if not piece:
            break
        head += piece
    return head, io.BufferedReader(_Replayed(head, stream), _HEAD_BYTES)


def _raw(source: Source, stack: contextlib.ExitStack) -> BinaryIO:
    if source.path == STANDARD_INPUT:
        return sys.stdin.buffer
    try:
        return stack.enter_context(open(source.path, "rb", buffering=0))
    except OSError as error:
        raise TransferError(f"cannot read {source.path}: {error.strerror}") from None
