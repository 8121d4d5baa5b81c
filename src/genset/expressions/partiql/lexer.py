"""Statement text to tokens.

A token knows its place, line and column from 1 and its length with its quotes, since the
service's errors print it. What is no token makes the whole statement malformed, with no detail.

Sources: developer guide, "PartiQL - a SQL-compatible query language for Amazon DynamoDB"; the
PartiQL specification for comments and quoting; reserved words as found by trying each.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple

from genset.model.errors import ValidationException


class TokenKind(Enum):
    """What a token is."""

    NAME = "name"
    QUOTED_NAME = "quoted name"
    KEYWORD = "keyword"
    STRING = "string"
    NUMBER = "number"
    ION = "ion"
    OPERATOR = "operator"
    PUNCTUATION = "punctuation"
    PARAMETER = "parameter"
    END = "end"


class Token(NamedTuple):
    """One token. `text` is a keyword in lower case, or a name or string without its quotes.

    `number` counts the parameters before it.
    """

    kind: TokenKind
    text: str
    line: int
    column: int
    length: int
    number: int = 0


_WORDS: Final = """
absolute action add all allocate alter and any are as asc assertion at authorization avg bag begin
between bit bit_length blob bool boolean by cascade cascaded case cast catalog char character
character_length char_length check clob close coalesce collate collation column commit conflict
connect connection constraint constraints continue convert corresponding count create cross current
current_date current_time current_timestamp current_user cursor date date_add date_diff deallocate
dec decimal declare default deferrable deferred delete desc describe descriptor diagnostics
disconnect distinct do domain double drop else end escape except exception exec execute exists
external extract false fetch first float for foreign found from full get global go goto grant group
having identity immediate in index indicator initially inner input insensitive insert int int2 int4
int8 integer intersect interval into is isolation join key language last left let level like limit
list local lower match max min missing modified module names national natural nchar new next no not
nothing null nullif numeric octet_length of old on only open option or order outer output overlaps
pad partial pivot position precision prepare preserve primary prior privileges procedure public read
real references relative remove restrict returning revoke right rollback rows schema scroll section
select session session_user set sexp size smallint some space sql sqlcode sqlerror sqlstate string
struct substring sum symbol system_user table temporary then time timestamp to transaction translate
translation trim true tuple union unique unknown unpivot update upper usage user using value values
varchar varying view when whenever where with work write zone
"""
KEYWORDS: Final = frozenset(_WORDS.split())

_TOKEN: Final = re.compile(
    r"""[ \t\r\n\f]+
    | --[^\n]*
    | /\*.*?\*/
    | (?P<name>[A-Za-z_$][A-Za-z0-9_$]*)
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<string>'(?:[^']|'')*')
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_$.]))
    | (?P<ion>`[^`]*`)
    | (?P<operator><>|!=|<=|>=|\|\||<(?!<)|>(?!>)|[=+\-*%@]|/(?!\*))
    | (?P<punctuation><<|>>|[()\[\]{},.:;])
    | (?P<parameter>\?)
    """,
    re.VERBOSE | re.DOTALL,
)


def tokenize(text: str) -> list[Token]:
    """The tokens of `text`, ended by one END token.

    Raises ValidationException if some character begins none: an unknown one, a quote or comment
    that never ends, a number that runs into a word.
    """
    tokens: list[Token] = []
    at, line, line_start, parameters = 0, 1, 0, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            # No detail follows the colon: observed for quotes, comments and characters alike.
            raise ValidationException("Statement wasn't well formed, can't be processed: ")
        group, found = match.lastgroup, match[0]
        if group is not None:
            kind, value = _KINDS[group](found)
            column = at - line_start + 1
            tokens.append(Token(kind, value, line, column, len(found), parameters))
            parameters += kind is TokenKind.PARAMETER
        if (breaks := found.count("\n")) > 0:
            line += breaks
            line_start = at + found.rindex("\n") + 1
        at = match.end()
    tokens.append(Token(TokenKind.END, "", line, at - line_start + 1, 0, parameters))
    return tokens


def _name(found: str) -> tuple[TokenKind, str]:
    lower = found.lower()
    return (TokenKind.KEYWORD, lower) if lower in KEYWORDS else (TokenKind.NAME, found)


_KINDS: Final[dict[str, Callable[[str], tuple[TokenKind, str]]]] = {
    "name": _name,
    "quoted": lambda found: (TokenKind.QUOTED_NAME, found[1:-1].replace('""', '"')),
    "string": lambda found: (TokenKind.STRING, found[1:-1].replace("''", "'")),
    "number": lambda found: (TokenKind.NUMBER, found),
    "ion": lambda found: (TokenKind.ION, found[1:-1]),
    "operator": lambda found: (TokenKind.OPERATOR, "<>" if found == "!=" else found),
    "punctuation": lambda found: (TokenKind.PUNCTUATION, found),
    "parameter": lambda found: (TokenKind.PARAMETER, found),
}
