"""Whatever a file says, it is read, or what is wrong is told with its place: nothing else."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genset.schemas import SchemaError, read_tables

from .conftest import FILES

NAMES = (
    "music.yaml",
    "loops.yaml",
    "global.json",
    "plan.json",
    "described.json",
    "serverless/serverless.yml",
    "terraform/main.tf",
)
PIECES = ("", "null", "[]", "{}", "!Ref A", "${x}", '"', "*a", "&a", "-1", "each.key", "\n", "}")


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, str]:
    """A file's name, and its text with a few pieces of it replaced."""
    name = draw(st.sampled_from(NAMES))
    text = (FILES / name).read_text()
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        length = draw(st.sampled_from((0, 1, 5, 40)))
        text = text[:start] + draw(st.sampled_from(PIECES)) + text[start + length :]
    return name, text


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged") / "files"
    shutil.copytree(FILES, folder)
    return folder


@settings(max_examples=100)
@given(file=damaged())
def test_a_damaged_file_is_read_or_told(copies, file):
    name, text = file
    path = copies / name
    path.write_text(text)
    tables, problems = [], []
    try:
        tables = read_tables(path)
    except SchemaError as error:
        problems = error.problems
    assert tables or problems
    assert all(problem.message and problem.place.file for problem in problems)
    assert all(table.name and table.keys for table in tables)
