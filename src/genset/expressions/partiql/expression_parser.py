"""Tokens to the syntax of expressions.

They are read by operator precedence, with one level of recursion for each level of parentheses,
literals and NOT, which `DEPTH_MAX` bounds; chains of operators need none.

Sources: the PartiQL specification and its published grammar for what belongs together; details
of errors as observed on the service, October 2026, and as PartiQL's own parser words them.
"""

from __future__ import annotations

from typing import Final

from genset.expressions.partiql.cursor import TokenCursor, is_punctuation
from genset.expressions.partiql.errors import malformed, misplaced
from genset.expressions.partiql.lexer import Token, TokenKind
from genset.expressions.partiql.syntax import Kind, Syntax

# A statement of 8,192 characters could nest 8,000 deep. Values may nest 32 levels, and nobody
# writes 100 levels of parentheses: what does is answered as malformed.
DEPTH_MAX: Final = 100

_OR: Final = 10
_AND: Final = 20
_NOT: Final = 30
_PRECEDENCES: Final = {
    "or": _OR,
    "and": _AND,
    **dict.fromkeys(("=", "<>", "is", "in"), 40),
    **dict.fromkeys(("<", "<=", ">", ">=", "between", "like"), 50),
    **dict.fromkeys(("+", "-", "||"), 60),
    **dict.fromkeys(("*", "/", "%"), 70),
}
_NEGATABLE: Final = frozenset(("in", "between", "like"))
_LITERALS: Final = {
    TokenKind.STRING: Kind.STRING,
    TokenKind.NUMBER: Kind.NUMBER,
    TokenKind.ION: Kind.ION,
    TokenKind.PARAMETER: Kind.PARAMETER,
}
_LITERAL_WORDS: Final = {
    "true": Kind.BOOLEAN,
    "false": Kind.BOOLEAN,
    "null": Kind.NULL,
    "missing": Kind.MISSING,
}
# Keywords that are functions where a parenthesis follows.
_FUNCTION_WORDS: Final = frozenset(
    (
        *("exists", "size", "count", "sum", "avg", "min", "max", "upper", "lower", "position"),
        *("char_length", "character_length", "octet_length", "bit_length", "coalesce", "nullif"),
        *("date_add", "date_diff"),
    )
)
# Expressions that PartiQL has and DynamoDB has not, refused where they begin.
_UNSUPPORTED_WORDS: Final = frozenset(
    ["case", "cast", "substring", "trim", "extract", "pivot", "values"]
)
_TYPES: Final = {
    "bool": "BOOLEAN",
    "boolean": "BOOLEAN",
    "smallint": "SMALLINT",
    "int2": "SMALLINT",
    "int4": "INTEGER4",
    "int8": "INTEGER8",
    "int": "INTEGER",
    "integer": "INTEGER",
    "float": "FLOAT",
    "real": "REAL",
    "double": "DOUBLE_PRECISION",
    "dec": "DECIMAL",
    "decimal": "DECIMAL",
    "numeric": "NUMERIC",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "char": "CHARACTER",
    "character": "CHARACTER",
    "varchar": "CHARACTER_VARYING",
    "string": "STRING",
    "symbol": "SYMBOL",
    "clob": "CLOB",
    "blob": "BLOB",
    "struct": "STRUCT",
    "tuple": "TUPLE",
    "list": "LIST",
    "sexp": "SEXP",
    "bag": "BAG",
    "null": "NULL",
    "missing": "MISSING",
}
_SECOND_WORDS: Final = {"double": "precision", "character": "varying"}


