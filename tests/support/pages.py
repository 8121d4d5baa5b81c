"""Pages of documentation taken apart: their blocks of code, and what is said of how to run them.

A block is fenced by three backticks. In its first line it has a language and maybe a title, the
name of a file that the reader is to write. A comment of HTML right above it says more:

    <!-- not run: the reason -->         nobody runs it
    <!-- run by tests/cli/test_x.py -->  the test named runs it
    <!-- needs plyvel -->                it is left out where that module of Python is not there
    <!-- output -->                      it is what the block before it writes

`<!-- run` on a line of its own begins a block of shell commands that readers do not see, up to
`-->`: what a page takes for granted. `<!-- stop the server -->` is such a block too.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
HIDDEN = "hidden"
STOP = "stop"

_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<info>[^`\n]*)\n(?P<code>.*?)^(?P=indent)```[ ]*$"
    r"|^<!-- run\n(?P<hidden>.*?)^-->$"
    r"|^<!-- (?P<stop>stop) the server -->$",
    re.DOTALL | re.MULTILINE,
)
_COMMENT = re.compile(
    r"<!-- (not run: (?:(?!-->).)+|run by \S+|needs \w+|output) -->\s*\Z", re.DOTALL
)
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of a page. `line` is the line of its first line of code, counted from 1."""

    page: Path
    line: int
    language: str
    code: str
    title: str | None = None
    comment: str = ""

    @property
    def place(self) -> str:
        """Where it is: page and line."""
        return f"{self.page.name}:{self.line}"

    @property
    def not_run(self) -> str | None:
        """Why nobody runs it."""
        return self.comment[len("not run: ") :] if self.comment.startswith("not run: ") else None

    @property
    def run_by(self) -> str | None:
        """The test that runs it, instead of the runner of pages."""
        return self.comment[len("run by ") :] if self.comment.startswith("run by ") else None

    @property
    def needed_module(self) -> str | None:
        """The module of Python without which it cannot be run."""
        return self.comment[len("needs ") :] if self.comment.startswith("needs ") else None

    @property
    def is_output(self) -> bool:
        """Whether it is what the block before it writes."""
        return self.comment == "output"


def all_pages() -> list[Path]:
    """README.md, and every page in docs."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    return parse_blocks(page, page.read_text(encoding="utf-8"))


def parse_blocks(page: Path, text: str) -> list[Block]:
    """The blocks of a page with that text, in order."""
    return [_block(page, text, found) for found in _BLOCK.finditer(text)]


def _block(page: Path, text: str, found: re.Match[str]) -> Block:
    part = next(each for each in ("code", HIDDEN, STOP) if found[each] is not None)
    line = text.count("\n", 0, found.start(part)) + 1
    if part != "code":
        return Block(page=page, line=line, language=part, code=found[part])
    comment = _COMMENT.search(text, 0, found.start())
    title = _TITLE.search(found["info"])
    return Block(
        page=page,
        line=line,
        language=next(iter(found["info"].replace("{", " ").replace(".", " ").split()), ""),
        code=textwrap.dedent(found["code"]),
        title=title[1] if title else None,
        comment=" ".join(comment[1].split()) if comment else "",
    )
