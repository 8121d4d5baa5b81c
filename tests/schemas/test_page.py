"""The examples of docs/schemas.md work as they stand, and it names every kind of file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from genset.cli.commands.apply import command
from genset.schemas.reading import FORMATS
from support.process import serve

PAGE = Path(__file__).parents[2] / "docs" / "schemas.md"
STATED_URL = "http://127.0.0.1:8000"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)


def run(command: list[str], folder: Path) -> str:
    variables = {name: value for name, value in os.environ.items() if name[:4] != "AWS_"}
    variables["PATH"] = f"{Path(sys.executable).parent}:{variables['PATH']}"
    variables["AWS_CONFIG_FILE"] = variables["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    done = subprocess.run(
        command, env=variables, capture_output=True, text=True, timeout=60, cwd=folder, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tables.yaml").write_text(blocks("yaml")[0])
    return tmp_path


def test_the_examples_work(folder):
    (commands,), (program,) = blocks("bash"), blocks("python")
    plan, nothing = blocks("text")
    with serve("--memory") as server:
        shown = run(["bash", "-euc", commands.replace(STATED_URL, server.url)], folder)
        assert shown.startswith(plan)
        assert shown.endswith(nothing)
        run([sys.executable, "-c", program.replace(STATED_URL, server.url)], folder)


def test_every_kind_of_file_is_in_the_table_and_can_be_asked_for():
    listed = re.findall(r"^\| `([a-z][a-z-]+)` \|", PAGE.read_text(), re.MULTILINE)
    (choice,) = [option.type for option in command.params if option.name == "format_"]
    assert sorted(listed) == sorted(FORMATS) == sorted(choice.choices)
