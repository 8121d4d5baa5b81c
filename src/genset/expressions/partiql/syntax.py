"""What a statement says, before it is asked whether DynamoDB has such a thing.

Nodes keep the token that they are reported by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from genset.expressions.partiql.lexer import Token


class Kind(Enum):
    """What an expression is."""

    NAME = "VariableReference"
    PATH = "Path"
    STRING = "String"
    NUMBER = "Number"
    BOOLEAN = "Boolean"
    NULL = "Null"
    MISSING = "MISSING"
    ION = "Ion"
    PARAMETER = "Parameter"
    LIST = "List"
    BAG = "Bag"
    STRUCT = "Struct"
    CALL = "Call"
    OPERATION = "Operation"
    BETWEEN = "Between"
    IN = "In"
    IS = "IsType"
    STAR = "Star"
    STATEMENT = "Statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Syntax:
    """One expression.

    `text` is a name, a literal's text with its sign, an operator, a function's name in lower
    case, or a type's name; `parts` are operands, arguments, elements, a path's root and steps, or
    a struct's keys and values in turn. `grouped` says that it stands in parentheses.
    """

    kind: Kind
    token: Token
    text: str = ""
    parts: tuple[Syntax, ...] = ()
    grouped: bool = False
    statement: StatementSyntax | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What stands in a FROM clause or after UPDATE, and whether it is given another name."""

    path: Syntax
    aliased: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """One element of ORDER BY."""

    expression: Syntax
    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectSyntax:
    """SELECT. `columns` None is `*`; `clauses` are those that DynamoDB does not have, as named."""

    token: Token
    columns: tuple[Syntax, ...] | None
    aliased: bool
    distinct: bool
    whole_value: bool
    sources: tuple[Source, ...]
    where: Syntax | None
    order: tuple[Ordering, ...]
    clauses: tuple[tuple[str, Token | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One assignment of SET (`value`), or one path of REMOVE."""

    path: Syntax
    value: Syntax | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Returning:
    """RETURNING, word by word: ALL or MODIFIED, OLD or NEW, and whether `*` follows."""

    which: str
    when: str
    star: bool
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSyntax:
    """UPDATE with its changes, and DELETE, which has none (`changes` None)."""

    source: Source
    changes: tuple[Change, ...] | None
    where: Syntax | None
    returning: Returning | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertSyntax:
    """INSERT INTO. `single` says that VALUE stands before the value."""

    path: Syntax
    value: Syntax
    single: bool
    returning: Returning | None


StatementSyntax: TypeAlias = SelectSyntax | UpdateSyntax | InsertSyntax


def spread(operation: Syntax) -> Sequence[Syntax]:
    """The operands of a chain of one operator, `a AND b AND c`, at one level of parentheses."""
    operands: list[Syntax] = []
    node = operation
    while True:
        left, right = node.parts
        operands.append(right)
        if left.kind is not Kind.OPERATION or left.text != operation.text or left.grouped:
            operands.append(left)
            break
        node = left
    operands.reverse()
    return operands
