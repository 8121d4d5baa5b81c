"""In CI everything that tests need is installed, so a test that is skipped there is a failure."""

from __future__ import annotations

import os

import pytest


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if CI skipped a test; the summary names it and its reason."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("CI skips no test: what the skipped ones need must be installed")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
