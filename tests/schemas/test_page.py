"""docs/schemas.md names every kind of file; its examples are run with those of all pages."""

from __future__ import annotations

import re
from pathlib import Path

from genset.cli.commands.apply import command
from genset.schemas.reading import FORMATS

PAGE = Path(__file__).parents[2] / "docs" / "schemas.md"


def test_every_kind_of_file_is_in_the_table_and_can_be_asked_for():
    listed = re.findall(r"^\| `([a-z][a-z-]+)` \|", PAGE.read_text(), re.MULTILINE)
    (choice,) = [option.type for option in command.params if option.name == "format_"]
    assert sorted(listed) == sorted(FORMATS) == sorted(choice.choices)
