"""Runs dynalite on loopback, with its data in a folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from bench.peers import dynalite_script

PEERS = Path(__file__).parents[2] / ".peers"


def script() -> Path:
    """Where its command is: GENSET_DYNALITE, else where the benchmark installs it."""
    named = os.environ.get("GENSET_DYNALITE")
    return Path(named) if named else dynalite_script(PEERS)


def missing() -> str | None:
    """Why dynalite cannot run here, or None."""
    if shutil.which("node") is None:
        return "dynalite needs node"
    if not script().exists():
        return "dynalite is not here (GENSET_DYNALITE names its cli.js)"
    return None


class Dynalite:
    """One process of it on a free port."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        options = ("--host", "127.0.0.1", "--port", str(port), "--path", str(data))
        self.process = subprocess.Popen(
            ["node", str(script()), *options, "--createTableMs", "1"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait_until_listening(port)

    def _wait_until_listening(self, port: int) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        self.stop()
        raise RuntimeError("dynalite did not start")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=10)
