"""The tokens of a statement, and where its parser stands among them."""

from __future__ import annotations

from typing import Final

from genset.expressions.partiql.errors import malformed
from genset.expressions.partiql.lexer import Token, TokenKind

_BRACKETS: Final = {
    ")": "RIGHT_PAREN",
    "]": "RIGHT_BRACKET",
    "}": "RIGHT_CURLY",
    ">>": "RIGHT_DOUBLE_ANGLE_BRACKET",
    ":": "COLON",
}


class TokenCursor:
    """Looks at the tokens of a statement, one after the other. The last one is END."""

    def __init__(self, tokens: list[Token]) -> None:
        # One semicolon may end the statement.
        if len(tokens) > 2 and tokens[-2].text == ";" and is_punctuation(tokens[-2]):
            del tokens[-2]
        self._tokens = tokens
        self._at = 0
        self.token = tokens[0]

    def next(self) -> Token:
        """The token that stands here; go on to the one after it."""
        token = self.token
        self._at += 1
        self.token = self._tokens[min(self._at, len(self._tokens) - 1)]
        return token

    def peek(self) -> Token:
        """The token after this one."""
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def is_word(self, word: str) -> bool:
        """Whether a keyword stands here."""
        return self.token.kind is TokenKind.KEYWORD and self.token.text == word

    def accept_word(self, word: str) -> bool:
        """Whether a keyword stood here: it is passed."""
        if not self.is_word(word):
            return False
        self.next()
        return True

    def expect_word(self, word: str) -> None:
        """Pass a keyword; raises ValidationException if it is not here."""
        if not self.accept_word(word):
            raise malformed(f"Expected {word.upper()}")

    def is_mark(self, mark: str) -> bool:
        """Whether a punctuation mark stands here."""
        return is_punctuation(self.token) and self.token.text == mark

    def accept_mark(self, mark: str) -> bool:
        """Whether a punctuation mark stood here: it is passed."""
        if not self.is_mark(mark):
            return False
        self.next()
        return True

    def expect_mark(self, mark: str) -> None:
        """Pass a punctuation mark; raises ValidationException if it is not here."""
        if not self.accept_mark(mark):
            raise malformed(f"Expected {_BRACKETS[mark]}")

    def is_operator(self, operator: str) -> bool:
        """Whether an operator stands here."""
        return self.token.kind is TokenKind.OPERATOR and self.token.text == operator

    @property
    def is_name(self) -> bool:
        """Whether a name, quoted or not, stands here."""
        return self.token.kind in (TokenKind.NAME, TokenKind.QUOTED_NAME)


def is_punctuation(token: Token) -> bool:
    """Whether a token is a bracket, comma or the like, and not a string of that text."""
    return token.kind is TokenKind.PUNCTUATION
