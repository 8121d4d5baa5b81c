"""Runs DynamoDB Local, the peer of the differential tests, on loopback only."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from bench.dynamodb_local import dynamodb_local_command

PEERS = Path(__file__).parents[2] / ".peers"
# Where npm puts the emulator, and where the benchmark unpacks it.
EMULATORS = (
    PEERS / "node_modules/amplify-dynamodb-simulator/emulator",
    PEERS / "dynamodb-local/package/emulator",
)


def emulator_folder() -> Path | None:
    """Where the jars are: GENSET_DYNAMODB_LOCAL, else beside the project's other peers."""
    named = os.environ.get("GENSET_DYNAMODB_LOCAL")
    folders = (Path(named),) if named else EMULATORS
    return next((each for each in folders if (each / "DynamoDBLocal.jar").exists()), None)


def missing() -> str | None:
    """Why DynamoDB Local cannot run here, or None."""
    if shutil.which("java") is None:
        return "DynamoDB Local needs Java"
    if emulator_folder() is None:
        return "DynamoDB Local's jars are not here (GENSET_DYNAMODB_LOCAL names their folder)"
    return None


class DynamoDBLocal:
    """One process of it on a free port, in memory or with its databases in `data`."""

    def __init__(self, data: Path | None = None, *, shared: bool = True) -> None:
        folder = emulator_folder()
        assert folder is not None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            dynamodb_local_command(
                folder,
                self.port,
                ("-Xmx384m", "-XX:TieredStopAtLevel=1"),
                data=data,
                shared=shared,
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait_until_listening()

    def _wait_until_listening(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        self.stop()
        raise RuntimeError("DynamoDB Local did not start")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
