"""What mkdocs.yml cannot say: pages that are kept elsewhere, and decisions in the navigation.

bench/RESULTS.md and CHANGELOG.md are pages of the site too. Links to them, and theirs into docs,
are written for those who read the repository, and are changed to those of the site.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
# Where a page is in the site: where it is kept.
KEPT_ELSEWHERE = {"speed.md": "bench/RESULTS.md", "changelog.md": "CHANGELOG.md"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Replace `decisions/` in the navigation by all of them, in their order."""
    folder = Path(config.docs_dir) / "decisions"
    decisions = [f"decisions/{path.name}" for path in sorted(folder.glob("*.md"))]
    config.nav = _filled(config.nav, decisions)
    return config


def _filled(entry: Any, decisions: list[str]) -> Any:
    if entry == "decisions/":
        return decisions
    if isinstance(entry, dict):
        return {title: _filled(value, decisions) for title, value in entry.items()}
    if isinstance(entry, list):
        return [_filled(value, decisions) for value in entry]
    return entry


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are kept elsewhere."""
    for page, kept in KEPT_ELSEWHERE.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / kept)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Change the links between docs and what is kept elsewhere to those of the site."""
    if page.file.src_uri in KEPT_ELSEWHERE:
        return markdown.replace("](docs/", "](")
    for name, kept in KEPT_ELSEWHERE.items():
        markdown = re.sub(rf"\]\((?:\.\./)+{re.escape(kept)}", f"]({name}", markdown)
    return markdown
