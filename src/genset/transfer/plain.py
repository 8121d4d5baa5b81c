"""Items as plain JSON, and the way back.

Plain JSON has no binary values and no sets: those become base64 texts and arrays, as in the
document clients of the SDKs, and come back as strings and lists. Numbers are exact both ways.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import orjson

Item = dict[str, dict[str, Any]]
"""A botocore client's item: attribute values by name; B has bytes, BS a list of them."""


_SURROGATE_BYTES: Final = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


class Number(str):
    """A number, as the text that it was written with."""

    __slots__ = ()


def loads(text: str | bytes) -> Any:
    """The value of a JSON text, each number a `Number`.

    Raises ValueError, also for NaN and for half of a surrogate pair, which is no character.
    """
    try:
        found = json.loads(
            text, parse_int=Number, parse_float=Number, parse_constant=_refuse_constant
        )
        if _surrogate_in(text):
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except UnicodeEncodeError:
        raise ValueError("it has half of a surrogate pair, which is no character") from None
    return found


def _surrogate_in(text: str | bytes) -> bool:
    """Whether a surrogate is in the text, alone or in a pair: what is looked at more closely."""
    if isinstance(text, bytes):
        return _SURROGATE_BYTES.search(text) is not None
    return _SURROGATE.search(text) is not None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def dumps(value: Any, *, indent: bool = False) -> str:
    """The JSON text of `value`, which may hold `Number`s; on one line unless `indent`."""
    option = orjson.OPT_PASSTHROUGH_SUBCLASS | (orjson.OPT_INDENT_2 if indent else 0)
    return orjson.dumps(value, default=_raw_number, option=option).decode()


def _raw_number(value: Any) -> orjson.Fragment:
    if isinstance(value, Number):
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} has no JSON")


def to_plain(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The plain value of an item."""
    return {name: value_to_plain(value) for name, value in item.items()}


def from_plain(document: Mapping[str, Any]) -> Item:
    """The item of a plain value, as `loads` gives it; no string becomes binary, no list a set."""
    return {name: value_from_plain(value) for name, value in document.items()}


def value_to_plain(value: Mapping[str, Any]) -> Any:
    """The plain value of an attribute value."""
    ((kind, content),) = value.items()
    match kind:
        case "S" | "BOOL":
            return content
        case "N":
            return Number(content)
        case "NULL":
            return None
        case "B":
            return base64_text(content)
        case "SS":
            return list(content)
        case "NS":
            return [Number(each) for each in content]
        case "BS":
            return [base64_text(each) for each in content]
        case "L":
            return [value_to_plain(each) for each in content]
        case "M":
            return to_plain(content)
    raise ValueError(f"{kind} is no type of an attribute value")


def value_from_plain(value: Any) -> dict[str, Any]:
    """The attribute value of a plain one. Raises TypeError for what JSON does not have."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case Number() | int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case list():
            return {"L": [value_from_plain(each) for each in value]}
        case dict():
            return {"M": from_plain(value)}
    raise TypeError(f"{type(value).__name__} has no attribute value")


def base64_text(content: bytes | str) -> str:
    """The base64 text of bytes; one that is a text already stays as it is."""
    return content if isinstance(content, str) else base64.b64encode(content).decode()


def to_dynamodb_json(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The item as it is on the wire and in files: binary values are base64 texts."""
    return {name: _recoded(value, base64_text) for name, value in item.items()}


def from_dynamodb_json(document: Mapping[str, Mapping[str, Any]]) -> Item:
    """The item for a botocore client of one with base64 texts.

    Raises ValueError for what is no DynamoDB JSON; types and numbers are the server's to check.
    """
    return {name: _recoded(value, _from_base64) for name, value in document.items()}


def _from_base64(content: Any) -> bytes:
    if not isinstance(content, str):
        raise ValueError("a binary value must be a base64 text")
    return base64.b64decode(content, validate=True)


def _recoded(value: Any, recode: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or len(value) != 1:
        raise ValueError("an attribute value must be an object with one type and its value")
    ((kind, content),) = value.items()
    try:
        match kind:
            case "B":
                content = recode(content)
            case "BS":
                content = [recode(each) for each in content]
            case "L":
                content = [_recoded(each, recode) for each in content]
            case "M":
                content = {name: _recoded(each, recode) for name, each in content.items()}
    except (TypeError, AttributeError):
        raise ValueError(f"{kind} has a value of another type") from None
    return {kind: content}
