"""Tokens to syntax.

Expressions are read by operator precedence, with one level of recursion for each level of
parentheses, literals and NOT, which `DEPTH_MAX` bounds; chains of operators need none. As the
service does it, a statement is itself an expression: what DynamoDB cannot run is found later.

Sources: the PartiQL specification and its published grammar for what belongs together; details
of errors as observed on the service, October 2026, and as PartiQL's own parser words them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NoReturn

from genset.expressions.partiql.errors import malformed, misplaced
from genset.expressions.partiql.lexer import Token, TokenKind
from genset.expressions.partiql.syntax import (
    Change,
    InsertSyntax,
    Kind,
    Ordering,
    Returning,
    SelectSyntax,
    Source,
    Syntax,
    UpdateSyntax,
)
from genset.model.errors import ValidationException

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
_BRACKETS: Final = {
    ")": "RIGHT_PAREN",
    "]": "RIGHT_BRACKET",
    "}": "RIGHT_CURLY",
    ">>": "RIGHT_DOUBLE_ANGLE_BRACKET",
    ":": "COLON",
    "by": "BY",
}
_CREATED: Final = {"create": "Create", "drop": "Drop"}


def parse_tokens(tokens: Sequence[Token]) -> Syntax:
    """What the text of `tokens` says, as one expression: a statement is of the kind STATEMENT.

    Raises ValidationException for text that is malformed.
    """
    return _Parser(list(tokens)).whole()


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        # One semicolon may end the statement.
        if len(tokens) > 2 and tokens[-2].text == ";" and _is_punctuation(tokens[-2]):
            del tokens[-2]
        self._tokens = tokens
        self._at = 0
        self._token = tokens[0]
        self._depth = 0

    # Tokens

    def _next(self) -> Token:
        token = self._token
        self._at += 1
        self._token = self._tokens[min(self._at, len(self._tokens) - 1)]
        return token

    def _peek(self) -> Token:
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def _is_word(self, word: str) -> bool:
        return self._token.kind is TokenKind.KEYWORD and self._token.text == word

    def _accept_word(self, word: str) -> bool:
        if not self._is_word(word):
            return False
        self._next()
        return True

    def _is_mark(self, mark: str) -> bool:
        return _is_punctuation(self._token) and self._token.text == mark

    def _accept_mark(self, mark: str) -> bool:
        if not self._is_mark(mark):
            return False
        self._next()
        return True

    def _expect_mark(self, mark: str) -> None:
        if not self._accept_mark(mark):
            raise malformed(f"Expected {_BRACKETS[mark]}")

    def _is_operator(self, operator: str) -> bool:
        return self._token.kind is TokenKind.OPERATOR and self._token.text == operator

    @property
    def _is_name(self) -> bool:
        return self._token.kind in (TokenKind.NAME, TokenKind.QUOTED_NAME)

    # Statements

    def whole(self) -> Syntax:
        """Read everything there is."""
        if self._token.kind is TokenKind.KEYWORD and self._token.text in _CREATED:
            self._refuse_definition()
        read = self._expression(0)
        if self._token.kind is not TokenKind.END:
            raise malformed("Unexpected token after expression")
        return read

    def _refuse_definition(self) -> NoReturn:
        """CREATE and DROP are PartiQL, and nothing that DynamoDB has."""
        verb = _CREATED[self._next().text]
        what = self._next().text
        if what not in ("table", "index"):
            raise malformed(f"Unexpected token following {verb.upper()}")
        raise ValidationException(f"Unsupported operation: {verb}{what.capitalize()}")

    def _statement(
        self, statement: SelectSyntax | UpdateSyntax | InsertSyntax, at: Token
    ) -> Syntax:
        return Syntax(kind=Kind.STATEMENT, token=at, statement=statement)

    def _select(self) -> Syntax:
        token = self._next()
        distinct = self._accept_word("distinct")
        if not distinct:
            self._accept_word("all")
        whole_value = self._accept_word("value")
        columns, aliased = self._columns()
        if not self._accept_word("from"):
            raise malformed("Expected FROM after SELECT list")
        sources = self._sources()
        where = self._where()
        clauses: list[tuple[str, Token | None]] = []
        if self._accept_word("group"):
            self._expect_word("by")
            self._list_of_expressions()
            clauses.append(("GROUP BY", None))
        self._unsupported_clause("having", clauses)
        order = self._order()
        self._unsupported_clause("limit", clauses)
        select = SelectSyntax(
            token=token,
            columns=columns,
            aliased=aliased,
            distinct=distinct,
            whole_value=whole_value,
            sources=sources,
            where=where,
            order=order,
            clauses=tuple(clauses),
        )
        return self._statement(select, token)

    def _expect_word(self, word: str) -> None:
        if not self._accept_word(word):
            raise malformed(f"Expected {word.upper()}")

    def _unsupported_clause(self, word: str, clauses: list[tuple[str, Token | None]]) -> None:
        if self._accept_word(word):
            clauses.append((word.upper(), self._expression(0).token))

    def _columns(self) -> tuple[tuple[Syntax, ...] | None, bool]:
        """The select list, None for `*`, and whether one of it is given another name."""
        columns: list[Syntax] = []
        stars, aliased = 0, False
        while True:
            if self._is_operator("*"):
                self._next()
                stars += 1
            else:
                columns.append(self._expression(0))
                aliased |= self._alias()
            if not self._accept_mark(","):
                break
        if stars and stars + len(columns) > 1:
            raise malformed(
                "Other expressions may not be present in the select list when '*' is used without "
                "dot notation."
            )
        return (None if stars else tuple(columns)), aliased

    def _alias(self, *, as_word: bool = True) -> bool:
        """Skip another name for what was just read; returns whether there was one."""
        found = False
        if as_word and self._accept_word("as"):
            found = True
            self._identifier("Expected identifier for alias")
        elif as_word and self._is_name:
            found = True
            self._next()
        return found

    def _identifier(self, otherwise: str) -> Token:
        if not self._is_name:
            raise malformed(otherwise)
        return self._next()

    def _source_aliases(self) -> bool:
        aliased = self._alias()
        for word in ("at", "by"):
            if self._accept_word(word):
                aliased = True
                self._identifier("Expected identifier for alias")
        return aliased

    def _sources(self) -> tuple[Source, ...]:
        sources = []
        while True:
            path = self._expression(0)
            sources.append(Source(path=path, aliased=self._source_aliases()))
            if not self._accept_mark(","):
                return tuple(sources)

    def _where(self) -> Syntax | None:
        return self._expression(0) if self._accept_word("where") else None

    def _order(self) -> tuple[Ordering, ...]:
        if not self._accept_word("order"):
            return ()
        self._expect_word("by")
        orderings = []
        while True:
            expression = self._expression(0)
            descending = self._accept_word("desc")
            if not descending:
                self._accept_word("asc")
            orderings.append(Ordering(expression=expression, descending=descending))
            if not self._accept_mark(","):
                return tuple(orderings)

    def _insert(self) -> Syntax:
        token = self._next()
        if not self._accept_word("into"):
            raise malformed("Unexpected keyword")
        path = self._simple_path()
        single = self._accept_word("value")
        value = self._expression(0)
        insert = InsertSyntax(path=path, value=value, single=single, returning=self._returning())
        return self._statement(insert, token)

    def _update(self) -> Syntax:
        token = self._next()
        source = self._target()
        changes = self._changes()
        where = self._where()
        update = UpdateSyntax(
            source=source, changes=changes, where=where, returning=self._returning()
        )
        return self._statement(update, token)

    def _delete(self) -> Syntax:
        token = self._next()
        if not self._accept_word("from"):
            raise malformed("Expected FROM after DELETE")
        source = self._target()
        where = self._where()
        delete = UpdateSyntax(source=source, changes=None, where=where, returning=self._returning())
        return self._statement(delete, token)

    def _from_first(self) -> Syntax:
        """`FROM table WHERE ... SET ...`, another way to write an UPDATE."""
        token = self._next()
        (source, *more) = self._sources()
        if more:
            raise _several_sources()
        where = self._where()
        if self._is_word("insert"):
            raise misplaced("Unsupported FROM ... WHERE ... clause in INSERT statement.", token)
        changes = self._changes()
        update = UpdateSyntax(
            source=source, changes=changes, where=where, returning=self._returning()
        )
        return self._statement(update, token)

    def _target(self) -> Source:
        path = self._simple_path()
        return Source(path=path, aliased=self._source_aliases())

    def _changes(self) -> tuple[Change, ...]:
        changes: list[Change] = []
        while True:
            if self._accept_word("set"):
                changes.append(self._assignment())
                while self._accept_mark(","):
                    changes.append(self._assignment())
            elif self._accept_word("remove"):
                changes.append(Change(path=self._simple_path(), value=None))
            elif changes:
                return tuple(changes)
            else:
                raise malformed("Expected data manipulation")

    def _assignment(self) -> Change:
        path = self._simple_path()
        if not self._is_operator("="):
            raise malformed("Expected '='")
        self._next()
        return Change(path=path, value=self._expression(0))

    def _returning(self) -> Returning | None:
        if not self._accept_word("returning"):
            return None
        words = []
        for choices in (("all", "modified"), ("old", "new")):
            if self._token.kind is not TokenKind.KEYWORD or self._token.text not in choices:
                raise malformed(
                    "Expected ( MODIFIED | ALL ) ( NEW | OLD ) in each returning element."
                )
            words.append(self._next().text.upper())
        star = self._is_operator("*")
        if star:
            self._next()
        else:
            self._expression(0)
        more = self._is_mark(",")
        if more:
            # Several elements are refused whatever they are.
            while self._token.kind is not TokenKind.END:
                self._next()
        return Returning(which=words[0], when=words[1], star=star, more=more)

    # Paths

    def _simple_path(self) -> Syntax:
        """A path of names and literal indexes only, as DML takes it."""
        if not self._is_name:
            raise malformed("Expected identifier for simple path")
        return self._path(self._name(), simple=True)

    def _name(self) -> Syntax:
        token = self._next()
        return Syntax(kind=Kind.NAME, token=token, text=token.text)

    def _path(self, root: Syntax, *, simple: bool = False) -> Syntax:
        steps: list[Syntax] = []
        while True:
            if self._accept_mark("."):
                steps.append(self._dot_step(simple=simple))
            elif self._accept_mark("["):
                steps.append(self._bracket_step(simple=simple))
            else:
                break
        if not steps:
            return root
        return Syntax(kind=Kind.PATH, token=root.token, text=root.text, parts=(root, *steps))

    def _dot_step(self, *, simple: bool) -> Syntax:
        if self._is_name:
            return self._name()
        if self._is_operator("*"):
            if simple:
                raise malformed("Invalid path dot component for simple path")
            return Syntax(kind=Kind.STAR, token=self._next())
        raise malformed("Invalid path dot component")

    def _bracket_step(self, *, simple: bool) -> Syntax:
        if self._is_operator("*") and not simple:
            raise malformed("Invalid use of * in select list")
        step = self._expression(0)
        self._expect_mark("]")
        if simple and step.kind not in (Kind.NUMBER, Kind.STRING):
            raise malformed("Invalid path component for simple path")
        return step

    # Expressions

    def _expression(self, precedence: int) -> Syntax:
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
        token = self._token
        if token.kind is TokenKind.KEYWORD and token.text == "not":
            word = self._peek()
            negatable = word.kind is TokenKind.KEYWORD and word.text in _NEGATABLE
            return word.text if negatable else ""
        if token.kind in (TokenKind.OPERATOR, TokenKind.KEYWORD) and token.text in _PRECEDENCES:
            return token.text
        return ""

    def _operation(self, left: Syntax, operator: str) -> Syntax:
        negated = self._accept_word("not")
        token = self._next()
        match operator:
            case "is":
                negated = self._accept_word("not")
                read = Syntax(kind=Kind.IS, token=token, text=self._type(), parts=(left,))
            case "in":
                read = Syntax(kind=Kind.IN, token=token, parts=(left, self._candidates()))
            case "between":
                lower = self._right(operator)
                if not self._accept_word("and"):
                    raise malformed("Expected AND")
                if self._token.kind is TokenKind.END:
                    raise malformed("Expected expression after AND")
                upper = self._expression(_PRECEDENCES[operator])
                read = Syntax(kind=Kind.BETWEEN, token=token, parts=(left, lower, upper))
            case _:
                parts = (left, self._right(operator))
                read = Syntax(kind=Kind.OPERATION, token=token, text=operator, parts=parts)
        if negated:
            return Syntax(kind=Kind.OPERATION, token=token, text="not", parts=(read,))
        return read

    def _right(self, operator: str) -> Syntax:
        if self._token.kind is TokenKind.END:
            raise malformed("Missing right-hand side expression of infix operator")
        return self._expression(_PRECEDENCES[operator])

    def _type(self) -> str:
        token = self._token
        if token.kind is not TokenKind.KEYWORD or token.text not in _TYPES:
            raise malformed("Expected type name")
        self._next()
        name = _TYPES[token.text]
        second = _SECOND_WORDS.get(token.text)
        if second and self._accept_word(second) and second == "varying":
            name = "CHARACTER_VARYING"
        if self._accept_mark("("):
            self._list_of_expressions()
            self._expect_mark(")")
        return name

    def _candidates(self) -> Syntax:
        """The right side of IN: one value in parentheses is a list there."""
        if self._is_mark("(") and not (
            self._peek().kind is TokenKind.KEYWORD and self._peek().text == "select"
        ):
            token = self._next()
            elements = self._list_of_expressions()
            self._expect_mark(")")
            return Syntax(kind=Kind.LIST, token=token, parts=elements)
        return self._right("in")

    def _list_of_expressions(self) -> tuple[Syntax, ...]:
        elements = [self._expression(0)]
        while self._accept_mark(","):
            elements.append(self._expression(0))
        return tuple(elements)

    def _prefix(self) -> Syntax:
        if self._is_word("not"):
            token = self._next()
            operand = self._expression(_NOT)
            return Syntax(kind=Kind.OPERATION, token=token, text="not", parts=(operand,))
        # Signs before a number belong to it.
        signs: list[Token] = []
        while self._is_operator("-") or self._is_operator("+"):
            signs.append(self._next())
        term = self._path_term()
        for sign in reversed(signs):
            term = _signed(sign, term)
        return term

    def _path_term(self) -> Syntax:
        return self._path(self._term())

    def _term(self) -> Syntax:
        token = self._token
        literal = _LITERALS.get(token.kind)
        if literal is not None:
            self._next()
            return Syntax(kind=literal, token=token, text=token.text)
        if self._is_name:
            if self._opens_call():
                return self._call()
            return self._name()
        if token.kind is TokenKind.KEYWORD:
            return self._word()
        if token.kind is TokenKind.OPERATOR:
            if token.text != "@":
                raise malformed("Unexpected operator")
            self._next()
            if not self._is_name:
                raise malformed("Identifier must follow @-operator")
            return self._name()
        return self._bracketed()

    def _opens_call(self) -> bool:
        return self._peek().text == "(" and _is_punctuation(self._peek())

    def _word(self) -> Syntax:
        token = self._token
        word = token.text
        if word in _LITERAL_WORDS:
            self._next()
            return Syntax(kind=_LITERAL_WORDS[word], token=token, text=word)
        match word:
            case "select":
                return self._select()
            case "insert":
                return self._insert()
            case "update":
                return self._update()
            case "delete":
                return self._delete()
            case "from":
                return self._from_first()
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
        token = self._next()
        self._next()
        arguments: tuple[Syntax, ...] = ()
        if self._is_operator("*") and token.text.lower() == "count":
            self._next()
        elif not self._is_mark(")"):
            self._accept_word("distinct")
            arguments = self._list_of_expressions()
        self._expect_mark(")")
        return Syntax(kind=Kind.CALL, token=token, text=token.text.lower(), parts=arguments)

    def _bracketed(self) -> Syntax:
        token = self._next()
        opened = token.text if _is_punctuation(token) else ""
        match opened:
            case "(":
                if self._is_mark(")"):
                    raise malformed("Expression group cannot be empty")
                elements = self._list_of_expressions()
                self._expect_mark(")")
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
        elements = () if self._is_mark(closing) else self._list_of_expressions()
        self._expect_mark(closing)
        return Syntax(kind=kind, token=token, parts=elements)

    def _struct(self, token: Token) -> Syntax:
        members: list[Syntax] = []
        while not (self._is_mark("}") and not members):
            members.append(self._expression(0))
            self._expect_mark(":")
            members.append(self._expression(0))
            if not self._accept_mark(","):
                break
        self._expect_mark("}")
        return Syntax(kind=Kind.STRUCT, token=token, parts=tuple(members))


def _is_punctuation(token: Token) -> bool:
    return token.kind is TokenKind.PUNCTUATION


def _several_sources() -> ValidationException:
    return ValidationException("Only select from a single table or index is supported.")


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
