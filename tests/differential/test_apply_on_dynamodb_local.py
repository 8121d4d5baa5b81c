"""`genset apply` makes tables on another server than genset, and says what that server lacks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from genset.cli.main import main
from support import local

pytestmark = [pytest.mark.differential, pytest.mark.timeout(180)]
TEMPLATE = Path(__file__).parents[1] / "schemas" / "files" / "music.yaml"


@pytest.fixture
def endpoint_url() -> Iterator[str]:
    reason = local.missing()
    if reason:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    server = local.DynamoDBLocal()
    try:
        yield server.url
    finally:
        server.stop()


def test_a_template_is_applied(endpoint_url, capsys, monkeypatch):
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    command = ["apply", str(TEMPLATE), "--endpoint-url", endpoint_url, "--region", "us-east-1"]
    assert main(command) == 0
    made = capsys.readouterr()
    assert made.out.endswith("2 to create\ndone: 2 created\n")
    lacking = "genset: dev-songs: left out, for the server has no UpdateContributorInsights\n"
    assert lacking in made.err
    assert main(command) == 0
    again = capsys.readouterr()
    assert "stream: " not in again.out
    assert "time to live: " not in again.out
    assert "genset: dev-songs: left out, for the server has no TableClass\n" in again.err
