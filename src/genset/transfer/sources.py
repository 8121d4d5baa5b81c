"""Opening what is loaded: files, compressed or not, and the standard input."""

from __future__ import annotations

import contextlib
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from genset.transfer.formats.detection import detect_format
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
            if stream.peek(2)[:2] == _GZIP_MAGIC:
                unzipped = gzip.GzipFile(fileobj=stream, mode="rb")
                stream = io.BufferedReader(cast(io.RawIOBase, unzipped), _HEAD_BYTES)
            found = source.format or detect_format(source.name, stream.peek(_HEAD_BYTES))
            yield Opened(cast(BinaryIO, stream), found, counted)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise TransferError(f"{source.name} is damaged: {error}") from None


def _raw(source: Source, stack: contextlib.ExitStack) -> BinaryIO:
    if source.path == STANDARD_INPUT:
        return sys.stdin.buffer
    try:
        return stack.enter_context(open(source.path, "rb", buffering=0))
    except OSError as error:
        raise TransferError(f"cannot read {source.path}: {error.strerror}") from None
