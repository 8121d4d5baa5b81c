"""The shell that a page's commands are typed into, as a chain of shells.

Each hands on its folder, its exported variables and its status to the next. Its commands find
nothing that the machine is configured with: neither AWS's files nor variables of genset's tests.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Final

SECONDS_MAX: Final = 60
# Variables that are set for the machine or for the tests, by their beginnings.
_NOT_THEIRS: Final = ("AWS_", "GENSET_", "PYTEST_", "PG", "COVERAGE_")
# Plugins of pytest that genset's own tests have, and readers need not: loading them takes longer
# than the tests of a page.
_PLUGINS: Final = ("hypothesispytest", "randomly", "timeout", "xdist", "xdist.looponfail")


class PageShell:
    """Runs commands in `work`; what it needs itself is in `private`. `close` ends what is left.

    `environment`, `folder` and `status` are those after the last command. `programs` has programs
    that come before all others.
    """

    def __init__(self, work: Path, private: Path) -> None:
        self.folder = work
        self.status = 0
        self.programs = private / "bin"
        self._variables, self._place = private / "variables", private / "place"
        self._closing = ExitStack()
        for each in (work, self.programs, private / "home"):
            each.mkdir(parents=True)
        self.environment = self._first_environment(private / "home")

    def _first_environment(self, home: Path) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(_NOT_THEIRS)
        }
        path = (self.programs, Path(sys.executable).parent, os.environ["PATH"])
        return {
            **kept,
            "PATH": ":".join(map(str, path)),
            "HOME": str(home),
            "AWS_EC2_METADATA_DISABLED": "true",
            "COLUMNS": "100",
            "TERM": "dumb",
            "PYTHONUTF8": "1",
            "PYTEST_ADDOPTS": " ".join(f"-p no:{plugin}" for plugin in _PLUGINS),
            # The SDK's notice of the next node that it will need is no concern of a page.
            "NODE_NO_WARNINGS": "1",
        }

    def close(self) -> None:
        """End what its commands have left in the background."""
        self._closing.close()

    def run(self, code: str) -> str:
        """What `code` writes, on stdout and stderr. Its status is `status` afterwards."""
        variables, place = shlex.quote(str(self._variables)), shlex.quote(str(self._place))
        script = f"trap 'env -0 > {variables}; pwd > {place}' EXIT\n(exit {self.status})\n{code}\n"
        # A file and not a pipe: what goes on in the background may keep it open.
        with tempfile.TemporaryFile(mode="w+", encoding="utf-8") as output:
            process = subprocess.Popen(
                ["bash", "-c", script],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._wait(process)
            output.seek(0)
            written = output.read()
        pairs = self._variables.read_text().rstrip("\0").split("\0")
        self.environment = dict(pair.split("=", 1) for pair in pairs)
        self.folder = Path(self._place.read_text().removesuffix("\n"))
        return written

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        end = partial(_kill_group, process.pid)
        try:
            self.status = process.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired:
            end()
            process.wait()
            raise
        # The group is there, and its number is nobody else's, as long as something is in it.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 0)
            self._closing.callback(end)


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
