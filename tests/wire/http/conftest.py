"""The loops that every test of the HTTP server runs on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from http_toy import LOOPS, run_on


@pytest.fixture(params=sorted(LOOPS))
def run(request: pytest.FixtureRequest) -> Callable[[Awaitable[Any]], Any]:
    """Run a coroutine on a fresh loop of each kind; no task may be left at its end."""
    return lambda main: run_on(request.param, main)
