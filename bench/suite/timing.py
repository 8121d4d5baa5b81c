"""A plugin of pytest that writes down how long each test took: fixtures, body, and end.

The file that GENSET_SUITE_TIMES names is JSON: "seconds", from before the first test's fixtures to
after the last one's, "tests", the seconds of each test by its name, and "outcomes".
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

_started = 0.0
_ended = 0.0
_tests: dict[str, float] = {}
_outcomes: dict[str, str] = {}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item):
    global _started, _ended
    started = time.perf_counter()
    _started = _started or started
    yield
    _ended = time.perf_counter()
    _tests[item.nodeid] = _ended - started


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.outcome != "passed":
        _outcomes[report.nodeid] = report.outcome


def pytest_sessionfinish() -> None:
    figures = {"seconds": _ended - _started, "tests": _tests, "outcomes": _outcomes}
    Path(os.environ["GENSET_SUITE_TIMES"]).write_text(json.dumps(figures))
