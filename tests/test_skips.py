"""A skip passes on a developer's machine and fails in CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPED = "import pytest\ndef test_it():\n    pytest.skip('no Java')\n"
PASSED = "def test_it():\n    assert True\n"


@pytest.mark.parametrize(
    ("test", "ci", "status"), [(SKIPPED, "", 0), (SKIPPED, "true", 1), (PASSED, "true", 0)]
)
@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_skip_fails_in_ci_only(
    tmp_path: Path, test: str, ci: str, status: int, workers: str
) -> None:
    (tmp_path / "conftest.py").write_text("from support.skips import pytest_sessionfinish\n")
    (tmp_path / "test_it.py").write_text(test)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", workers, "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "CI": ci, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stdout
    assert ("no test" in done.stdout) == bool(status)
