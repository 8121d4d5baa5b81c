"""The table of limits, from `genset/model/limits.py` and what its comments say."""

from __future__ import annotations

import re
from pathlib import Path

from genset.model import limits
from tools.documentation.markdown import table

_SOURCE = Path(limits.__file__)
_LINE = re.compile(r"^([A-Z_]+): Final = .*?(?:# (?P<comment>.*))?$", re.MULTILINE)
_LETTER = re.compile(r"\s*\[([A-Z])\]")
_PAGE = re.compile(r"^\[([A-Z])\] (.+)$", re.MULTILINE)
_UNITS = ("bytes", "seconds", "digits", "levels")
_BOUNDS = {"max": "at most ", "min": "at least "}
_CAPITALS = {"ttl": "TTL"}


def render() -> str:
    """The table, in the order of the module."""
    source = _SOURCE.read_text(encoding="utf-8")
    pages = dict(_PAGE.findall(str(limits.__doc__)))
    rows = [
        _row(found[1], getattr(limits, found[1]), found["comment"] or "", pages)
        for found in _LINE.finditer(source)
    ]
    return table(("", "Limit", "Stated by"), rows)


def _row(name: str, value: int, comment: str, pages: dict[str, str]) -> tuple[str, str, str]:
    words = name.lower().split("_")
    bound = _BOUNDS.get(words[-1], "")
    if bound:
        words.pop()
    unit = f" {words.pop()}" if words[-1] in _UNITS else ""
    title = " ".join(_CAPITALS.get(word, word) for word in words)
    letter = _LETTER.search(comment)
    remark = _LETTER.sub("", comment)
    return (
        f"{title[0].upper()}{title[1:]}" + (f" ({remark})" if remark else ""),
        f"{bound}{value:,}{unit}{_rounded(value, unit)}",
        _link(pages[letter[1]]) if letter else "observed",
    )


def _rounded(value: int, unit: str) -> str:
    """The same in a greater unit, where that is a whole number of it."""
    greater = {
        " bytes": ((1024**3, "GB"), (1024**2, "MB"), (1024, "KB")),
        " seconds": ((86_400, "days"), (3600, "hours"), (60, "minutes")),
    }
    for size, name in greater.get(unit, ()):
        if value >= size and value % size == 0:
            return f" ({value // size:,} {name.removesuffix('s') if value == size else name})"
    return ""


def _link(page: str) -> str:
    if not page.startswith("https:"):
        return page
    return f"[{page.rpartition('/')[2].removesuffix('.html')}]({page})"
