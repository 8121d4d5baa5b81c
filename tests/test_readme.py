"""The examples of README.md, and of pages in docs, work as they stand, against a real server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tools.local_postgres import LocalPostgres, missing

from genset.realism.faults import NAMES as FAULTS
from support.client import Api
from support.process import ServerProcess, serve

README = Path(__file__).parents[1] / "README.md"
REALISM = Path(__file__).parents[1] / "docs" / "realism.md"
INSIGHTS = Path(__file__).parents[1] / "docs" / "contributor-insights.md"
STATED_URL = "http://127.0.0.1:8000"


def blocks(language: str, page: Path = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)


def environment() -> dict[str, str]:
    # The tools beside this interpreter come first; the machine's AWS settings are left out.
    variables = {name: value for name, value in os.environ.items() if name[:4] != "AWS_"}
    variables["PATH"] = f"{Path(sys.executable).parent}:{variables['PATH']}"
    variables["AWS_CONFIG_FILE"] = variables["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    return variables


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=90)


@pytest.fixture
def url():
    with serve("--memory") as server:
        yield server.url


def test_the_boto3_example_works(url):
    (example,) = blocks("python")
    done = run([sys.executable, "-c", example.replace(STATED_URL, url)])
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", [REALISM, INSIGHTS], ids=lambda page: page.stem)
def test_the_example_of_a_page_works(url, page):
    (example,) = blocks("python", page)
    done = run([sys.executable, "-c", example.replace(STATED_URL, url)])
    assert done.returncode == 0, done.stderr


def test_every_fault_is_in_the_page_of_realism():
    text = REALISM.read_text()
    assert [name for name in FAULTS if f"`{name}`" not in text] == []


def test_the_aws_cli_example_works(url):
    (example,) = blocks("bash")
    done = run(["bash", "-euo", "pipefail", "-c", example.replace(STATED_URL, url)])
    assert done.returncode == 0, done.stderr
    assert '"hello"' in done.stdout


@pytest.mark.skipif(missing() is not None, reason=str(missing()))
def test_the_postgresql_example_works(tmp_path, monkeypatch):
    """The data of the boto3 example is moved, and served from there."""
    monkeypatch.chdir(tmp_path)
    (first,) = blocks("python")
    (example,) = [block for block in blocks("sh") if "genset migrate" in block]
    with serve() as server:
        assert run([sys.executable, "-c", first.replace(STATED_URL, server.url)]).returncode == 0
    with LocalPostgres(fsync=False) as postgres:
        postgres.sql("CREATE ROLE genset LOGIN")
        postgres.sql("CREATE DATABASE genset OWNER genset")
        command = example.replace("127.0.0.1:5432", f"{postgres.host}:{postgres.port}")
        started = {**environment(), "GENSET_PORT": "0"}
        server = ServerProcess(["bash", "-euc", command], environment=started)
        try:
            with Api(server.url) as api:
                assert api("Scan", TableName="Music")["Items"][0]["Year"] == {"N": "1965"}
        finally:
            # The shell and the server in it.
            server.kill()


def test_every_option_is_in_the_table():
    done = run([sys.executable, "-m", "genset", "serve", "--help"])
    options = set(re.findall(r"^ +(--[a-z-]+)", done.stdout, re.MULTILINE))
    listed = {option for option in options if f"`{option}`" in README.read_text()}
    assert len(options) >= 10
    assert listed == options
