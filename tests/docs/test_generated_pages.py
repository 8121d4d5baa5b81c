"""The parts of pages that are made from the code are current, and what they say is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tools.documentation.coverage_table import CALLED, MODEL
from tools.generate_docs import DOCS, PARTS, regenerated, stale_pages

from genset.cli.serving.settings import all_settings
from genset.operations.registry import OPERATIONS
from genset.realism.faults import NAMES as FAULTS
from support.operations_called import at_least, fewer
from support.still_server import StillServer

SOURCE = Path(__file__).parents[2] / "src" / "genset"


def page(name):
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def test_generated_parts_are_current():
    assert sorted(path.name for path in stale_pages()) == [], "run `make docs`"


def test_a_generated_part_that_was_changed_by_hand_is_found():
    text = page("limits")
    assert regenerated(text.replace("400 KB", "401 KB")) == text


def test_every_part_is_in_a_page():
    pages = "".join(path.read_text(encoding="utf-8") for path in DOCS.glob("*.md"))
    assert sorted(re.findall(r"<!-- generated: (\w+) -->", pages)) == sorted(PARTS)


def test_every_setting_is_in_the_configuration():
    text = page("configuration")
    for setting in all_settings():
        for name in (*setting.flags, setting.variable, setting.key):
            assert f"`{name}`" in text


def test_every_fault_is_in_the_page_of_realism():
    assert [name for name in FAULTS if f"`{name}`" not in page("realism")] == []


def test_every_operation_that_is_there_is_called_by_tests():
    called = json.loads(CALLED.read_text())
    assert set(called) == set(OPERATIONS)
    assert [name for name, count in called.items() if count < 1] == []


def test_every_operation_that_is_not_there_is_answered_as_the_page_says():
    missing = [
        name
        for names in json.loads(MODEL.read_text())["services"].values()
        for name in names
        if name not in OPERATIONS
    ]
    with StillServer() as server:
        for name in missing:
            assert server.refused(name).type == "UnknownOperationException"
            assert f"`{name}`" in page("api-coverage")


@pytest.mark.parametrize(
    ("count", "said"), [(0, 0), (1, 1), (2, 1), (9, 8), (12, 10), (237, 200), (1100, 900)]
)
def test_a_count_is_rounded_down(count, said):
    assert at_least(count) == said


def test_fewer_tests_than_said_are_found():
    assert fewer({"PutItem": 3, "Scan": 2}, {"PutItem": 2, "Scan": 2, "Query": 1}) == {
        "PutItem": (3, 2)
    }


def test_the_picture_of_the_layers_has_them_all():
    picture = (DOCS / "img" / "layers.svg").read_text()
    packages = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert packages >= {"wire", "storage"}
    assert {name for name in packages if f">{name}</text>" not in picture} == set()
