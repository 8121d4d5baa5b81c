"""The site of the documentation is built without a complaint, and needs nothing from elsewhere."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.pages import DOCS, ROOT

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("material") is None, reason="pip install genset[docs]"
)


def build(config: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "-f", str(config), "-d"]
    return subprocess.run(
        [*command, str(site)],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = build(ROOT / "mkdocs.yml", folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_in_the_site(site):
    pages = {path.relative_to(DOCS).with_suffix("") for path in DOCS.rglob("*.md")}
    built = {path.parent.relative_to(site) for path in site.rglob("index.html")}
    assert {page for page in pages if page.name != "index"} <= built
    assert {Path("speed"), Path("changelog")} <= built


def test_no_page_loads_anything_from_elsewhere(site):
    loaded = re.compile(
        r"""<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=["']?(https?:[^"'> ]+)"""
    )
    found = {
        address for page in site.rglob("*.html") for address in loaded.findall(page.read_text())
    }
    assert found == set()


def test_broken_links_and_forgotten_pages_are_found(tmp_path):
    for name in ("docs", "tools", "bench"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("mkdocs.yml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path)
    links = "[a page](no-such-page.md) [a heading](limits.md#no-such-heading)"
    (tmp_path / "docs" / "index.md").write_text(f"# Title\n\n{links}\n")
    (tmp_path / "docs" / "forgotten.md").write_text("# Title\n")
    done = build(tmp_path / "mkdocs.yml", tmp_path / "site")
    assert done.returncode == 1
    for complaint in ("no-such-page.md", "no-such-heading", "forgotten.md"):
        assert complaint in done.stderr
