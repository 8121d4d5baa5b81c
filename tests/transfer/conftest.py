"""Commands that are run in this process against the server of the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.loaders import create_loader

from conftest import Create
from transfer.command import Genset
from transfer.tables import HASHED


@pytest.fixture(scope="session", autouse=True)
def service_models() -> Iterator[None]:
    """What a command spends most of its time on is read from its files once for all."""
    loader = create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", lambda _: loader)
        yield


@pytest.fixture
def genset(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Genset:
    """Runs commands; those of child processes ask the same server."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "absent"))
    return Genset(monkeypatch)


@pytest.fixture
def name(create: Create) -> str:
    """A table with the key `pk`, a string."""
    return create(HASHED)
