"""A SQLite VFS that fails on a seeded schedule, and knows what would survive a power cut.

`FaultyVfs` passes everything on to the default VFS and the real files, so the process sees what a
kernel would show it. Beside that it keeps, per file, what is certain to be on the platter: the
content as of the last successful sync. What was written since may survive or not, in any part.

A sync that fails is modelled as Linux has it: the pages are marked clean nevertheless, so each of
them is on the platter or lost, decided there and then, and no later sync brings it back.

The shared-memory index beside a log is not kept: it is rebuilt after every crash.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import apsw

Operation = Literal["write", "sync", "read"]
# Asked before each operation with the file's name; the error to fail with, or None.
Schedule = Callable[[Operation, str], Exception | None]

SECTOR_BYTES = 512


def never(_operation: Operation, _file: str) -> None:
    """The schedule of a disk without faults."""


class SeededSchedule:
    """Fails each operation with a probability of its own, the same for the same seed."""

    def __init__(
        self, seed: int, *, write_full: float = 0.0, write_error: float = 0.0, sync: float = 0.0
    ) -> None:
        self._random = random.Random(seed)
        self._write_full = write_full
        self._write_error = write_error
        self._sync = sync
        self.enabled = True

    def __call__(self, operation: Operation, _file: str) -> Exception | None:
        if not self.enabled or operation == "read":
            return None
        chance = self._random.random()
        if operation == "sync":
            return sync_error() if chance < self._sync else None
        if chance < self._write_full:
            return disk_full()
        return write_error() if chance < self._write_full + self._write_error else None


def disk_full() -> Exception:
    """What a write meets when there is no room."""
    return apsw.FullError("no room, as scheduled")


def write_error() -> Exception:
    """What a write meets on a broken disk."""
    return _io_error(apsw.SQLITE_IOERR_WRITE)


def sync_error() -> Exception:
    """What an fsync that fails raises."""
    return _io_error(apsw.SQLITE_IOERR_FSYNC)


def _io_error(code: int) -> Exception:
    error = apsw.IOError("the disk failed, as scheduled")
    error.extendedresult = code  # type: ignore[misc]
    return error


@dataclass
class _Change:
    """A write at an offset, or, without bytes, a truncation to it."""

    offset: int
    data: bytes | None

    def apply(self, content: bytearray) -> None:
        if self.data is None:
            del content[self.offset :]
            return
        content.extend(bytes(max(0, self.offset - len(content))))
        content[self.offset : self.offset + len(self.data)] = self.data

    def sectors(self) -> list[_Change]:
        """The pieces that a disk writes whole."""
        if self.data is None:
            return [self]
        pieces, position = [], 0
        while position < len(self.data):
            size = SECTOR_BYTES - (self.offset + position) % SECTOR_BYTES
            piece = self.data[position : position + size]
            pieces.append(_Change(self.offset + position, piece))
            position += size
        return pieces


@dataclass
class _Content:
    synced: bytearray = field(default_factory=bytearray)
    unsynced: list[_Change] = field(default_factory=list)

    def sync(self) -> None:
        for change in self.unsynced:
            change.apply(self.synced)
        self.unsynced.clear()

    def lose(self, chance: random.Random) -> None:
        """Each sector written since the last sync is on the platter or gone."""
        self.synced = self.after_power_cut(chance)
        self.unsynced.clear()

    def after_power_cut(self, chance: random.Random) -> bytearray:
        content = bytearray(self.synced)
        # In some runs nearly all survives, in others nearly nothing: both extremes find faults.
        survival = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        for change in self.unsynced:
            for piece in change.sectors():
                if chance.random() < survival:
                    piece.apply(content)
        return content


class FaultyVfs(apsw.VFS):
    """Registered under `name` until `unregister`. `schedule` may be replaced at any time."""

    def __init__(self, name: str, seed: int = 0) -> None:
        super().__init__(name, "")
        self.vfs_name = name
        self.schedule: Schedule = never
        self.syncs = 0
        self._random = random.Random(seed)
        self._contents: dict[str, _Content] = {}

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        return _FaultyFile(self, path, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self._contents.pop(filename, None)

    def content(self, path: str) -> _Content:
        if path not in self._contents:
            on_disk = Path(path).read_bytes() if Path(path).exists() else b""
            self._contents[path] = _Content(bytearray(on_disk))
        return self._contents[path]

    def check(self, operation: Operation, path: str) -> None:
        error = self.schedule(operation, Path(path).name)
        if error is None:
            return
        if operation == "sync":
            self.content(path).lose(self._random)
        raise error

    def power_cut(self, directory: Path, seed: int) -> None:
        """Write to `directory` what a power cut now would leave of each file."""
        directory.mkdir(parents=True, exist_ok=True)
        chance = random.Random(seed)
        for path, content in self._contents.items():
            (directory / Path(path).name).write_bytes(content.after_power_cut(chance))

    def kill(self, directory: Path) -> None:
        """Write to `directory` what a SIGKILL now would leave: all that the kernel was given."""
        directory.mkdir(parents=True, exist_ok=True)
        for path in self._contents:
            (directory / Path(path).name).write_bytes(Path(path).read_bytes())


class _FaultyFile(apsw.VFSFile):
    def __init__(self, vfs: FaultyVfs, path: str | None, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._vfs = vfs
        # Temporary files have no name, and nothing of them is to survive.
        self._path = path
        if path is not None:
            vfs.content(path)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        if self._path is not None:
            self._vfs.check("read", self._path)
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        if self._path is not None:
            self._vfs.check("write", self._path)
            self._vfs.content(self._path).unsynced.append(_Change(offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        if self._path is not None:
            self._vfs.content(self._path).unsynced.append(_Change(newsize, None))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        if self._path is not None:
            self._vfs.check("sync", self._path)
            self._vfs.syncs += 1
            self._vfs.content(self._path).sync()
        super().xSync(flags)
