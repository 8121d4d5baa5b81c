"""Runs `genset` in this process, and takes apart what it printed."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from genset.cli.main import main


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> list[Any]:
        """The JSON texts on its lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def complaint(self) -> str:
        """The one line on stderr."""
        (line,) = self.err.splitlines()
        assert line.startswith("genset: ")
        return line.removeprefix("genset: ")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Console:
    """Calls `genset` with a server's address, with pipes around it unless it is a `terminal`."""

    def __init__(self, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._environment = monkeypatch
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        self.endpoint = endpoint
        self.terminal = False
        self.columns = 100

    def __call__(self, *arguments: str, stdin: str = "") -> Done:
        """Run a command to its end."""
        kind = _Terminal if self.terminal else io.StringIO
        streams = kind(stdin), kind(), kind()
        with self._environment.context() as patch:
            # What a terminal has besides text is not looked at.
            patch.setenv("TERM", "dumb")
            patch.setenv("COLUMNS", str(self.columns))
            patch.setattr(sys, "stdin", streams[0])
            patch.setattr(sys, "stdout", streams[1])
            patch.setattr(sys, "stderr", streams[2])
            status = main(arguments)
        return Done(status=int(status), out=streams[1].getvalue(), err=streams[2].getvalue())

    def ok(self, *arguments: str, stdin: str = "") -> Done:
        """The same for a command that must succeed."""
        done = self(*arguments, stdin=stdin)
        assert done.status == 0, done.err
        return done

    def refused(self, *arguments: str, status: int, stdin: str = "") -> str:
        """What a command complains of that must end with this status and print nothing."""
        done = self(*arguments, stdin=stdin)
        assert (done.status, done.out) == (status, ""), done
        return done.complaint


def songs(artist: str, *names: str) -> Sequence[dict[str, Any]]:
    """Items of the tests' table, in the order of their keys."""
    return [
        {"Artist": artist, "Song": name, "Year": 1970 + at} for at, name in enumerate(sorted(names))
    ]
