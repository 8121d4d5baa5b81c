"""The Dockerfile: what its image promises is so, as far as it shows without building it.

docs/running.md says how it is run.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys

import pytest

from distribution.conftest import ROOT
from genset.cli.main import main
from support.process import serve

TEXT = (ROOT / "Dockerfile").read_text()
# Comments go, and lines that end in a backslash are joined.
LINES = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE)).splitlines()
INSTRUCTIONS = [tuple(line.split(" ", 1)) for line in LINES if line]
LAST_STAGE = INSTRUCTIONS[max(n for n, each in enumerate(INSTRUCTIONS) if each[0] == "FROM") :]


def of(name: str) -> list[str]:
    """What the instructions of that name in the last stage say."""
    return [said for instruction, said in LAST_STAGE if instruction == name]


def environment() -> dict[str, str]:
    pairs = [pair.split("=", 1) for said in of("ENV") for pair in shlex.split(said)]
    return dict(pairs)


def test_each_stage_begins_with_an_image_of_a_named_version():
    images = [said.split()[0] for name, said in INSTRUCTIONS if name == "FROM"]
    assert len(images) == 2
    assert all(re.fullmatch(r"python:3\.\d+-slim", image) for image in images)


def test_it_does_not_run_as_root():
    *_, user = of("USER")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
    names = [instruction for instruction, _ in LAST_STAGE]
    assert names.index("USER") > max(n for n, name in enumerate(names) if name == "RUN")


def test_it_runs_the_program_itself_which_signals_reach():
    (entry,), (command,) = of("ENTRYPOINT"), of("CMD")
    assert json.loads(entry) == ["genset"]
    assert json.loads(command) == ["serve"]
    assert of("STOPSIGNAL") == ["SIGTERM"]


def test_it_keeps_data_in_its_volume():
    assert of("VOLUME") == of("WORKDIR") == ["/data"]
    assert "GENSET_DATA_DIR" not in environment()


def test_it_serves_nobody_until_it_is_told_whom(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, value in environment().items():
        if name.startswith("GENSET_"):
            monkeypatch.setenv(name, value)
    (command,) = of("CMD")
    assert main(json.loads(command)) == 2
    assert "use --auth sigv4, or --insecure" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def health() -> list[str]:
    """The command of the health check, for the interpreter of the tests."""
    (said,) = of("HEALTHCHECK")
    program, *arguments = json.loads(said.partition(" CMD ")[2])
    assert program == "python"
    return [sys.executable, *arguments]


def test_its_health_is_that_of_the_server(health):
    with serve("--memory") as server:
        port = server.url.rpartition(":")[2]
        assert status(health, port) == 0
    assert status(health, port) != 0


def status(command: list[str], port: str) -> int:
    done = subprocess.run(
        command, env={**os.environ, "GENSET_PORT": port}, stderr=subprocess.DEVNULL, check=False
    )
    return done.returncode
