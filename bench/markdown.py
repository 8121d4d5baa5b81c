"""The pieces of Markdown that the report is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the cells are taken as they are."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def one_line(text: str) -> str:
    """A message from elsewhere, cut and without what would break a line or a table."""
    return " ".join(text.split())[:300].replace("|", "\\|")
