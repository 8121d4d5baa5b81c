"""A statement as text again: parsing that text gives an equal statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from genset.expressions.partiql.tree import (
    Change,
    Delete,
    Exists,
    Insert,
    Literals,
    Select,
    Statement,
    step_name,
)
from genset.expressions.tree import (
    Action,
    AddAction,
    And,
    Arithmetic,
    Between,
    Comparison,
    Condition,
    DeleteAction,
    Function,
    In,
    Not,
    Operand,
    Or,
    Path,
    RemoveAction,
    SetAction,
    Truth,
    Value,
)
from genset.model.attribute_values import AttributeValue, type_of

_OR: Final = 1
_AND: Final = 2
_NOT: Final = 3
_LEAF: Final = 4


def print_statement(statement: Statement) -> str:
    """The canonical text of a statement: every name in quotes, only the parentheses it needs."""
    if isinstance(statement, Exists):
        return f"EXISTS({print_statement(statement.select)})"
    text = _Printer(statement.literals)
    match statement:
        case Select():
            return text.select(statement)
        case Insert():
            return text.insert(statement)
        case Change():
            return text.change(statement)
        case Delete():
            return text.delete(statement)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _string(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def literal_text(value: AttributeValue) -> str:
    """A value as a literal; binary values have none."""
    tag = type_of(value)
    payload = value[tag]
    match tag:
        case "S":
            return _string(payload)
        case "N":
            return str(payload)
        case "BOOL":
            return "TRUE" if payload else "FALSE"
        case "NULL":
            return "NULL"
        case "L":
            return "[" + ", ".join(map(literal_text, payload)) + "]"
        case "M":
            members = (f"{_string(name)}: {literal_text(each)}" for name, each in payload.items())
            return "{" + ", ".join(members) + "}"
        case "SS" | "NS":
            write: Callable[[str], str] = _string if tag == "SS" else str
            return "<<" + ", ".join(map(write, payload)) + ">>"
        case _:
            raise ValueError("binary values have no literal")


class _Printer:
    def __init__(self, literals: Literals) -> None:
        self._literals = literals

    def select(self, statement: Select) -> str:
        columns = "*" if statement.columns is None else ", ".join(map(_path, statement.columns))
        source = _quoted(statement.table)
        if statement.index is not None:
            source += f".{_quoted(statement.index)}"
        order = ", ".join(
            _quoted(term.attribute) + (" DESC" if term.descending else "")
            for term in statement.order
        )
        text = f"SELECT {columns} FROM {source}{self._where(statement.where)}"
        return f"{text} ORDER BY {order}" if order else text

    def insert(self, statement: Insert) -> str:
        members = ", ".join(
            f"{_string(name)}: {self._operand(value)}" for name, value in statement.item.items()
        )
        return f"INSERT INTO {_quoted(statement.table)} VALUE {{{members}}}"

    def change(self, statement: Change) -> str:
        changes = " ".join(map(self._action, statement.update.actions))
        text = f"UPDATE {_quoted(statement.table)} {changes}{self._where(statement.where)}"
        if statement.returning is not None:
            text += f" RETURNING {' '.join(statement.returning)} *"
        return text

    def delete(self, statement: Delete) -> str:
        text = f"DELETE FROM {_quoted(statement.table)}{self._where(statement.where)}"
        return f"{text} RETURNING ALL OLD *" if statement.returning else text

    def _where(self, condition: Condition | None) -> str:
        return "" if condition is None else f" WHERE {self._condition(condition)}"

    def _action(self, action: Action) -> str:
        path = _path(action.path)
        match action:
            case RemoveAction():
                return f"REMOVE {path}"
            case SetAction(value=value):
                return f"SET {path} = {self._operand(value)}"
            case AddAction(value=value):
                return f"SET {path} = set_add({path}, {self._operand(value)})"
            case DeleteAction(value=value):
                return f"SET {path} = set_delete({path}, {self._operand(value)})"

    def _condition(self, condition: Condition) -> str:
        match condition:
            case And(conditions=conditions):
                return " AND ".join(self._grouped(below, _AND) for below in conditions)
            case Or(conditions=conditions):
                return " OR ".join(self._grouped(below, _OR) for below in conditions)
            case Not(condition=below):
                return f"NOT {self._grouped(below, _NOT - 1)}"
            case Comparison(operator=operator, left=left, right=right):
                return f"{self._operand(left)} {operator} {self._operand(right)}"
            case Between(operand=operand, lower=lower, upper=upper):
                ends = f"{self._operand(lower)} AND {self._operand(upper)}"
                return f"{self._operand(operand)} BETWEEN {ends}"
            case In(operand=operand, candidates=candidates):
                listed = ", ".join(map(self._operand, candidates))
                return f"{self._operand(operand)} IN [{listed}]"
            case Function():
                return self._operand(condition)

    def _grouped(self, condition: Condition, binding: int) -> str:
        text = self._condition(condition)
        return f"({text})" if _binding(condition) <= binding else text

    def _operand(self, operand: Operand | Arithmetic) -> str:
        match operand:
            case Path():
                return _path(operand)
            case Value(name=name):
                return "?" if name.startswith("?") else literal_text(self._literals[name])
            case Truth(condition=condition):
                return f"({self._condition(condition)})"
            case Function(name=name, arguments=arguments):
                return f"{name}({', '.join(map(self._operand, arguments))})"
            case Arithmetic(operator=operator, left=left, right=right):
                end = self._operand(right)
                end = f"({end})" if isinstance(right, Arithmetic) else end
                return f"{self._operand(left)} {operator} {end}"


def _binding(condition: Condition) -> int:
    match condition:
        case Or():
            return _OR
        case And():
            return _AND
        case Not():
            return _NOT
        case _:
            return _LEAF


def _path(path: Path) -> str:
    head, *rest = path.steps
    text = _quoted(step_name(str(head)))
    for step in rest:
        text += f"[{step}]" if isinstance(step, int) else f".{_quoted(step_name(step))}"
    return text
