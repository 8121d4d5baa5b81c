"""What the programs find around them: an AWS environment without a machine's own settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
REGION = "us-east-1"


@pytest.fixture(scope="session")
def aws_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a child process whose client is to see these settings and no others."""
    nowhere = str(tmp_path_factory.mktemp("aws") / "none")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "AWS_PAGER": "",
    }


Connect = Callable[[str], Any]


@pytest.fixture
def connect(endpoint: str) -> Iterator[Connect]:
    """Makes boto3's client of a service with the settings that boto3 has by itself."""
    made: list[Any] = []

    def connect_to(service: str) -> Any:
        made.append(
            boto3.client(
                service,
                endpoint_url=endpoint,
                region_name=REGION,
                aws_access_key_id=ACCESS_KEY_ID,
                aws_secret_access_key="secret",
            )
        )
        return made[-1]

    yield connect_to
    for each in made:
        each.close()


@pytest.fixture
def files(tmp_path: Path) -> Callable[[str, str], str]:
    """Writes a file of one test; returns its path."""

    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write
