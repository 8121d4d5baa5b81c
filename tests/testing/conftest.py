"""One session in this process for all these tests, brought back to its start before each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from genset.testing import LocalSession, local
from testing.music import MUSIC


@pytest.fixture(scope="session")
def whole_session() -> Iterator[LocalSession]:
    with local() as session:
        yield session


@pytest.fixture
def session(whole_session: LocalSession) -> LocalSession:
    """A session with the empty table Music."""
    whole_session.rollback()
    whole_session.client("dynamodb").create_table(**MUSIC)
    return whole_session


@pytest.fixture
def client(session: LocalSession) -> Any:
    made = session.client("dynamodb")
    yield made
    made.close()
