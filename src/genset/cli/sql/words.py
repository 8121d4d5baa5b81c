"""What the prompt knows of PartiQL: its words, their colours, and what may come next."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import Lexer

from genset.cli.sql.statements import TOKEN

# Developer guide, "PartiQL statements for DynamoDB" and "Use PartiQL functions".
KEYWORDS: Final = (
    "SELECT", "FROM", "WHERE", "ORDER BY", "ASC", "DESC", "INSERT INTO", "VALUE", "UPDATE", "SET",
    "REMOVE", "DELETE FROM", "RETURNING", "ALL OLD *", "ALL NEW *", "MODIFIED OLD *",
    "MODIFIED NEW *", "AND", "OR", "NOT", "IN", "BETWEEN", "IS", "MISSING", "NULL", "TRUE",
    "FALSE", "EXISTS", "BEGINS_WITH", "CONTAINS", "ATTRIBUTE_TYPE", "SIZE", "LIST_APPEND",
    "SET_ADD", "SET_DELETE",
)  # fmt: skip
_WORDS: Final = frozenset(word for phrase in KEYWORDS for word in phrase.split())
_STYLES: Final = {
    "text": "ansigreen",
    "ion": "ansigreen",
    "name": "ansicyan",
    "number": "ansimagenta",
    "comment": "ansibrightblack",
}
_BEFORE_TABLE: Final = re.compile(r"\b(FROM|INTO|UPDATE)\s+(\"?)([\w.-]*)$", re.IGNORECASE)
_BEFORE_INDEX: Final = re.compile(r'"([\w.-]+)"\.("?)([\w.-]*)$')
_BEGUN: Final = re.compile(r'("?)(\w*)$')
_DOT_COMMAND: Final = re.compile(r"\s*([.\\]\w*)$")
_ABOUT_TABLE: Final = re.compile(r"\s*(?:\.describe|\\d)\s+(\S*)$")


class Names(Protocol):
    """The names that can be completed."""

    def tables(self) -> Iterable[str]:
        """Those of the tables."""

    def indexes(self, table: str) -> Iterable[str]:
        """Those of a table's indexes."""

    def attributes(self, statement: str) -> Iterable[str]:
        """Those of attributes that a statement may be about."""

    def commands(self) -> Iterable[str]:
        """Those of the prompt's own commands."""


class StatementLexer(Lexer):
    """Colours of statements."""

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """See `Lexer`: a function that has the coloured parts of each line."""
        lines: list[StyleAndTextTuples] = [[]]
        for token in TOKEN.finditer(document.text):
            style = _style(str(token.lastgroup), token[0])
            first, *more = token[0].split("\n")
            lines[-1].append((style, first))
            lines.extend([(style, line)] for line in more)
        return lambda number: lines[number] if number < len(lines) else []


def _style(kind: str, text: str) -> str:
    if kind == "word" and text.upper() in _WORDS:
        return "ansiblue bold"
    return _STYLES.get(kind, "")


class StatementCompleter(Completer):
    """Completes keywords and the names that `Names` has."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def get_completions(self, document: Document, _: CompleteEvent) -> Iterator[Completion]:
        """See `Completer`."""
        text = document.text_before_cursor
        if found := _DOT_COMMAND.match(text):
            yield from _fitting(self._names.commands(), found[1])
        elif found := _ABOUT_TABLE.match(text):
            yield from _fitting(self._names.tables(), found[1])
        elif found := _BEFORE_INDEX.search(text):
            yield from _quoted(self._names.indexes(found[1]), found[2], found[3], always=True)
        elif found := _BEFORE_TABLE.search(text):
            yield from _quoted(self._names.tables(), found[2], found[3])
        elif found := _BEGUN.search(text):
            yield from _quoted(self._names.attributes(document.text), found[1], found[2])
            if found[2] and not found[1]:
                yield from _fitting(KEYWORDS, found[2])


def _fitting(names: Iterable[str], begun: str) -> Iterator[Completion]:
    for name in names:
        if name.lower().startswith(begun.lower()):
            yield Completion(name, start_position=-len(begun))


def _quoted(
    names: Iterable[str], quote: str, begun: str, *, always: bool = False
) -> Iterator[Completion]:
    """Completions in quotes, if there is one, or if a name needs them."""
    for name in names:
        if name.lower().startswith(begun.lower()) and (begun or quote or always):
            needed = quote or always or not name.isidentifier()
            shown = '"' + name.replace('"', '""') + '"' if needed else name
            yield Completion(shown, start_position=-len(quote + begun), display=name)
