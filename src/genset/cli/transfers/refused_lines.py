"""The file that keeps the lines that were refused, which can be loaded once they are put right."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import IO, Self

from genset.transfer.records import Fault, TransferError


class RefusedLines:
    """Such a file, or nothing if `path` is None; the first `keep_bytes` of what is there stay."""

    def __init__(self, path: Path | None, *, keep_bytes: int) -> None:
        self._path = path
        self._keep_bytes = keep_bytes
        self._file: IO[bytes] | None = None
        self._heading = ""

    def __enter__(self) -> Self:
        if self._path is None:
            return self
        try:
            self._file = self._path.open("r+b" if self._keep_bytes else "wb")
        except OSError as error:
            raise TransferError(f"cannot write {self._path}: {error.strerror}") from None
        # What is there belongs to the run that goes on, whose first heading is the first line.
        self._heading = (
            self._file.readline().decode(errors="replace").rstrip("\n") if self._keep_bytes else ""
        )
        # What is not kept is gone already; a pipe or a device has no length to cut.
        if self._keep_bytes:
            self._file.truncate(self._keep_bytes)
            self._file.seek(self._keep_bytes)
        return self

    def __exit__(self, *_: object) -> None:
        # What could not be written was told when it could not.
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()

    def keep(self, fault: Fault) -> int:
        """Add a line, after its heading if that was not the last; return the file's length."""
        if self._file is None:
            return self._keep_bytes
        lines = fault.text.encode(errors="replace") + b"\n"
        if fault.heading and fault.heading != self._heading:
            self._heading = fault.heading
            lines = fault.heading.encode() + b"\n" + lines
        try:
            self._file.write(lines)
            self._file.flush()
        except OSError as error:
            raise TransferError(f"cannot write {self._path}: {error.strerror}") from None
        self._keep_bytes += len(lines)
        return self._keep_bytes
