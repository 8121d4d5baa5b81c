"""Syntax to statements: what DynamoDB has, and the service's words for what it has not.

Sources: developer guide, "PartiQL statements"; texts as observed on the service, September and
October 2026, or, where nothing is published, in the words of its own local edition.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from genset.expressions.partiql.conditions import (
    CONDITION_FUNCTIONS,
    UPDATE_FUNCTIONS,
    Conditions,
    parameter,
    path_of,
)
from genset.expressions.partiql.errors import misplaced
from genset.expressions.partiql.literals import (
    is_literal,
    literal_value,
    member_names,
    unsupported_value,
)
from genset.expressions.partiql.syntax import (
    Change as ChangeSyntax,
)
from genset.expressions.partiql.syntax import (
    InsertSyntax,
    Kind,
    Ordering,
    Returning,
    SelectSyntax,
    Source,
    Syntax,
    UpdateSyntax,
    spread,
)
from genset.expressions.partiql.tree import (
    Change,
    Delete,
    Exists,
    Insert,
    Order,
    Select,
    SetArgument,
    Statement,
    step_name,
)
from genset.expressions.tree import (
    Action,
    AddAction,
    Arithmetic,
    Condition,
    DeleteAction,
    Function,
    Operand,
    Path,
    RemoveAction,
    Section,
    SetAction,
    Update,
    Value,
)
from genset.model.errors import ValidationException
from genset.model.table_names import (
    TABLE_NAME_LENGTH_MAX,
    TABLE_NAME_LENGTH_MIN,
    TABLE_NAME_PATTERN,
    is_table_arn,
)

# Arithmetic nests to the left, `n + 1 + 1`, and is evaluated by recursion.
ARITHMETIC_MAX: Final = 50
_TABLE_NAME: Final = re.compile(TABLE_NAME_PATTERN)
_SET_FUNCTIONS: Final = frozenset(("set_add", "set_delete"))
_INDEX_IN_WRITE: Final = (
    "FROM clause may only contain a single table name in data manipulation statements"
)


def translate(syntax: Syntax, parameters: int) -> Statement:
    """The statement that was written. Raises ValidationException if DynamoDB has none such."""
    statement = syntax.statement
    if syntax.kind is Kind.CALL and syntax.text == "exists" and len(syntax.parts) == 1:
        inner = syntax.parts[0].statement
        if isinstance(inner, SelectSyntax):
            return Exists(select=_Translator(parameters).select(inner))
    match statement:
        case SelectSyntax():
            return _Translator(parameters).select(statement)
        case InsertSyntax():
            return _Translator(parameters).insert(statement)
        case UpdateSyntax(changes=None):
            return _Translator(parameters).delete(statement)
        case UpdateSyntax():
            return _Translator(parameters).update(statement)
        case None:
            raise ValidationException(f"Unsupported operation: {_operation_name(syntax)}")


def _operation_name(syntax: Syntax) -> str:
    match syntax.kind:
        case Kind.NAME | Kind.PATH | Kind.IS | Kind.PARAMETER:
            return str(syntax.kind.value)
        case Kind.STRING | Kind.NUMBER | Kind.BOOLEAN | Kind.NULL | Kind.ION:
            return "Literal"
        case Kind.LIST | Kind.BAG:
            return "Seq"
        case Kind.STRUCT:
            return "Struct"
        case _:
            return "NAry"


class _Translator:
    def __init__(self, parameters: int) -> None:
        self._conditions = Conditions()
        self._parameters = parameters
        self._set_arguments: list[SetArgument] = []

    # SELECT

    def select(self, written: SelectSyntax) -> Select:
        if written.whole_value:
            raise ValidationException("Select projection doesn't support value or pivot keywords")
        if written.distinct:
            raise ValidationException("Unsupported token in expression: DISTINCT")
        for clause, token in written.clauses:
            what = f"Unsupported clause: {clause}"
            raise misplaced(what, token) if token else ValidationException(what)
        if len(written.sources) > 1:
            raise ValidationException("Only select from a single table or index is supported.")
        table, index = _table_and_index(written.sources[0])
        if written.aliased:
            raise _aliased()
        where = self._where(written.where)
        select = Select(
            table=table,
            index=index,
            columns=None,
            where=where,
            order=tuple(map(_order, written.order)),
            literals=self._conditions.literals,
            parameters=self._parameters,
        )
        try:
            return replace(select, columns=_columns(written.columns))
        except ValidationException as fault:
            return replace(select, fault=fault.with_traceback(None))

    def _where(self, written: Syntax | None) -> Condition | None:
        return None if written is None else self._conditions.condition(written)

    # INSERT

    def insert(self, written: InsertSyntax) -> Insert:
        if not written.single:
            raise ValidationException("Unsupported operation: InsertOp")
        if written.path.kind is not Kind.NAME:
            raise misplaced(_INDEX_IN_WRITE, written.path.token)
        table, _ = _table_and_index(Source(path=written.path, aliased=False))
        if written.returning is not None:
            raise ValidationException("RETURNING is not supported in INSERT")
        if written.value.kind is not Kind.STRUCT:
            raise misplaced(
                "Unsupported format in item expression. Please use struct format {...} to express "
                "item values for insert statement.",
                written.value.token,
            )
        item: dict[str, Value] = {}
        for name, value in member_names(written.value):
            item[name] = self._stored_value(value)
        return Insert(
            table=table,
            item=item,
            literals=self._conditions.literals,
            parameters=self._parameters,
        )

    def _stored_value(self, value: Syntax) -> Value:
        if value.kind is Kind.PARAMETER:
            return parameter(value)
        if not is_literal(value):
            raise unsupported_value(value)
        return self._conditions.value(literal_value(value))

    # UPDATE and DELETE

    def update(self, written: UpdateSyntax) -> Change:
        table = _table_to_write(written.source)
        assert written.changes is not None, "a DELETE has no changes"
        sections = tuple(
            Section(keyword=keyword, actions=(action,))
            for keyword, action in map(self._action, written.changes)
        )
        where = self._where(written.where)
        return Change(
            table=table,
            update=Update(sections=sections),
            where=where,
            returning=_returned(written.returning),
            literals=self._conditions.literals,
            parameters=self._parameters,
            set_arguments=tuple(self._set_arguments),
        )

    def delete(self, written: UpdateSyntax) -> Delete:
        table = _table_to_write(written.source)
        where = self._where(written.where)
        returned = _returned(written.returning)
        if returned not in (None, ("ALL", "OLD")):
            raise ValidationException(
                f"Invalid returning clause: RETURNING {' '.join(returned)} *. Only RETURNING ALL "
                "OLD * is allowed in DELETE statements."
            )
        return Delete(
            table=table,
            where=where,
            returning=returned is not None,
            literals=self._conditions.literals,
            parameters=self._parameters,
        )

    def _action(self, change: ChangeSyntax) -> tuple[str, Action]:
        path = path_of(change.path)
        value = change.value
        if value is None:
            return "REMOVE", RemoveAction(path=path)
        if value.kind is Kind.CALL and value.text in _SET_FUNCTIONS:
            operand = self._set_argument(path, value)
            if value.text == "set_add":
                return "ADD", AddAction(path=path, value=operand)
            return "DELETE", DeleteAction(path=path, value=operand)
        return "SET", SetAction(path=path, value=self._new_value(value, 0))

    def _set_argument(self, target: Path, call: Syntax) -> Value:
        name = call.text.upper()
        if len(call.parts) != 2:
            raise misplaced(f"{name} must have exactly two arguments", call.token)
        first, second = call.parts
        if first.kind not in (Kind.NAME, Kind.PATH) or path_of(first) != target:
            raise misplaced(
                f"The first argument to {name} must equal the assignment value", call.token
            )
        # The service tells the place of the first argument.
        error = misplaced(
            f"The second argument to {name} must be a value with type SET", first.token
        )
        if second.kind is Kind.BAG:
            return self._conditions.value(literal_value(second))
        if second.kind is not Kind.PARAMETER:
            raise error
        value = parameter(second)
        self._set_arguments.append(SetArgument(parameter=value.name, error=error.message))
        return value

    def _new_value(self, value: Syntax, depth: int) -> Operand | Arithmetic:
        if value.kind is Kind.OPERATION:
            return self._arithmetic(value, depth)
        if value.kind is Kind.CALL:
            return self._update_function(value, depth)
        if value.kind is Kind.IS:
            raise ValidationException("IS operator is not supported in update expressions")
        if value.kind in (Kind.IN, Kind.BETWEEN):
            raise _unsupported_operator(value.kind.value.lower())
        return self._conditions.operand(value)

    def _arithmetic(self, value: Syntax, depth: int) -> Arithmetic:
        if value.text not in ("+", "-"):
            raise _unsupported_operator(value.text)
        if len(value.parts) != 2:
            raise ValidationException(
                "Incorrect number of operands for operator or function; operator or function: "
                f"{value.text}, number of operands: {len(value.parts)}"
            )
        operands = spread(value) if depth == 0 else value.parts
        if depth + len(operands) > ARITHMETIC_MAX:
            raise ValidationException(
                f"The expression contains too many operators; operator count: {ARITHMETIC_MAX}"
            )
        read = self._new_value(operands[0], depth + 1)
        for operand in operands[1:]:
            self._conditions.count_operator()
            right = self._new_value(operand, depth + 1)
            read = Arithmetic(operator=value.text, left=read, right=right)
        assert isinstance(read, Arithmetic), "there are two operands at least"
        return read

    def _update_function(self, call: Syntax, depth: int) -> Operand:
        if call.text == "size" or call.text in CONDITION_FUNCTIONS:
            raise ValidationException(
                f"The function is not allowed in an update expression; function: {call.text}"
            )
        if call.text not in UPDATE_FUNCTIONS:
            raise misplaced(f"Unrecognized function: {call.text}", call.token)
        arguments: list[Operand] = []
        for part in call.parts:
            argument = self._new_value(part, depth + 1)
            if isinstance(argument, Arithmetic):
                raise _unsupported_operator(argument.operator)
            arguments.append(argument)
        return Function(name=call.text, arguments=tuple(arguments))


def _unsupported_operator(operator: str) -> ValidationException:
    return ValidationException(f"Unsupported operator in Update Expression. Operator: {operator}")


def _aliased() -> ValidationException:
    return ValidationException("Aliasing is not supported")


# Parts of statements


def _table_and_index(source: Source) -> tuple[str, str | None]:
    path = source.path
    if path.kind not in (Kind.NAME, Kind.PATH):
        raise ValidationException("Unexpected from source")
    steps = path.parts if path.kind is Kind.PATH else (path,)
    for step in steps:
        if step.kind is Kind.STAR:
            raise ValidationException("Unexpected from source")
        if step.kind is not Kind.NAME:
            raise ValidationException("Invalid list expression in source.")
        if not step.text:
            raise ValidationException("Path component cannot be an empty string")
    if len(steps) > 2:
        raise ValidationException("A path may contain at most 2 components in the FROM clause")
    if source.aliased:
        raise _aliased()
    table = steps[0].text
    fits = TABLE_NAME_LENGTH_MIN <= len(table) <= TABLE_NAME_LENGTH_MAX
    if not (fits and _TABLE_NAME.fullmatch(table)) and not is_table_arn(table):
        raise ValidationException(
            "Table name should be within the length [3, 255] and only contain 'a-z', 'A-Z', '0-9', "
            "'-', '_', '.'."
        )
    return table, steps[1].text if len(steps) == 2 else None


def _table_to_write(source: Source) -> str:
    table, index = _table_and_index(source)
    if index is not None:
        raise ValidationException("This operation is not supported on an index")
    return table


def _columns(written: tuple[Syntax, ...] | None) -> tuple[Path, ...] | None:
    if written is None:
        return None
    columns: list[Path] = []
    names: set[str] = set()
    for column in written:
        if column.kind not in (Kind.NAME, Kind.PATH):
            raise misplaced("Unexpected path component", column.token)
        if any(part.kind is Kind.STAR for part in column.parts):
            raise ValidationException("Changing item's hierarchy while reading isn't supported")
        path = path_of(column)
        name = column_name(path)
        if name in names:
            raise ValidationException(f"Duplicate identifiers in select clause: {name}")
        names.add(name)
        columns.append(path)
    return tuple(columns)


def column_name(path: Path) -> str:
    """What a column is called in the answer: the path from its last name on."""
    name = ""
    for step in reversed(path.steps):
        if isinstance(step, str):
            return step_name(step) + name
        name = f"[{step}]{name}"
    raise AssertionError("a path begins with a name")


def _order(written: Ordering) -> Order:
    expression = written.expression
    if expression.kind is not Kind.NAME:
        what = "PATH" if expression.kind is Kind.PATH else expression.text
        raise ValidationException(
            f"Argument to ORDER BY must be of type VariableReference. Type: {what}"
        )
    return Order(attribute=expression.text, descending=written.descending)


def _returned(written: Returning | None) -> tuple[str, str] | None:
    if written is None:
        return None
    if written.more:
        raise ValidationException(
            "Invalid syntax with multiple returning elements in RETURNING clause"
        )
    if not written.star:
        raise ValidationException(
            "Expected '*' after ( MODIFIED | ALL ) ( NEW | OLD ) in RETURNING clause"
        )
    return written.which, written.when
