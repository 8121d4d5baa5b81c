"""JSON texts as nodes: `json` says whether a text is right, and this where each value is."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import Any, Final

from genset.schemas.nodes import Node
from genset.schemas.problems import Place, SchemaError

_STRINGS: Final = json.JSONDecoder()
_BLANKS: Final = re.compile(r"[ \t\n\r]*")
_ATOM: Final = re.compile(r"[^\s,\]}]+")


def parse_json(text: str, file: str) -> Node:
    """The value that `text` is. Raises SchemaError where it is no JSON, or repeats a name."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise SchemaError.at(Place(file, error.lineno), f"is no JSON: {error.msg}") from None
    except RecursionError:
        raise SchemaError.at(Place(file, 1), "is nested too deeply") from None
    return _Scanner(text, file).value(0)[0]


class _Scanner:
    """Reads a text that is known to be JSON; methods take and return offsets in it."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def value(self, start: int, place: Place | None = None) -> tuple[Node, int]:
        """The value that begins at `start` or after blanks, and where it ends."""
        start = self._skip(start)
        place = place or self._place(start)
        match self._text[start]:
            case "{":
                return self._mapping(start + 1, place)
            case "[":
                return self._list(start + 1, place)
            case '"':
                found, end = _STRINGS.raw_decode(self._text, start)
                return Node(found, place), end
            case _:
                atom = _ATOM.match(self._text, start)
                assert atom is not None
                return Node(json.loads(atom.group()), place), atom.end()

    def _mapping(self, at: int, place: Place) -> tuple[Node, int]:
        members: dict[str, Node] = {}
        at = self._skip(at)
        while self._text[at] != "}":
            key_place = self._place(at)
            name, at = _STRINGS.raw_decode(self._text, at)
            if name in members:
                raise SchemaError.at(key_place, f"{name} is there twice")
            members[name], at = self.value(self._skip(at) + 1, key_place)
            at = self._after_comma(at)
        return Node(members, place), at + 1

    def _list(self, at: int, place: Place) -> tuple[Node, int]:
        items: list[Any] = []
        at = self._skip(at)
        while self._text[at] != "]":
            item, at = self.value(at)
            items.append(item)
            at = self._after_comma(at)
        return Node(items, place), at + 1

    def _after_comma(self, at: int) -> int:
        at = self._skip(at)
        return self._skip(at + 1) if self._text[at] == "," else at

    def _skip(self, at: int) -> int:
        blanks = _BLANKS.match(self._text, at)
        assert blanks is not None
        return blanks.end()

    def _place(self, at: int) -> Place:
        return Place(self._file, bisect_right(self._line_starts, at))
