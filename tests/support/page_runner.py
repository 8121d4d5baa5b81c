"""Runs the examples of a page as a reader would: in order, in one folder.

Python goes to one interpreter; shell commands go to shells that hand on their folder, exported
variables and status; a block with a title becomes a file. Where the page says port 8000 another
one is used, and a server in memory is started there when it is needed, as long as the page itself
has started none. Port 4566, of another server than genset's, is another one here, too. What readers
have from elsewhere is in the folder that SAMPLES names.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from tools.local_postgres import free_port

from support.expected_output import fits
from support.pages import HIDDEN, ROOT, STOP, Block
from support.process import ServerProcess, genset_command, serve
from support.python_session import PythonSession

SECONDS_MAX: Final = 60
_SHELL: Final = ("sh", "bash", HIDDEN)
_STATED_PORT = re.compile(r"((?:127\.0\.0\.1|localhost):|(?i:port)\s*[ =:]\s*)(8000|4566)\b")
# The server as a command of its own, that the reader's prompt waits for.
_SERVE = re.compile(r"^(?:\$ )?(?:\w+=\S+ )*(genset serve\b)(?!.* --help)(?!.*&$)", re.MULTILINE)
_USES_SERVER = re.compile(
    r"(?:127\.0\.0\.1|localhost):8000|\baws |\bgenset (?!-|\w+ --help|serve|migrate|doctor|version)"
)
_SAMPLES = ROOT / "tests" / "docs" / "samples"
_JAVASCRIPT = ROOT / "tests" / "clients" / "javascript" / "node_modules"
# Pages leave the log out, whose lines come at any moment.
_LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\d [\d:,]+ [A-Z]+ .*\n", re.MULTILINE)
# Stands before the real command: without another address, it goes to the server whose port takes
# the place of 8000.
_WRAPPER = """#!/bin/sh
case " $* " in
*" --profile "*) ;;
*) export AWS_ENDPOINT_URL="${{AWS_ENDPOINT_URL-http://127.0.0.1:{port}}}" ;;
esac
export GENSET_PORT="${{GENSET_PORT-{port}}}"
exec {command} "$@"
"""


class ExampleFailed(AssertionError):
    """An example does not do what its page says."""


class _LackingError(Exception):
    """This machine does not have what an example needs."""


class PageRunner:
    """The folder, interpreter and server of one page. `with` ends all of them.

    `missing` says what this machine lacks for the blocks that were left out.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.missing: set[str] = set()
        self._port = free_port()
        self._used_ports = {"8000": str(self._port), "4566": str(free_port())}
        self._private = folder / "private"
        self._closing = ExitStack()
        self._server: ServerProcess | None = None
        self._page_serves = False
        self._python: PythonSession | None = None
        self._written = ""
        self._status = 0
        self._left_out = False
        for each in (self.folder, self._private / "bin", self._private / "home"):
            each.mkdir(parents=True)
        self._write_wrapper()
        self._environment = self._first_environment()
        self._current = self.folder
        self._actions = self._all_actions()

    def __enter__(self) -> PageRunner:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()
        if self._python is not None:
            self._python.close()
        self._stop_server()

    def _write_wrapper(self) -> None:
        path = self._private / "bin" / "genset"
        path.write_text(_WRAPPER.format(port=self._port, command=shlex.join(genset_command())))
        path.chmod(0o755)
        if _JAVASCRIPT.is_dir():
            # Node looks for packages in the folders above a program's, too.
            (self.folder.parent / "node_modules").symlink_to(_JAVASCRIPT)

    def _first_environment(self) -> dict[str, str]:
        """This process's variables, without what is set for genset, AWS or pytest."""
        ours = ("AWS_", "GENSET_", "PYTEST_", "PG", "COVERAGE_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        programs = (self._private / "bin", Path(sys.executable).parent)
        return {
            **kept,
            "PATH": ":".join([*map(str, programs), os.environ["PATH"]]),
            "SAMPLES": str(_SAMPLES),
            "HOME": str(self._private / "home"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "COLUMNS": "100",
            "TERM": "dumb",
            "PYTHONUTF8": "1",
            # The SDK's notice of the next node that it will need is no concern of a page.
            "NODE_NO_WARNINGS": "1",
        }

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

    def _all_actions(self) -> dict[str, Callable[[Block], None]]:
        return {
            **dict.fromkeys(_SHELL, self._run_shell),
            "console": self._run_console,
            "python": self._run_python,
            "js": self._run_javascript,
            STOP: lambda _: self._stop_server(),
        }

    def _here(self, text: str) -> str:
        """What the page says, with the ports that are used here."""
        return _STATED_PORT.sub(lambda found: found[1] + self._used_ports[found[2]], text)

    def _as_stated(self, text: str) -> str:
        for stated, used in self._used_ports.items():
            text = re.sub(rf"\b{used}\b", stated, text)
        return text

    def _must_fit(self, block: Block, expected: str) -> None:
        if not fits(expected, self._written):
            raise ExampleFailed(
                f"{block.place}: the page shows\n{expected}\nand what is written is\n"
                f"{self._written}"
            )

    # What a block is.

    def _write_file(self, block: Block) -> None:
        path = self._current / str(block.title)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._here(block.code), encoding="utf-8")

    def _run_python(self, block: Block) -> None:
        self._ensure_server(block)
        if self._python is None:
            self._python = PythonSession(self.folder, self._environment)
        output, failure = self._python.run(self._here(block.code), self._environment)
        self._written = self._as_stated(output)
        if failure is not None:
            raise ExampleFailed(f"{block.place}: {failure}")

    def _run_javascript(self, block: Block) -> None:
        program = self.folder / f"line-{block.line}.mjs"
        program.write_text(self._here(block.code), encoding="utf-8")
        self._must_succeed(block, f"node {program}")

    def _run_shell(self, block: Block) -> None:
        if _SERVE.search(block.code):
            self._serve(block, block.code)
        else:
            self._must_succeed(block, block.code)

    def _must_succeed(self, block: Block, code: str) -> None:
        self._bash(block, f"set -euo pipefail\n{code}")
        if self._status:
            raise ExampleFailed(f"{block.place}: status {self._status}\n{self._written}")

    def _run_console(self, block: Block) -> None:
        """Run each command behind a `$`, and compare what it writes with what is below it.

        A command may only fail where the next one asks for its status.
        """
        commands = list(console_commands(block.code))
        for (command, expected), (following, _) in zip(
            commands, [*commands[1:], ("", "")], strict=True
        ):
            # A server that refuses to start is a command like any other.
            if _SERVE.search(command) and not expected.startswith("genset: "):
                self._serve(block, command)
            else:
                self._bash(block, command)
            self._must_fit(block, expected)
            if self._status and "$?" not in following:
                raise ExampleFailed(f"{block.place}: {command}: status {self._status}")

    # Shells.

    def _bash(self, block: Block, code: str) -> None:
        """Run `code` where the shell before it has ended."""
        if re.search(r"\b(node|npx)\b", code):
            _check_javascript()
        self._ensure_server(block)
        kept = self._private / "variables", self._private / "folder"
        variables, folder = (shlex.quote(str(each)) for each in kept)
        script = (
            f"trap 'env -0 > {variables}; pwd > {folder}' EXIT\n"
            f"(exit {self._status})\n{self._here(code)}\n"
        )
        self._finish(["bash", "-c", script])
        pairs = kept[0].read_text().rstrip("\0").split("\0")
        self._environment = dict(pair.split("=", 1) for pair in pairs)
        self._current = Path(kept[1].read_text().removesuffix("\n"))

    def _finish(self, command: list[str]) -> None:
        # A file and not a pipe: what goes on in the background may keep it open.
        with tempfile.TemporaryFile(mode="w+", encoding="utf-8") as output:
            process = subprocess.Popen(
                command,
                cwd=self._current,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                self._status = process.wait(SECONDS_MAX)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise
            output.seek(0)
            self._written = self._as_stated(output.read())
        # The group is there, and its number is nobody else's, as long as something is in it.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 0)
            self._closing.callback(_kill_group, process.pid)

    # The server.

    def _ensure_server(self, block: Block) -> None:
        uses, starts = _USES_SERVER.search(block.code), "genset serve" in block.code
        if self._server is None and uses and not starts and not self._page_serves:
            self._server = serve("--memory", "--port", str(self._port))

    def _serve(self, block: Block, code: str) -> None:
        """Start the server as the page says, in the place of the one before."""
        self._stop_server()
        self._page_serves = True
        *_, last = _SERVE.finditer(code)
        command = f"{code[: last.start(1)]}exec {code[last.start(1) :]}".removeprefix("$ ")
        script = f"cd {shlex.quote(str(self._current))}\n{self._here(command)}"
        try:
            self._server = ServerProcess(
                ["bash", "-euc", script], environment={**self._environment}
            )
        except RuntimeError as error:
            raise ExampleFailed(f"{block.place}: {error}") from None
        self._written, self._status = self._as_stated(_LOG_LINE.sub("", self._server.log)), 0

    def _stop_server(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None


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


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def console_commands(code: str) -> Iterator[tuple[str, str]]:
    """The commands behind a `$` in what a terminal shows, each with what is written below it.

    A command goes on below a backslash at the end of its line, and to the end of a here-document.
    """
    command: list[str] = []
    output: list[str] = []
    for line in code.splitlines():
        if line.startswith("$ "):
            if command:
                yield "\n".join(command), "\n".join(output)
            command, output = [line[2:]], []
        elif _goes_on(command) and not output:
            command.append(line)
        else:
            output.append(line)
    if command:
        yield "\n".join(command), "\n".join(output)


def _goes_on(command: list[str]) -> bool:
    if not command:
        return False
    text = "\n".join(command)
    document = re.search(r"<<-?\s*['\"]?(\w+)", text)
    return text.endswith("\\") or (document is not None and command[-1].strip() != document[1])
