"""DynamoDB's expressions with names and values written in their places.

`Year > 1990 AND begins_with(Genre, 'ro')` becomes `#n0 > :v0 AND begins_with(#n1, :v1)`: every
attribute name gets a placeholder, so that reserved words need no care, and so does every literal.
Placeholders that are there already are those of whoever wrote the expression.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from genset.cli.items.documents import read_json, value_of
from genset.cli.items.literals import CONSTANTS, read_literal
from genset.cli.statuses import CommandError, Status
from genset.transfer.plain import Item

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    | (?P<given>[:\#]\w+)
    | (?P<word>[^\W\d]\w*)
    | (?P<sign><>|<=|>=|[-=<>+(),.\[\]{}])
    )""",
    re.VERBOSE,
)
_PATH_SPACE: Final = re.compile(r"\s*([.\[]) | (?=\])")
_KEYWORDS: Final = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN"})
_CLAUSES: Final = frozenset({"SET", "REMOVE", "ADD", "DELETE"})


class Placeholders:
    """The names and values of one request's expressions. `add_to` puts them in."""

    def __init__(self, names: str | None = None, values: str | None = None) -> None:
        """With those that a user gave as JSON objects. Raises CommandError."""
        self._names: dict[str, str] = _given_names(names)
        self._values: Item = {} if values is None else _given_values(values)
        self._by_name: dict[str, str] = {}

    def name(self, attribute: str) -> str:
        """The placeholder of an attribute name."""
        if attribute not in self._by_name:
            placeholder = _unused("#n", self._names)
            self._names[placeholder] = attribute
            self._by_name[attribute] = placeholder
        return self._by_name[attribute]

    def value(self, value: dict[str, Any]) -> str:
        """A placeholder of an attribute value."""
        placeholder = _unused(":v", self._values)
        self._values[placeholder] = value
        return placeholder

    def rewrite(self, expression: str, *, update: bool = False) -> str:
        """The expression with placeholders only. Raises CommandError for what is no expression.

        Its grammar is the server's to check. The words of clauses are those of an `update` alone.
        """
        return _Rewriting(self, expression, _KEYWORDS | _CLAUSES if update else _KEYWORDS).run()

    def add_to(self, request: dict[str, Any]) -> None:
        """Put the names and the values into a request, if there are any."""
        if self._names:
            request["ExpressionAttributeNames"] = self._names
        if self._values:
            request["ExpressionAttributeValues"] = self._values


class _Rewriting:
    """One expression's way from what was written to what is sent."""

    def __init__(self, placeholders: Placeholders, text: str, keywords: frozenset[str]) -> None:
        self._placeholders = placeholders
        self._text = text
        self._keywords = keywords
        self._at = 0
        self._parts: list[str] = []
        # Where a value can stand: after a sign or a keyword, not after another value or a name.
        self._value_may_come = True
        # Where a value follows a name, so that a sign between them is the value's.
        self._adding = False

    def run(self) -> str:
        while self._text[self._at :].strip():
            self._step()
        return _PATH_SPACE.sub(r"\1", " ".join(self._parts))

    def _step(self) -> None:
        rest = self._text[self._at :].lstrip()
        # A set follows the name of what it is added to; the others would be parts of a path there.
        if rest.startswith("<<") or (self._value_may_come and rest[0] in "[{"):
            self._collection(len(self._text) - len(rest))
            return
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise CommandError(f"{self._text}: what is {rest[:20]}?", Status.USAGE)
        self._at = found.end()
        kind = str(found.lastgroup)
        self._take(kind, found[kind])

    def _collection(self, start: int) -> None:
        try:
            value, self._at = read_literal(self._text, start)
        except ValueError as error:
            raise CommandError(f"{self._text}: {error}", Status.USAGE) from None
        self._literal(value)

    def _take(self, kind: str, text: str) -> None:
        match kind:
            case "text":
                self._literal({"S": text[1:-1].replace("''", "'")})
            case "quoted":
                self._put(self._placeholders.name(text[1:-1].replace('""', '"')))
            case "number":
                self._number(text)
            case "word":
                self._word(text)
            case "sign":
                self._put(text, value_may_come=text not in ")]")
            case _:
                self._put(text)

    def _number(self, text: str) -> None:
        if not self._value_may_come and not self._adding and text[0] in "-+":
            self._put(text[0], value_may_come=True)
            text = text[1:]
        # The number of a list's element is a part of the path.
        if self._parts and self._parts[-1] == "[":
            self._put(text)
        else:
            self._literal({"N": text})

    def _word(self, text: str) -> None:
        if text.upper() in self._keywords and not self._follows("."):
            self._put(text, value_may_come=True)
            if text.upper() in _CLAUSES:
                self._adding = text.upper() == "ADD"
        elif self._text[self._at :].lstrip().startswith("(") and not self._follows("."):
            self._put(text)
        elif text.lower() in CONSTANTS and self._value_may_come and not self._in_path():
            self._literal(CONSTANTS[text.lower()])
        else:
            self._put(self._placeholders.name(text))

    def _literal(self, value: dict[str, Any]) -> None:
        self._put(self._placeholders.value(value))

    def _in_path(self) -> bool:
        return self._follows(".") or self._text[self._at :].lstrip().startswith((".", "["))

    def _follows(self, sign: str) -> bool:
        return bool(self._parts) and self._parts[-1] == sign

    def _put(self, part: str, *, value_may_come: bool = False) -> None:
        self._parts.append(part)
        self._value_may_come = value_may_come


def _given_values(text: str) -> Item:
    document = read_json(text, "--values")
    if not isinstance(document, dict):
        raise CommandError("--values must be a JSON object", Status.USAGE)
    return {name: value_of(value, name) for name, value in document.items()}


def _given_names(text: str | None) -> dict[str, str]:
    if text is None:
        return {}
    names = read_json(text, "--names")
    if not isinstance(names, dict) or not all(type(each) is str for each in names.values()):
        raise CommandError("--names must be a JSON object of texts", Status.USAGE)
    return names


def _unused(prefix: str, taken: Mapping[str, Any]) -> str:
    number = len(taken)
    while f"{prefix}{number}" in taken:
        number += 1
    return f"{prefix}{number}"
