"""Programs on the AWS SDK for JavaScript v3 and the object mappers above it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "javascript"
PACKAGES = FOLDER / "node_modules"
PROGRAMS = sorted(
    str(path.relative_to(FOLDER).with_suffix(""))
    for path in (*FOLDER.glob("*.mjs"), *FOLDER.glob("features/*.mjs"))
    if path.name != "support.mjs"
)


def test_no_program_is_overlooked() -> None:
    assert {"client", "document", "dynamoose", "electrodb", "toolbox"} <= set(PROGRAMS)


@pytest.mark.parametrize("program", PROGRAMS)
def test_program(program: str, endpoint: str, aws_environment: dict[str, str]) -> None:
    if shutil.which("node") is None:
        pytest.skip("the programs need node")
    if not PACKAGES.exists():
        pytest.skip(f"run npm install --no-package-lock in tests/clients/{FOLDER.name}")
    done = subprocess.run(
        ["node", f"{program}.mjs"],
        cwd=FOLDER,
        # The SDK's notice of the next node it will need is no concern of a test.
        env={**aws_environment, "GENSET_ENDPOINT": endpoint, "NODE_NO_WARNINGS": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # An assertion in a callback that is never awaited would only be printed.
    assert done.stderr == ""
