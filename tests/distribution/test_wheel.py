"""The wheel has all that genset is, for any machine; and it works where nothing else is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from distribution.conftest import ROOT, build
from genset import __version__
from support.process import ServerProcess


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as opened:
        return set(opened.namelist())


def test_it_is_for_any_machine(wheel):
    assert wheel.name == f"genset-{__version__}-py3-none-any.whl"


def test_it_has_all_files_of_the_package_and_no_others(wheel):
    package = ROOT / "src" / "genset"
    files = [each for each in package.rglob("*") if each.is_file()]
    expected = {
        str(each.relative_to(ROOT / "src")) for each in files if "__pycache__" not in each.parts
    }
    found = {name for name in names(wheel) if ".dist-info/" not in name}
    assert found == expected
    assert {"genset/py.typed", "genset/storage/postgres/commit.sql"} < found


def test_it_says_what_it_is(wheel):
    info = f"genset-{__version__}.dist-info"
    with zipfile.ZipFile(wheel) as opened:
        metadata = HeaderParser().parsestr(opened.read(f"{info}/METADATA").decode())
        points = opened.read(f"{info}/entry_points.txt").decode()
        licence = opened.read(f"{info}/licenses/LICENSE").decode()
    assert metadata["License-Expression"] == "Apache-2.0"
    assert "Apache License" in licence
    assert "Typing :: Typed" in metadata.get_all("Classifier")
    assert "genset = genset.cli.main:main" in points
    assert "genset = genset.testing.plugin" in points


def test_the_source_distribution_has_what_the_tests_need(sdist):
    with tarfile.open(sdist) as opened:
        found = {name.partition("/")[2] for name in opened.getnames()}
    wanted = [
        "LICENSE",
        "Makefile",
        "Dockerfile",
        "bench/__main__.py",
        "deploy/systemd/genset.service",
        "docs/scaling.md",
        "src/genset/py.typed",
        "tests/conftest.py",
        "tools/local_postgres.py",
    ]
    assert set(wanted) <= found
    assert not [name for name in found if "node_modules" in name or name.startswith(".venv")]


class Bare:
    """An environment with the wheel and what it needs, and nothing else."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.bin = folder / "bin"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        self.install(f"{wheel}")

    def install(self, *what: str) -> None:
        python = str(self.bin / "python")
        command = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet",
                   "--disable-pip-version-check", "--only-binary=:all:", *what]  # fmt: skip
        subprocess.run(command, check=True, timeout=300)

    def run(self, program: str, *arguments: str, cwd: Path) -> str:
        """What a program says; the environment is no user's, and knows none of the tests."""
        command = [str(self.bin / program), *arguments]
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False,
            env={"PATH": os.defpath, "HOME": str(cwd)},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Bare:
    if not os.environ.get("CI"):
        pytest.skip("installs genset and all that it needs from an index, as only CI does")
    return Bare(tmp_path_factory.mktemp("bare") / "venv", wheel)


SUITE = """
import boto3

def test_a_table(dynamodb):
    dynamodb.create_table(
        TableName="notes",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="notes", Item={"id": {"S": "1"}})
    assert dynamodb.scan(TableName="notes")["Count"] == 1
"""


@pytest.mark.timeout(400)
def test_it_works_where_nothing_else_is(bare, tmp_path):
    """The command, a server that keeps data, and, beside pytest and boto3, the plugin."""
    assert re.search(rf"\b{re.escape(__version__)}\b", bare.run("genset", "version", cwd=tmp_path))
    data = str(tmp_path / "data")
    command = [str(bare.bin / "genset"), "serve", "--port", "0", "--data-dir", data]
    with ServerProcess(command) as server:
        asked = bare.run(
            "genset", "tables", "list", "--endpoint-url", server.url, "--output", "json",
            cwd=tmp_path,
        )  # fmt: skip
        assert json.loads(asked or "[]") == []
        assert server.stop() == 0
    assert "no problems" in bare.run("genset", "doctor", "--data-dir", data, cwd=tmp_path)
    bare.install("boto3", "pytest")
    (tmp_path / "test_suite.py").write_text(SUITE)
    assert "1 passed" in bare.run("pytest", "-q", "test_suite.py", cwd=tmp_path)


def test_what_an_image_is_made_of_is_enough_for_a_wheel(tmp_path):
    """`.dockerignore` lets through what the build needs."""
    through = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    source = tmp_path / "source"
    source.mkdir()
    for name in through:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name)
        else:
            shutil.copy(ROOT / name, source / name)
    made = build("wheel", source, tmp_path / "made")
    assert "genset/cli/main.py" in names(made)
