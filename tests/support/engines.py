"""With which engines, and with how many processes, a test runs."""

from __future__ import annotations

import pytest

with_one_and_two_workers = pytest.mark.parametrize(
    ("engine_kind", "workers"),
    [("sqlite", "1"), ("sqlite", "2"), ("postgres", "2")],
    indirect=["engine_kind"],
    scope="session",
)
"""Workers on SQLite share a file and its locks. On PostgreSQL two are as one beside another."""
