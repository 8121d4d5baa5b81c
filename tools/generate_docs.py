"""Write the parts of the documentation that are made from the code.

A page has each between two comments, `<!-- generated: NAME -->` and `<!-- end -->`, and all else in
it is written by hand. The output depends on nothing but the code, so running this twice changes
nothing; a test compares.

Usage: python -m tools.generate_docs [--check]
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tools.documentation import (
    command_reference,
    coverage_table,
    errors_table,
    limits_table,
    settings_reference,
)

DOCS = Path(__file__).parents[1] / "docs"
PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "commands": command_reference.render,
    "coverage": coverage_table.render,
    "errors": errors_table.render,
    "limits": limits_table.render,
    "settings": settings_reference.render,
}
_PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def regenerated(text: str) -> str:
    """The text of a page with its generated parts as they are to be.

    Raises KeyError for a part that nobody generates.
    """
    return _PART.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n\n{found[3]}", text)


def stale_pages() -> dict[Path, str]:
    """The pages whose generated parts are not current, with the text they are to have."""
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md"))}
    wanted = {path: regenerated(text) for path, text in pages.items()}
    return {path: text for path, text in wanted.items() if text != pages[path]}


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check name those that are not current and return 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check = parser.parse_args(arguments).check
    stale = stale_pages()
    for path, text in stale.items():
        print(path.name)
        if not check:
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
