"""Values as they are written in expressions: 'text', 1.5, ['a', 1], {'a': null}, <<'x', 'y'>>.

That is how PartiQL writes them; JSON is understood as well. Sets are of texts, or of numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<json>"(?:[^"\\]|\\.)*")
    | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    | (?P<word>[A-Za-z]+)
    | (?P<sign><<|>>|[\[\]{}:,])
    )""",
    re.VERBOSE,
)
CONSTANTS: Final[Mapping[str, dict[str, Any]]] = {
    "true": {"BOOL": True},
    "false": {"BOOL": False},
    "null": {"NULL": True},
}


def read_literal(text: str, at: int) -> tuple[dict[str, Any], int]:
    """The attribute value of the literal that begins there, and where it ends.

    Raises ValueError for what is none.
    """
    reader = _Reader(text, at)
    return reader.value(), reader.at


class _Reader:
    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self.at = at

    def value(self) -> dict[str, Any]:
        kind, token = self._next()
        match kind, token:
            case "sign", "[":
                return {"L": [self.value() for _ in self._elements("]")]}
            case "sign", "{":
                return {"M": dict(self._member() for _ in self._elements("}"))}
            case "sign", "<<":
                return _set([self.value() for _ in self._elements(">>")])
            case "word", _ if token.lower() in CONSTANTS:
                return CONSTANTS[token.lower()]
            case "number", _:
                return {"N": token}
        return {"S": self._string(kind, token)}

    def _member(self) -> tuple[str, dict[str, Any]]:
        name = self._string(*self._next())
        if self._next()[1] != ":":
            raise ValueError(f"a : must come after {name}")
        return name, self.value()

    def _elements(self, end: str) -> Iterator[None]:
        """Stops before each element of a list, up to its end, which it passes."""
        if self._passes(end):
            return
        while True:
            yield
            if self._passes(end):
                return
            if self._next()[1] != ",":
                raise ValueError(f"a , or {end} is missing")

    def _passes(self, sign: str) -> bool:
        rest = self._text[self.at :].lstrip()
        if not rest.startswith(sign):
            return False
        self.at = len(self._text) - len(rest) + len(sign)
        return True

    def _next(self) -> tuple[str, str]:
        found = _TOKEN.match(self._text, self.at)
        if found is None:
            raise ValueError(f"what is {self._text[self.at :].strip()[:20]!r}?")
        self.at = found.end()
        kind = str(found.lastgroup)
        return kind, found[kind]

    def _string(self, kind: str, token: str) -> str:
        if kind == "text":
            return token[1:-1].replace("''", "'")
        if kind == "json":
            return str(json.loads(token))
        raise ValueError(f"{token} is no text")


def _set(values: list[dict[str, Any]]) -> dict[str, Any]:
    kinds = {kind for value in values for kind in value}
    if kinds not in ({"S"}, {"N"}):
        raise ValueError("a set is of texts or of numbers, and has at least one")
    (kind,) = kinds
    return {f"{kind}S": [value[kind] for value in values]}
