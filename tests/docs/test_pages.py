"""Every example of README.md and of docs is run, page by page, as it stands.

`support.pages` says how a page marks what a reader runs otherwise, or not at all.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from support.page_runner import PageRunner
from support.pages import ROOT, Block, all_pages, blocks_of

PAGES = [page for page in all_pages() if blocks_of(page)]
# A block of another language must be a file, or say what it is.
RUN = ("python", "sh", "bash", "console", "js", "hidden", "stop")
SHOWN = ("diff", "ini", "json", "text", "toml", "yaml")
# How many blocks of a page nobody runs. Each says why in the page; they are to be few.
NOT_RUN = {"README.md": 1, "docs/getting-started.md": 1, "docs/running.md": 4}
READERS = {"toml": tomllib.loads, "json": json.loads, "yaml": yaml.safe_load}


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_examples_of_a_page_work(page: Path, tmp_path: Path) -> None:
    with PageRunner(tmp_path) as runner:
        for block in blocks_of(page):
            runner.run(block)
    if runner.missing:
        pytest.skip("; ".join(sorted(runner.missing)))


def test_what_is_not_run_is_known_and_has_a_reason() -> None:
    left_out: dict[str, list[Block]] = {}
    for page in PAGES:
        for block in blocks_of(page):
            if block.not_run is not None:
                assert len(block.not_run.split()) > 2, block.place
                left_out.setdefault(name(page), []).append(block)
    assert {page: len(blocks) for page, blocks in left_out.items()} == NOT_RUN, [
        f"{block.place}: {block.not_run}" for blocks in left_out.values() for block in blocks
    ]


def test_what_other_tests_run_is_named_in_them() -> None:
    for page in PAGES:
        for block in blocks_of(page):
            if block.run_by is not None:
                assert page.name in (ROOT / block.run_by).read_text(), block.place


def test_every_block_is_run_or_is_no_program() -> None:
    languages = (*RUN, *SHOWN)
    for page in PAGES:
        for block in blocks_of(page):
            said = block.title is not None or block.comment
            assert said or block.language in languages, f"{block.place}: {block.language}"


def test_the_links_of_the_readme_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)[^)]*\)", (ROOT / "README.md").read_text())
    assert len(links) > 3
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_documents_can_be_read() -> None:
    for page in PAGES:
        for block in blocks_of(page):
            if block.language in READERS:
                READERS[block.language](block.code)
