"""Running `genset` commands in this process, as its `main` runs them."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass

import pytest

from genset.cli.main import main


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it wrote."""

    status: int
    output: bytes
    errors: str

    @property
    def lines(self) -> list[str]:
        """The lines on stdout."""
        return self.output.decode().splitlines()

    @property
    def told(self) -> list[str]:
        """The lines on stderr."""
        return self.errors.splitlines()


class Genset:
    """Calls the command line with arguments; stdin has `given`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: object, given: bytes = b"") -> Done:
        output, errors = io.BytesIO(), io.StringIO()
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
            patch.setattr(sys, "stdout", io.TextIOWrapper(output, write_through=True))
            patch.setattr(sys, "stderr", errors)
            status = main([str(each) for each in arguments])
            sys.stdout.flush()
            return Done(status, output.getvalue(), errors.getvalue())
