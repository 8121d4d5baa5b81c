"""Runs a real genset server as a process of its own, and ends it by its own id."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

LISTENING = re.compile(r"listening on (http://[^\s]+)")
START_SECONDS_MAX = 20.0


def genset_command() -> list[str]:
    """The installed `genset` beside the running interpreter, else the module."""
    installed = Path(sys.executable).with_name("genset")
    return [str(installed)] if installed.exists() else [sys.executable, "-m", "genset"]


class ServerProcess:
    """A started server. `url` is where it listens; `log` is what it wrote so far."""

    def __init__(
        self, command: Sequence[str], *, environment: Mapping[str, str] | None = None
    ) -> None:
        self._log = tempfile.NamedTemporaryFile(prefix="genset-log-", suffix=".txt")  # noqa: SIM115
        # A session of its own, so that the workers of this server, and nothing else, can be
        # reached through its process group.
        self.process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
        self.pid = self.process.pid
        self.url = self._wait_until_listening()

    @property
    def log(self) -> str:
        return Path(self._log.name).read_text(errors="replace")

    def _wait_until_listening(self) -> str:
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            found = LISTENING.search(self.log)
            if found:
                return found.group(1).rstrip("/").replace("0.0.0.0", "127.0.0.1")
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        log = self.log
        self.kill()
        raise RuntimeError(f"the server did not start:\n{log}")

    def kill(self) -> None:
        """SIGKILL to the server and all its workers at once, as a power cut would."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._reap()

    def stop(self, *, seconds: float = 15) -> int:
        """SIGTERM, then the exit status; SIGKILL for a server that does not end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._log.close()
        return status

    def _reap(self) -> None:
        self.process.wait(timeout=15)
        if not self._log.closed:
            self._log.close()

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()
        elif not self._log.closed:
            self._log.close()


def serve(*options: str, environment: Mapping[str, str] | None = None) -> ServerProcess:
    """`genset serve` on a free loopback port with `options` added."""
    command = [*genset_command(), "serve", "--host", "127.0.0.1", "--port", "0", *options]
    return ServerProcess(command, environment=environment)
