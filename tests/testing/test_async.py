"""Clients of aioboto3 and aiobotocore, in a process that has the botocore which they need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from testing.async_program import CHECKS

ROOT = Path(__file__).parents[2]
INSTALLED = ROOT / ".peers" / "aioboto3"


@pytest.fixture(scope="module")
def outcomes() -> dict[str, str | None]:
    if not INSTALLED.exists() and find_spec("aioboto3") is None:
        pytest.skip("needs aioboto3: pip install --target .peers/aioboto3 aioboto3")
    path = os.pathsep.join(map(str, (INSTALLED, ROOT / "tests")))
    done = subprocess.run(
        [sys.executable, "-m", "testing.async_program"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str | None] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", [check.__name__ for check in CHECKS])
def test_of_aioboto3(outcomes, name):
    assert outcomes[name] is None, outcomes[name]
