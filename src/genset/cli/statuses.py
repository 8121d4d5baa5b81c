"""How the `genset` command ends: what its exit statuses mean, and the error that carries one."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """The exit statuses, the same for all commands."""

    OK = 0
    FAILED = 1
    """What was asked for could not be done; a line on stderr says why."""
    USAGE = 2
    """The command line, a setting or a file it names is wrong; nothing was done."""
    NOT_FOUND = 3
    """There is no such item."""
    INCOMPLETE = 4
    """It ended, but some lines were refused, or problems were found and are left."""
    INTERRUPTED = 130
    """Ended by Ctrl-C, as shells count it: 128 and the number of the signal."""


class CommandError(Exception):
    """A command cannot go on; the message is one line for the user."""

    def __init__(self, message: str, status: Status = Status.FAILED) -> None:
        super().__init__(message)
        self.status = status
