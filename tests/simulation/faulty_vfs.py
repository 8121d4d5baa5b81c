"""A SQLite VFS that fails on a seeded schedule, and knows what would survive a power cut.

`FaultyVfs` passes everything on to the default VFS and the real files, so the process sees what a
kernel would show it. Beside that it keeps, per file, what is certain to be on the platter: the
content as of the last successful sync. What was written since may survive or not, in any part.
A file that is new may be gone and one that was removed may be back, unless a sync came after it.

A write that fails has written some part, as a kernel does that runs out of room in the middle.
A sync that fails is modelled as Linux has it: the pages are marked clean nevertheless, so each of
them is on the platter or lost, decided there and then, and no later sync brings it back.

The shared-memory index beside a log is not kept: it is rebuilt after every crash.

Nothing waits for the real disk: no real file is synced, and nobody sleeps for a lock.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import apsw

Operation = Literal["write", "truncate", "sync", "delete", "read"]
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
        if not self.enabled or operation not in ("write", "sync"):
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


def read_error() -> Exception:
    """What a read meets on a broken disk."""
    return _io_error(apsw.SQLITE_IOERR_READ)


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
    # Whether the directory on the platter names the file.
    named: bool = False

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
        # How often `die` was called: files opened before the last time are dead.
        self.deaths = 0
        self.is_dead = False
        self._random = random.Random(seed)
        self._contents: dict[str, _Content] = {}
        # Removed without a sync of the directory.
        self._removed: dict[str, _Content] = {}

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        if self.is_dead:
            raise apsw.CantOpenError("the machine is off")
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        return _FaultyFile(self, path, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        self.check("delete", filename)
        if self.is_dead:
            raise _io_error(apsw.SQLITE_IOERR_DELETE)
        super().xDelete(filename, syncdir)
        content = self._contents.pop(filename, None)
        if content is not None and content.named and not syncdir:
            self._removed[filename] = content

    def xSleep(self, microseconds: int) -> int:  # noqa: N802
        return microseconds

    def content(self, path: str) -> _Content:
        if path not in self._contents:
            there = Path(path).exists()
            on_disk = Path(path).read_bytes() if there else b""
            self._contents[path] = _Content(bytearray(on_disk), named=there)
        return self._contents[path]

    def reseed(self, seed: int) -> None:
        """Draw from here on as a VFS of that seed would."""
        self._random = random.Random(seed)

    def check(self, operation: Operation, path: str) -> None:
        """Raise what the schedule has for this operation, of which nothing has happened yet."""
        if self.is_dead:
            return
        error = self.schedule(operation, path.rpartition("/")[2])
        if error is not None:
            raise error

    def part(self, size: int) -> int:
        """How much of a write that failed has happened."""
        return self._random.choice((0, self._random.randint(0, size)))

    def sync(self, path: str) -> None:
        """A sync has succeeded."""
        self.syncs += 1
        content = self.content(path)
        if not content.named:
            # SQLite syncs the directory with a new log or journal: what was made or removed in it.
            for other in [each for each in self._contents if _together(each, path)]:
                self._contents[other].named = True
            for other in [each for each in self._removed if _together(each, path)]:
                del self._removed[other]
        content.sync()

    def lose(self, path: str) -> None:
        """A sync has failed."""
        self.content(path).lose(self._random)

    def die(self) -> None:
        """The machine or the process is gone: whatever still has files open changes nothing more.

        What is left is for `power_cut` or `kill` to say; then `live_again` lets a new process in.
        """
        self.deaths += 1
        self.is_dead = True

    def live_again(self, directory: Path) -> None:
        """Files may be opened again: those in `directory`, as they are there."""
        self.is_dead = False
        for path in sorted(directory.iterdir()):
            if not path.name.endswith("-shm"):
                self.content(str(path))

    def power_cut(self, directory: Path, seed: int, of: Path | None = None) -> None:
        """Write to `directory` what a power cut now would leave of each file (in folder `of`)."""
        directory.mkdir(parents=True, exist_ok=True)
        chance = random.Random(seed)
        for path, content in {**self._removed, **self._contents}.items():
            if of is not None and Path(path).parent != of:
                continue
            certain = content.named and path in self._contents
            if certain or chance.random() < 0.5:
                (directory / Path(path).name).write_bytes(content.after_power_cut(chance))

    def kill(self, directory: Path, *, goes_on: bool = False) -> None:
        """Write to `directory` what a SIGKILL now would leave: all that the kernel was given.

        If it `goes_on` there, it is on the platter no more than before: a power cut may still
        take it.
        """
        directory.mkdir(parents=True, exist_ok=True)
        for path, content in list(self._contents.items()):
            if not Path(path).exists():
                continue
            copy = directory / Path(path).name
            copy.write_bytes(Path(path).read_bytes())
            if goes_on:
                self._contents[str(copy)] = _Content(
                    bytearray(content.synced), list(content.unsynced), content.named
                )

    def forget(self, directory: Path) -> None:
        """Drop what is known of the files in `directory`, which are used no more."""
        for known in (self._contents, self._removed):
            for path in [path for path in known if Path(path).parent == directory]:
                del known[path]


def _together(path: str, other: str) -> bool:
    return Path(path).parent == Path(other).parent


class _FaultyFile(apsw.VFSFile):
    def __init__(self, vfs: FaultyVfs, path: str | None, name: Any, flags: list[int]) -> None:
        # Temporary files have no name, and nothing of them is to survive.
        if path is not None:
            vfs.content(path)
        super().__init__("", name, flags)
        self._vfs = vfs
        self._deaths = vfs.deaths
        self._path = path

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        self._check("read")
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        try:
            self._check("write")
        except Exception:
            if self._is_alive:
                self._write(bytes(data[: self._vfs.part(len(data))]), offset)
            raise
        self._write(bytes(data), offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._check("truncate")
        if self._path is not None:
            self._vfs.content(self._path).unsynced.append(_Change(newsize, None))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        try:
            self._check("sync")
        except Exception:
            if self._is_alive and self._path is not None:
                self._vfs.lose(self._path)
            raise
        if self._path is not None:
            self._vfs.sync(self._path)

    @property
    def _is_alive(self) -> bool:
        return self._deaths == self._vfs.deaths

    def _check(self, operation: Operation) -> None:
        if self._is_alive and self._path is not None:
            self._vfs.check(operation, self._path)
        # The schedule may just have been the end.
        if not self._is_alive:
            raise _io_error(apsw.SQLITE_IOERR)

    def _write(self, data: bytes, offset: int) -> None:
        if not data:
            return
        if self._path is not None:
            self._vfs.content(self._path).unsynced.append(_Change(offset, data))
        super().xWrite(data, offset)
