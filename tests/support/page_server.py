"""The server that a page's examples speak to, and the ports it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tools.local_postgres import free_port

from support.process import ServerProcess, genset_command, serve

_STATED_PORT = re.compile(r"((?:127\.0\.0\.1|localhost):|(?i:port)\s*[ =:]\s*)(8000|4566)\b")
# The server as a command of its own, that the reader's prompt waits for.
_SERVE = re.compile(r"^(?:\w+=\S+ )*(genset serve\b)(?!.* --help)(?!.*&$)", re.MULTILINE)
_USES_SERVER = re.compile(
    r"(?:127\.0\.0\.1|localhost):8000|\baws |\bgenset (?!-|\w+ --help|serve|migrate|doctor|version)"
)
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


def starts_server(code: str) -> bool:
    """Whether the reader's prompt does not come back from `code`, since a server runs."""
    return _SERVE.search(code) is not None


class PageServer:
    """At most one server at a time, at a port of its own in the place of 8000."""

    def __init__(self) -> None:
        self._port = free_port()
        self._used_ports = {"8000": str(self._port), "4566": str(free_port())}
        self._process: ServerProcess | None = None
        self._page_starts_it = False

    def write_command(self, folder: Path) -> None:
        """Put a `genset` into `folder` that asks this server where the real one asks 8000."""
        path = folder / "genset"
        path.write_text(_WRAPPER.format(port=self._port, command=shlex.join(genset_command())))
        path.chmod(0o755)

    def here(self, text: str) -> str:
        """What the page says, with the ports that are used here."""
        return _STATED_PORT.sub(lambda found: found[1] + self._used_ports[found[2]], text)

    def as_stated(self, text: str) -> str:
        """What was written, with the ports of the page."""
        for stated, used in self._used_ports.items():
            text = re.sub(rf"\b{used}\b", stated, text)
        return text

    def ensure(self, code: str) -> None:
        """Have one if `code` uses one, unless the page has started its own, or `code` does."""
        used = _USES_SERVER.search(code) and "genset serve" not in code
        if self._process is None and used and not self._page_starts_it:
            self._process = serve("--memory", "--port", str(self._port))

    def start(self, code: str, folder: Path, environment: dict[str, str]) -> str:
        """Start the server as the page says; return what it writes until it listens.

        Raises RuntimeError if it ends instead.
        """
        self.stop()
        self._page_starts_it = True
        *_, last = _SERVE.finditer(code)
        command = f"{code[: last.start(1)]}exec {code[last.start(1) :]}"
        script = f"cd {shlex.quote(str(folder))}\n{self.here(command)}"
        self._process = ServerProcess(["bash", "-euc", script], environment=environment)
        return _LOG_LINE.sub("", self._process.log)

    def stop(self) -> None:
        """End the server, if there is one."""
        if self._process is not None:
            self._process.stop()
            self._process = None
