"""Statements: tokens to syntax.

As the service does it, a statement is itself an expression: what DynamoDB cannot run is found
later. Sources as of `expression_parser`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NoReturn

from genset.expressions.partiql.errors import malformed, misplaced
from genset.expressions.partiql.expression_parser import ExpressionParser
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

_CREATED: Final = {"create": "Create", "drop": "Drop"}


def parse_tokens(tokens: Sequence[Token]) -> Syntax:
    """What the text of `tokens` says, as one expression: a statement is of the kind STATEMENT.

    Raises ValidationException for text that is malformed.
    """
    return _StatementParser(list(tokens)).whole()


class _StatementParser(ExpressionParser):
    """Reads statements, and whatever stands in them."""

    def whole(self) -> Syntax:
        """Read everything there is."""
        if self.token.kind is TokenKind.KEYWORD and self.token.text in _CREATED:
            self._refuse_definition()
        read = self.expression(0)
        if self.token.kind is not TokenKind.END:
            raise malformed("Unexpected token after expression")
        return read

    def _refuse_definition(self) -> NoReturn:
        """CREATE and DROP are PartiQL, and nothing that DynamoDB has."""
        verb = _CREATED[self.next().text]
        what = self.next().text
        if what not in ("table", "index"):
            raise malformed(f"Unexpected token following {verb.upper()}")
        raise ValidationException(f"Unsupported operation: {verb}{what.capitalize()}")

    def maybe_statement(self) -> Syntax | None:
        """The statement that begins here; None if none does."""
        if self.token.kind is TokenKind.KEYWORD:
            match self.token.text:
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
        return None

    def _statement(
        self, statement: SelectSyntax | UpdateSyntax | InsertSyntax, at: Token
    ) -> Syntax:
        return Syntax(kind=Kind.STATEMENT, token=at, statement=statement)

    def _select(self) -> Syntax:
        token = self.next()
        distinct = self.accept_word("distinct")
        if not distinct:
            self.accept_word("all")
        whole_value = self.accept_word("value")
        columns, aliased = self._columns()
        if not self.accept_word("from"):
            raise malformed("Expected FROM after SELECT list")
        sources = self._sources()
        where = self._where()
        clauses: list[tuple[str, Token | None]] = []
        if self.accept_word("group"):
            self.expect_word("by")
            self.list_of_expressions()
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

    def _unsupported_clause(self, word: str, clauses: list[tuple[str, Token | None]]) -> None:
        if self.accept_word(word):
            clauses.append((word.upper(), self.expression(0).token))

    def _columns(self) -> tuple[tuple[Syntax, ...] | None, bool]:
        """The select list, None for `*`, and whether one of it is given another name."""
        columns: list[Syntax] = []
        stars, aliased = 0, False
        while True:
            if self.is_operator("*"):
                self.next()
                stars += 1
            else:
                columns.append(self.expression(0))
                aliased |= self._alias()
            if not self.accept_mark(","):
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
        if as_word and self.accept_word("as"):
            found = True
            self._identifier("Expected identifier for alias")
        elif as_word and self.is_name:
            found = True
            self.next()
        return found

    def _identifier(self, otherwise: str) -> Token:
        if not self.is_name:
            raise malformed(otherwise)
        return self.next()

    def _source_aliases(self) -> bool:
        aliased = self._alias()
        for word in ("at", "by"):
            if self.accept_word(word):
                aliased = True
                self._identifier("Expected identifier for alias")
        return aliased

    def _sources(self) -> tuple[Source, ...]:
        sources = []
        while True:
            path = self.expression(0)
            sources.append(Source(path=path, aliased=self._source_aliases()))
            if not self.accept_mark(","):
                return tuple(sources)

    def _where(self) -> Syntax | None:
        return self.expression(0) if self.accept_word("where") else None

    def _order(self) -> tuple[Ordering, ...]:
        if not self.accept_word("order"):
            return ()
        self.expect_word("by")
        orderings = []
        while True:
            expression = self.expression(0)
            descending = self.accept_word("desc")
            if not descending:
                self.accept_word("asc")
            orderings.append(Ordering(expression=expression, descending=descending))
            if not self.accept_mark(","):
                return tuple(orderings)

    def _insert(self) -> Syntax:
        token = self.next()
        if not self.accept_word("into"):
            raise malformed("Unexpected keyword")
        path = self.simple_path()
        single = self.accept_word("value")
        value = self.expression(0)
        insert = InsertSyntax(path=path, value=value, single=single, returning=self._returning())
        return self._statement(insert, token)

    def _update(self) -> Syntax:
        token = self.next()
        source = self._target()
        changes = self._changes()
        where = self._where()
        update = UpdateSyntax(
            source=source, changes=changes, where=where, returning=self._returning()
        )
        return self._statement(update, token)

    def _delete(self) -> Syntax:
        token = self.next()
        if not self.accept_word("from"):
            raise malformed("Expected FROM after DELETE")
        source = self._target()
        where = self._where()
        delete = UpdateSyntax(source=source, changes=None, where=where, returning=self._returning())
        return self._statement(delete, token)

    def _from_first(self) -> Syntax:
        """`FROM table WHERE ... SET ...`, another way to write an UPDATE."""
        token = self.next()
        (source, *more) = self._sources()
        if more:
            raise _several_sources()
        where = self._where()
        if self.is_word("insert"):
            raise misplaced("Unsupported FROM ... WHERE ... clause in INSERT statement.", token)
        changes = self._changes()
        update = UpdateSyntax(
            source=source, changes=changes, where=where, returning=self._returning()
        )
        return self._statement(update, token)

    def _target(self) -> Source:
        path = self.simple_path()
        return Source(path=path, aliased=self._source_aliases())

    def _changes(self) -> tuple[Change, ...]:
        changes: list[Change] = []
        while True:
            if self.accept_word("set"):
                changes.append(self._assignment())
                while self.accept_mark(","):
                    changes.append(self._assignment())
            elif self.accept_word("remove"):
                changes.append(Change(path=self.simple_path(), value=None))
            elif changes:
                return tuple(changes)
            else:
                raise malformed("Expected data manipulation")

    def _assignment(self) -> Change:
        path = self.simple_path()
        if not self.is_operator("="):
            raise malformed("Expected '='")
        self.next()
        return Change(path=path, value=self.expression(0))

    def _returning(self) -> Returning | None:
        if not self.accept_word("returning"):
            return None
        words = []
        for choices in (("all", "modified"), ("old", "new")):
            if self.token.kind is not TokenKind.KEYWORD or self.token.text not in choices:
                raise malformed(
                    "Expected ( MODIFIED | ALL ) ( NEW | OLD ) in each returning element."
                )
            words.append(self.next().text.upper())
        star = self.is_operator("*")
        if star:
            self.next()
        else:
            self.expression(0)
        more = self.is_mark(",")
        if more:
            # Several elements are refused whatever they are.
            while self.token.kind is not TokenKind.END:
                self.next()
        return Returning(which=words[0], when=words[1], star=star, more=more)


def _several_sources() -> ValidationException:
    return ValidationException("Only select from a single table or index is supported.")
