"""What a page says that a command writes, compared with what it writes."""

from __future__ import annotations

import re


def fits(expected: str, written: str) -> bool:
    """Whether `written` is what the page shows.

    `...` stands for any text within its line, and on a line of its own for any lines. Spaces at
    the ends of lines, and empty lines at both ends, do not count.
    """
    pattern = "".join(_line_pattern(line) for line in _lines(expected))
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _lines(written))) is not None


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def _line_pattern(line: str) -> str:
    if line.strip() == "...":
        return r"(?:.*\n)*"
    return ".*".join(re.escape(part) for part in line.split("...")) + r"\n"
