"""What the disk does to each operation of storage, when a crash comes, and who runs meanwhile."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from simulation.faulty_vfs import Operation, disk_full, read_error, sync_error, write_error

LOG = "genset.db-wal"


@dataclass(frozen=True)
class Sky:
    """How often each operation fails."""

    full: float = 0.0
    write: float = 0.0
    sync: float = 0.0
    read: float = 0.0


CALM = Sky()
SKIES = (
    Sky(full=1.0),
    Sky(full=0.2),
    Sky(sync=1.0),
    Sky(sync=0.3),
    Sky(write=0.2),
    Sky(read=0.05),
    Sky(full=0.05, write=0.05, sync=0.1, read=0.01),
)


class Weather:
    """A schedule for the faulty VFS, which also counts steps up to a crash."""

    def __init__(
        self,
        chance: random.Random,
        *,
        trace: Callable[[str], None],
        crash: Callable[[str], None],
        interrupt: Callable[[int], None],
    ) -> None:
        self.sky = CALM
        self.faults = 0
        self.met: Counter[str] = Counter()
        # Writes may have failed when all that differed from before was written.
        self.failed_log_changes = 0
        # Changes of files until the crash.
        self.changes_left: int | None = None
        # An operation on the log, and so many of it until the crash: what is rare among changes.
        self.crash_at: Operation | None = None
        self.operations_left = 0
        # Faults until a crash is but few changes away.
        self.faults_left: int | None = None
        self._chance = chance
        self._trace = trace
        self._crash = crash
        self._interrupt = interrupt

    def __call__(self, operation: Operation, file: str) -> Exception | None:
        self._trace(f"{operation} {file}")
        self.met[f"{operation} {file}"] += 1
        if operation != "read" and self.changes_left is not None:
            self.changes_left -= 1
            if self.changes_left < 0:
                self._crash(f"at a {operation} of {file}")
                return None
        if file == LOG and operation == self.crash_at:
            self.operations_left -= 1
            if self.operations_left < 0:
                self._crash(f"at a {operation} of {file}")
                return None
        if self._chance.random() < 0.1:
            self._interrupt(self._chance.randint(1, 12))
        error = self._error(operation)
        if error is not None:
            self.faults += 1
            if self.faults_left == self.faults:
                self.changes_left = self._chance.randint(0, 12)
            self.met[f"{operation} fails"] += 1
            self._trace(f"{operation} fails: {error!r}")
        if operation in ("write", "sync") and file == LOG:
            self.failed_log_changes += error is not None
        return error

    def _error(self, operation: Operation) -> Exception | None:
        sky = self.sky
        if sky is CALM:
            return None
        dice = self._chance.random()
        if operation == "write":
            if dice < sky.full:
                return disk_full()
            return write_error() if dice < sky.full + sky.write else None
        if operation == "sync":
            return sync_error() if dice < sky.sync else None
        if operation == "read":
            return read_error() if dice < sky.read else None
        return None
