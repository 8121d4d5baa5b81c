"""Expression text to tokens. One lexer serves all five kinds of expression.

Never fails: what is no token becomes a BAD token of one character, and the parser says so with
its position. Knows nothing of grammar.

Sources: developer guide, "Expressions" (names begin with a letter); a leading underscore is
refused as a token of its own, as the service does.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, NamedTuple


class TokenKind(Enum):
    """What a token is; keywords and symbols are told apart by `Token.symbol`."""

    SYMBOL = "symbol"  # an operator, a bracket, a comma, or a keyword
    NAME = "name"  # a bare attribute or function name
    NAME_PLACEHOLDER = "name placeholder"  # #name
    VALUE_PLACEHOLDER = "value placeholder"  # :value
    INDEX = "index"  # digits, as in list[0]
    BAD = "bad"  # a character that begins no token
    END = "end"


class Token(NamedTuple):
    """One token and where it stands. `symbol` is the canonical spelling of a SYMBOL, else ""."""

    kind: TokenKind
    text: str
    start: int
    end: int
    symbol: str


KEYWORDS: Final = frozenset(("AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"))
END_TEXT: Final = "<EOF>"

_TOKEN: Final = re.compile(
    r"""[ \t\r\n]*(?:
      ([A-Za-z][A-Za-z0-9_]*)
    | (\#[A-Za-z0-9_]+)
    | (:[A-Za-z0-9_]+)
    | (0|[1-9][0-9]*)
    | (<>|<=|>=|[=<>()\[\],.+-])
    | ([^ \t\r\n])
    )""",
    re.VERBOSE,
)
_KINDS: Final = (
    TokenKind.END,
    TokenKind.NAME,
    TokenKind.NAME_PLACEHOLDER,
    TokenKind.VALUE_PLACEHOLDER,
    TokenKind.INDEX,
    TokenKind.SYMBOL,
    TokenKind.BAD,
)


def tokenize(text: str) -> list[Token]:
    """The tokens of `text`, ended by one END token. Accepts any text."""
    tokens = [_token(match) for match in _TOKEN.finditer(text)]
    tokens.append(Token(TokenKind.END, END_TEXT, len(text), len(text), ""))
    return tokens


def _token(match: re.Match[str]) -> Token:
    group = match.lastindex or 0
    text = match[group]
    kind = _KINDS[group]
    symbol = ""
    if kind is TokenKind.SYMBOL:
        symbol = text
    elif kind is TokenKind.NAME and text.upper() in KEYWORDS:
        kind, symbol = TokenKind.SYMBOL, text.upper()
    return Token(kind, text, match.start(group), match.end(group), symbol)
