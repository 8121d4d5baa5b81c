"""Where PartiQL statements end: at a `;` that is in no text, name or comment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

# PartiQL specification, "Lexical structure": an open text, name or comment reaches to the end.
TOKEN: Final = re.compile(
    r"""(?P<text>'(?:[^']|'')*(?:'|\Z))
      | (?P<name>"(?:[^"]|"")*(?:"|\Z))
      | (?P<ion>`[^`]*(?:`|\Z))
      | (?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
      | (?P<end>;)
      | (?P<number>\b\d+(?:\.\d+)?(?:[eE][-+]?\d+)?\b)
      | (?P<word>[^\W\d]\w*)
      | (?P<other>\s+|.)""",
    re.VERBOSE | re.DOTALL,
)
"""A token of a statement, or white space between."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement without its comments, and the number of the line that it begins in."""

    text: str
    line: int


def statements(lines: Iterable[str]) -> Iterator[Statement]:
    """The statements of a script, as soon as their lines are there; the last needs no `;`."""
    line, text = 1, ""
    for each in lines:
        text += each
        if ";" in each:
            complete, rest = split(text, line)
            yield from complete
            line += text.count("\n", 0, len(text) - len(rest))
            text = rest
    last = _statement(text, line)
    if last is not None:
        yield last


def split(text: str, line: int = 1) -> tuple[list[Statement], str]:
    """The statements that end in a text which begins in `line`, and what comes after them."""
    complete, begin = [], 0
    for token in TOKEN.finditer(text):
        if token.lastgroup == "end":
            found = _statement(text[begin : token.start()], line)
            complete += [] if found is None else [found]
            line += text.count("\n", begin, token.end())
            begin = token.end()
    return complete, text[begin:]


def is_complete(text: str) -> bool:
    """Whether nothing goes on after the last `;` of a text, but comments and white space."""
    return ";" in text and _statement(split(text)[1], 1) is None


def _statement(text: str, line: int) -> Statement | None:
    """The statement that a text is, or None if there is none in it."""
    parts = [
        re.sub(r"[^\n]+", " ", token[0]) if token.lastgroup == "comment" else token[0]
        for token in TOKEN.finditer(text)
    ]
    bare = "".join(parts)
    begin = len(bare) - len(bare.lstrip())
    if begin == len(bare):
        return None
    return Statement(bare.strip(), line + bare.count("\n", 0, begin))
