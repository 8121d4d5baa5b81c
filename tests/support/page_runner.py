"""Runs the examples of a page as a reader would: in order, in one folder.

Python goes to one interpreter and shell commands to one shell; a block with a title becomes a
file. Where the page says port 8000 another one is used, and a server in memory is started there
when it is needed, as long as the page itself has started none. Port 4566, of another server than
genset's, is another one here, too. What readers have from elsewhere is in the folder that SAMPLES
names.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from support.expected_output import fits
from support.page_console import console_commands
from support.page_server import PageServer, starts_server
from support.page_shell import PageShell
from support.pages import HIDDEN, ROOT, STOP, Block
from support.python_session import PythonSession

_SHELL: Final = ("sh", "bash", HIDDEN)
_SAMPLES = ROOT / "tests" / "docs" / "samples"
_JAVASCRIPT = ROOT / "tests" / "clients" / "javascript" / "node_modules"


class ExampleFailed(AssertionError):
    """An example does not do what its page says."""


class _LackingError(Exception):
    """This machine does not have what an example needs."""


class PageRunner:
    """The shell, interpreter and server of one page. `with` ends all of them.

    `missing` says what this machine lacks for the blocks that were left out.
    """

    def __init__(self, folder: Path) -> None:
        self.missing: set[str] = set()
        self._left_out = False
        self._written = ""
        self._folder = folder / "work"
        self._shell = PageShell(self._folder, folder / "private")
        self._shell.environment["SAMPLES"] = str(_SAMPLES)
        self._server = PageServer()
        self._server.write_command(self._shell.programs)
        self._python: PythonSession | None = None
        if _JAVASCRIPT.is_dir():
            # Node looks for packages in the folders above a program's, too.
            (folder / "node_modules").symlink_to(_JAVASCRIPT)
        self._actions: dict[str, Callable[[Block], None]] = {
            **dict.fromkeys(_SHELL, self._run_shell),
            "console": self._run_console,
            "python": self._run_python,
            "js": self._run_javascript,
            STOP: lambda _: self._server.stop(),
        }

    def __enter__(self) -> PageRunner:
        return self

    def __exit__(self, *_: object) -> None:
        self._shell.close()
        if self._python is not None:
            self._python.close()
        self._server.stop()

    def run(self, block: Block) -> None:
        """Do what the block asks of a reader. Raises ExampleFailed."""
        if block.not_run is not None or block.run_by is not None:
            return
        if block.is_output and self._left_out:
            return
        try:
            _check_module(block.needed_module)
            self._action(block)(block)
            self._left_out = False
        except _LackingError as lacking:
            self.missing.add(str(lacking))
            self._left_out = True

    def _action(self, block: Block) -> Callable[[Block], None]:
        if block.is_output:
            return lambda block: self._must_fit(block, block.code)
        if block.title is not None:
            return self._write_file
        return self._actions.get(block.language, lambda _: None)

    def _must_fit(self, block: Block, expected: str) -> None:
        if not fits(expected, self._written):
            raise ExampleFailed(
                f"{block.place}: the page shows\n{expected}\nand what is written is\n"
                f"{self._written}"
            )

    def _write_file(self, block: Block) -> None:
        path = self._shell.folder / str(block.title)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._server.here(block.code), encoding="utf-8")

    def _run_python(self, block: Block) -> None:
        self._server.ensure(block.code)
        environment = self._shell.environment
        if self._python is None:
            self._python = PythonSession(self._folder, environment)
        output, failure = self._python.run(self._server.here(block.code), environment)
        self._written = self._server.as_stated(output)
        if failure is not None:
            raise ExampleFailed(f"{block.place}: {failure}")

    def _run_javascript(self, block: Block) -> None:
        program = self._folder / f"line-{block.line}.mjs"
        program.write_text(self._server.here(block.code), encoding="utf-8")
        self._server.ensure(block.code)
        self._must_succeed(block, f"node {program}")

    def _run_shell(self, block: Block) -> None:
        if starts_server(block.code):
            self._serve(block, block.code)
        else:
            self._must_succeed(block, block.code)

    def _run_console(self, block: Block) -> None:
        """Run each command, and compare what it writes with what is below it.

        A command may only fail where the next one asks for its status.
        """
        commands = list(console_commands(block.code))
        for (command, expected), (following, _) in zip(
            commands, [*commands[1:], ("", "")], strict=True
        ):
            # A server that refuses to start is a command like any other.
            if starts_server(command) and not expected.startswith("genset: "):
                self._serve(block, command)
            else:
                self._command(command)
            self._must_fit(block, expected)
            if self._shell.status and "$?" not in following:
                raise ExampleFailed(f"{block.place}: {command}: status {self._shell.status}")

    def _must_succeed(self, block: Block, code: str) -> None:
        self._command(f"set -euo pipefail\n{code}")
        if self._shell.status:
            raise ExampleFailed(f"{block.place}: status {self._shell.status}\n{self._written}")

    def _command(self, code: str) -> None:
        if re.search(r"\b(node|npx)\b", code):
            _check_javascript()
        self._server.ensure(code)
        self._written = self._server.as_stated(self._shell.run(self._server.here(code)))

    def _serve(self, block: Block, code: str) -> None:
        shell = self._shell
        try:
            written = self._server.start(code, shell.folder, shell.environment)
        except RuntimeError as error:
            raise ExampleFailed(f"{block.place}: {error}") from None
        self._written, shell.status = self._server.as_stated(written), 0


def _check_module(name: str | None) -> None:
    """Raise _LackingError if it is not there."""
    if name is not None and importlib.util.find_spec(name) is None:
        raise _LackingError(f"{name} is not installed")


def _check_javascript() -> None:
    """Raise _LackingError if its programs cannot be run."""
    if shutil.which("node") is None:
        raise _LackingError("node is not here")
    if not _JAVASCRIPT.is_dir():
        raise _LackingError("run npm install --no-package-lock in tests/clients/javascript")
