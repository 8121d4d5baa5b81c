"""Files of tables as projects have them, and what of tables made from them can be compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from genset.schemas.parameters import Parameters
from genset.schemas.problems import SchemaError
from genset.schemas.reading import Schema, read_schema

FILES = Path(__file__).parent / "files"
Write = Callable[..., Path]


def schema(name: str | Path, **parameters: str) -> Schema:
    """What a file of the folder `files`, or any other, says."""
    given = {name.replace("__", "::"): value for name, value in parameters.items()}
    return read_schema([FILES / name], Parameters(given))


def notes(found: Schema) -> list[str]:
    """The notes, with the names of files alone."""
    return [_short(str(note)) for note in found.notes]


def problems(path: Path, **parameters: str) -> list[str]:
    """What is wrong with a file, with its name alone."""
    with pytest.raises(SchemaError) as caught:
        schema(path, **parameters)
    return [_short(str(problem)) for problem in caught.value.problems]


def _short(text: str) -> str:
    place, colon, rest = text.partition(":")
    return f"{Path(place).name}{colon}{rest}"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file in a folder of the test's own."""

    def write_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write_file


@pytest.fixture
def made(client: Any) -> Any:
    """Names of tables that are deleted when the test is over."""
    names: list[str] = []
    yield names
    for name in names:
        client.update_table(TableName=name, DeletionProtectionEnabled=False)
        client.delete_table(TableName=name)