class ExpressionParser(TokenCursor):
    """Reads expressions. What begins a statement is for `maybe_statement` to read."""

    def __init__(self, tokens: list[Token]) -> None:
        super().__init__(tokens)
        self._depth = 0

    def maybe_statement(self) -> Syntax | None:
        """The statement that begins here, None if none does: it may stand in an expression."""
        return None

    # Paths

    def simple_path(self) -> Syntax:
        """A path of names and literal indexes only, as DML takes it."""
        if not self.is_name:
            raise malformed("Expected identifier for simple path")
        return self._path(self._name(), simple=True)

    def _name(self) -> Syntax:
        token = self.next()
        return Syntax(kind=Kind.NAME, token=token, text=token.text)

    def _path(self, root: Syntax, *, simple: bool = False) -> Syntax:
        steps: list[Syntax] = []
        while True:
            if self.accept_mark("."):
                steps.append(self._dot_step(simple=simple))
            elif self.accept_mark("["):
                steps.append(self._bracket_step(simple=simple))
            else:
                break
        if not steps:
            return root
        return Syntax(kind=Kind.PATH, token=root.token, text=root.text, parts=(root, *steps))

    def _dot_step(self, *, simple: bool) -> Syntax:
        if self.is_name:
            return self._name()
        if self.is_operator("*"):
            if simple:
                raise malformed("Invalid path dot component for simple path")
            return Syntax(kind=Kind.STAR, token=self.next())
        raise malformed("Invalid path dot component")

    def _bracket_step(self, *, simple: bool) -> Syntax:
        if self.is_operator("*") and not simple:
            raise malformed("Invalid use of * in select list")
        step = self.expression(0)
        self.expect_mark("]")
        if simple and step.kind not in (Kind.NUMBER, Kind.STRING):
            raise malformed("Invalid path component for simple path")
        return step

    # Expressions

    def expression(self, precedence: int) -> Syntax:
        """One expression, up to an operator that does not bind more tightly than `precedence`."""
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise malformed()
        read = self._prefix()
        while (operator := self._infix()) and _PRECEDENCES[operator] > precedence:
            read = self._operation(read, operator)
        self._depth -= 1
        return read

    def _infix(self) -> str:
        """The operator that stands here, "" if none; NOT before it is looked through."""
        token = self.token
        if token.kind is TokenKind.KEYWORD and token.text == "not":
            word = self.peek()
            negatable = word.kind is TokenKind.KEYWORD and word.text in _NEGATABLE
            return word.text if negatable else ""
        if token.kind in (TokenKind.OPERATOR, TokenKind.KEYWORD) and token.text in _PRECEDENCES:
            return token.text
        return ""

    def _operation(self, left: Syntax, operator: str) -> Syntax:
        negated = self.accept_word("not")
        token = self.next()
        match operator:
            case "is":
                negated = self.accept_word("not")
                read = Syntax(kind=Kind.IS, token=token, text=self._type(), parts=(left,))
            case "in":
                read = Syntax(kind=Kind.IN, token=token, parts=(left, self._candidates()))
            case "between":
                lower = self._right(operator)
                if not self.accept_word("and"):
                    raise malformed("Expected AND")
                if self.token.kind is TokenKind.END:
                    raise malformed("Expected expression after AND")
                upper = self.expression(_PRECEDENCES[operator])
                read = Syntax(kind=Kind.BETWEEN, token=token, parts=(left, lower, upper))
            case _:
                parts = (left, self._right(operator))
                read = Syntax(kind=Kind.OPERATION, token=token, text=operator, parts=parts)
        if negated:
            return Syntax(kind=Kind.OPERATION, token=token, text="not", parts=(read,))
        return read

    def _right(self, operator: str) -> Syntax:
        if self.token.kind is TokenKind.END:
            raise malformed("Missing right-hand side expression of infix operator")
        return self.expression(_PRECEDENCES[operator])

    def _type(self) -> str:
        token = self.token
        if token.kind is not TokenKind.KEYWORD or token.text not in _TYPES:
            raise malformed("Expected type name")
        self.next()
        name = _TYPES[token.text]
        second = _SECOND_WORDS.get(token.text)
        if second and self.accept_word(second) and second == "varying":
            name = "CHARACTER_VARYING"
        if self.accept_mark("("):
            self.list_of_expressions()
            self.expect_mark(")")
        return name

    def _candidates(self) -> Syntax:
        """The right side of IN: one value in parentheses is a list there."""
        if self.is_mark("(") and not (
            self.peek().kind is TokenKind.KEYWORD and self.peek().text == "select"
        ):
            token = self.next()
            elements = self.list_of_expressions()
            self.expect_mark(")")
            return Syntax(kind=Kind.LIST, token=token, parts=elements)
        return self._right("in")

    def list_of_expressions(self) -> tuple[Syntax, ...]:
        """One or more expressions with commas between."""
        elements = [self.expression(0)]
        while self.accept_mark(","):
            elements.append(self.expression(0))
        return tuple(elements)

    def _prefix(self) -> Syntax:
        if self.is_word("not"):
            token = self.next()
            operand = self.expression(_NOT)
            return Syntax(kind=Kind.OPERATION, token=token, text="not", parts=(operand,))
        # Signs before a number belong to it.
        signs: list[Token] = []
        while self.is_operator("-") or self.is_operator("+"):
            signs.append(self.next())
        term = self._path_term()
        for sign in reversed(signs):
            term = _signed(sign, term)
        return term

    def _path_term(self) -> Syntax:
        return self._path(self._term())

    def _term(self) -> Syntax:
        token = self.token
        literal = _LITERALS.get(token.kind)
        if literal is not None:
            self.next()
            return Syntax(kind=literal, token=token, text=token.text)
        if self.is_name:
            if self._opens_call():
                return self._call()
            return self._name()
        if token.kind is TokenKind.KEYWORD:
            return self._word()
        if token.kind is TokenKind.OPERATOR:
            if token.text != "@":
                raise malformed("Unexpected operator")
            self.next()
            if not self.is_name:
                raise malformed("Identifier must follow @-operator")
            return self._name()
        return self._bracketed()

    def _opens_call(self) -> bool:
        return self.peek().text == "(" and is_punctuation(self.peek())

    def _word(self) -> Syntax:
        token = self.token
        word = token.text
        if word in _LITERAL_WORDS:
            self.next()
            return Syntax(kind=_LITERAL_WORDS[word], token=token, text=word)
        statement = self.maybe_statement()
        if statement is not None:
            return statement
        if word in _FUNCTION_WORDS and self._opens_call():
            return self._call()
        if word in _PRECEDENCES:
            raise malformed("Unexpected operator")
        if word == "values" and not self._opens_call():
            raise malformed("Expected LEFT_PAREN for row value constructor")
        if word in _UNSUPPORTED_WORDS:
            raise misplaced(f"Unsupported token in expression: {word.upper()}", token)
        raise malformed("Unexpected keyword")

    def _call(self) -> Syntax:
        token = self.next()
        self.next()
        arguments: tuple[Syntax, ...] = ()
        if self.is_operator("*") and token.text.lower() == "count":
            self.next()
        elif not self.is_mark(")"):
            self.accept_word("distinct")
            arguments = self.list_of_expressions()
        self.expect_mark(")")
        return Syntax(kind=Kind.CALL, token=token, text=token.text.lower(), parts=arguments)

    def _bracketed(self) -> Syntax:
        token = self.next()
        opened = token.text if is_punctuation(token) else ""
        match opened:
            case "(":
                if self.is_mark(")"):
                    raise malformed("Expression group cannot be empty")
                elements = self.list_of_expressions()
                self.expect_mark(")")
                if len(elements) > 1:
                    return Syntax(kind=Kind.LIST, token=token, parts=elements)
                return _in_parentheses(elements[0])
            case "[":
                return self._collection(token, Kind.LIST, "]")
            case "<<":
                return self._collection(token, Kind.BAG, ">>")
            case "{":
                return self._struct(token)
            case _:
                raise malformed("Unexpected term")

    def _collection(self, token: Token, kind: Kind, closing: str) -> Syntax:
        elements = () if self.is_mark(closing) else self.list_of_expressions()
        self.expect_mark(closing)
        return Syntax(kind=kind, token=token, parts=elements)

    def _struct(self, token: Token) -> Syntax:
        members: list[Syntax] = []
        while not (self.is_mark("}") and not members):
            members.append(self.expression(0))
            self.expect_mark(":")
            members.append(self.expression(0))
            if not self.accept_mark(","):
                break
        self.expect_mark("}")
        return Syntax(kind=Kind.STRUCT, token=token, parts=tuple(members))


def _in_parentheses(read: Syntax) -> Syntax:
    return Syntax(
        kind=read.kind,
        token=read.token,
        text=read.text,
        parts=read.parts,
        grouped=True,
        statement=read.statement,
    )


def _signed(sign: Token, term: Syntax) -> Syntax:
    if term.kind is not Kind.NUMBER:
        return Syntax(kind=Kind.OPERATION, token=sign, text=sign.text, parts=(term,))
    if sign.text == "+":
        return term
    text = term.text[1:] if term.text[0] == "-" else f"-{term.text}"
    return Syntax(kind=Kind.NUMBER, token=term.token, text=text)
