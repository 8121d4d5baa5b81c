"""Short spellings of attribute values in DynamoDB JSON."""

# ruff: noqa: N802
# The functions have the names of the types they write.
from __future__ import annotations

import base64
from typing import Any

Value = dict[str, Any]
Item = dict[str, Value]


def S(text: str) -> Value:
    return {"S": text}


def N(number: int | str) -> Value:
    return {"N": str(number)}


def B(raw: bytes) -> Value:
    return {"B": base64.b64encode(raw).decode()}


def BOOL(flag: bool) -> Value:
    return {"BOOL": flag}


NULL: Value = {"NULL": True}


def L(*values: Value) -> Value:
    return {"L": list(values)}


def M(**values: Value) -> Value:
    return {"M": values}


def SS(*texts: str) -> Value:
    return {"SS": list(texts)}


def NS(*numbers: int | str) -> Value:
    return {"NS": [str(number) for number in numbers]}


def BS(*raws: bytes) -> Value:
    return {"BS": [base64.b64encode(raw).decode() for raw in raws]}


def nested(levels: int) -> Value:
    """A value of `levels` levels, the outermost counting as the first."""
    value = S("leaf")
    for _ in range(levels - 1):
        value = L(value)
    return value


def normal(value: Any) -> Any:
    """The value with its sets in one order, so that `==` compares sets as sets."""
    if isinstance(value, dict):
        if len(value) == 1:
            ((tag, inner),) = value.items()
            if tag in ("SS", "NS", "BS") and isinstance(inner, list):
                return {tag: sorted(inner)}
        return {name: normal(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [normal(inner) for inner in value]
    return value
