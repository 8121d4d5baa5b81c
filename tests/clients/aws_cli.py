"""Runs the AWS CLI as a user's script does, and takes its answers apart."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("aws")
SECONDS_MAX = 60


class Failed(Exception):
    """The command ended with another status than 0."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text
        super().__init__(f"status {status}: {text}")


@dataclass(frozen=True)
class AwsCli:
    """The CLI's commands against one server."""

    endpoint: str
    environment: Mapping[str, str]

    def __call__(self, service: str, *words: str, output: str = "json") -> Any:
        """The command's answer: of JSON as values, of any other output as text."""
        done = subprocess.run(
            [str(COMMAND), service, *words, "--endpoint-url", self.endpoint, "--output", output],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        if done.returncode != 0:
            raise Failed(done.returncode, done.stderr.strip())
        if output != "json":
            return done.stdout.strip()
        return json.loads(done.stdout) if done.stdout.strip() else None
