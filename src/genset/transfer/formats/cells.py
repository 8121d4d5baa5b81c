"""The cells of a CSV file, by the type of their column.

S is the text itself, N the digits, B base64, BOOL true or false, NULL any text; SS, NS and BS are
JSON arrays; L and M are plain JSON; DYNAMODB is an attribute value in DynamoDB JSON, which keeps
what the others cannot, and is for columns of several types.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from genset.transfer.plain import (
    Number,
    dumps,
    from_dynamodb_json,
    loads,
    to_dynamodb_json,
    value_from_plain,
    value_to_plain,
)

Value = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """An attribute, and the type that all its values have."""

    name: str
    type: str

    @property
    def heading(self) -> str:
        """The column's heading; only S can go without saying."""
        suffix = self.name.rpartition(":")[2]
        plain = self.type == "S" and (suffix == self.name or suffix not in TYPES)
        return self.name if plain else f"{self.name}:{self.type}"


def decode_cell(cell: str, column: Column) -> Value:
    """The value of a cell that is not empty. Raises ValueError that names the column."""
    try:
        # Lone surrogates are bytes that are not UTF-8.
        cell.encode()
        return _DECODERS[column.type](cell)
    except UnicodeEncodeError:
        raise ValueError(f"column {column.name} is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"column {column.name} is no {column.type}: {error}") from None


def _bool(cell: str) -> Value:
    lowered = cell.lower()
    if lowered not in ("true", "false"):
        raise ValueError("it must be true or false")
    return {"BOOL": lowered == "true"}


def _list_of(cell: str, kind: type[str]) -> list[str]:
    values = loads(cell)
    if not isinstance(values, list) or any(type(each) is not kind for each in values):
        raise ValueError(f"it must be a JSON array of {_NOUNS[kind]}")
    return [str(each) for each in values]


_NOUNS: Final = {str: "strings", Number: "numbers"}


def _plain(cell: str, kind: str) -> Value:
    value = value_from_plain(loads(cell))
    if kind not in value:
        raise ValueError(f"it must be a JSON {'array' if kind == 'L' else 'object'}")
    return value


def _any(cell: str) -> Value:
    return from_dynamodb_json({"": orjson.loads(cell)})[""]


def _binary(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


_DECODERS: Final[Mapping[str, Callable[[str], Value]]] = {
    "S": lambda cell: {"S": cell},
    "N": lambda cell: {"N": cell},
    "B": lambda cell: {"B": _binary(cell)},
    "BOOL": _bool,
    "NULL": lambda _: {"NULL": True},
    "SS": lambda cell: {"SS": _list_of(cell, str)},
    "NS": lambda cell: {"NS": _list_of(cell, Number)},
    "BS": lambda cell: {"BS": [_binary(each) for each in _list_of(cell, str)]},
    "L": lambda cell: _plain(cell, "L"),
    "M": lambda cell: _plain(cell, "M"),
    "DYNAMODB": _any,
}
TYPES: Final = frozenset(_DECODERS)


def column_type(value: Value) -> str:
    """The type of column that keeps the value exactly."""
    ((kind, content),) = value.items()
    # An empty cell is an attribute that is not there.
    if kind in ("S", "B") and not content:
        return "DYNAMODB"
    if kind in ("L", "M") and not _has_plain_form(value):
        return "DYNAMODB"
    return kind


def _has_plain_form(value: Value) -> bool:
    return value_from_plain(value_to_plain(value)) == value


def encode_cell(value: Value, column: Column) -> str:
    """The cell of a value, whose type is the column's."""
    content = value.get(column.type)
    match column.type:
        case "S" | "N":
            return str(content)
        case "BOOL":
            return "true" if content else "false"
        case "NULL":
            return "true"
        case "DYNAMODB":
            return orjson.dumps(to_dynamodb_json({"": value})[""]).decode()
    plain = value_to_plain(value)
    return plain if isinstance(plain, str) else dumps(plain)
