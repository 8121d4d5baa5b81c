"""DynamoDB JSON: on each line an item with its types, bare or as DynamoDB exports it to S3.

`{"Item": {...}}` is an item of a full export. An incremental export has `Keys`, and `NewImage` if
the item is there afterwards; without one it was deleted (developer guide, "DynamoDB table export
output format"). `{"pk": {"S": "a"}}` is an item by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO, Final

import orjson

from genset.transfer.formats.format import Format, Options
from genset.transfer.formats.lines import parse_line, read_lines
from genset.transfer.plain import Item, from_dynamodb_json, to_dynamodb_json
from genset.transfer.records import Fault, Place, Readings, Record

_CONTENT_TYPES: Final[dict[str, Any]] = {
    **dict.fromkeys(("S", "N", "B"), str),
    **dict.fromkeys(("BOOL", "NULL"), bool),
    **dict.fromkeys(("SS", "NS", "BS", "L"), list),
    "M": dict,
}
_CHANGE_MEMBERS: Final = {"Metadata", "Keys", "NewImage", "OldImage"}


def read(stream: BinaryIO, name: str, _: Options) -> Readings:
    """A record for each line that is not blank."""
    return read_lines(stream, name, _record)


def parse_item(text: bytes | str, place: Place) -> Record | Fault:
    """The record of a bare item's text, or its fault."""
    raw = text.encode() if isinstance(text, str) else text
    return parse_line(raw, place, lambda line: (bare_item(line), False))


def bare_item(text: bytes) -> Item:
    """The item of a bare item's text. Raises ValueError with what is wrong."""
    return from_dynamodb_json(_object(orjson.loads(text)))


def _record(line: bytes) -> tuple[Item, bool]:
    document = orjson.loads(line)
    if not isinstance(document, dict):
        raise ValueError("an item must be a JSON object")
    if is_change(document):
        image = document.get("NewImage")
        return from_dynamodb_json(_object(image or document["Keys"])), image is None
    return from_dynamodb_json(_object(unwrapped(document))), False


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("an item must be a JSON object")
    return value


def is_change(document: dict[str, Any]) -> bool:
    """Whether it is a line of an incremental export, and not an item with such attributes."""
    return (
        "Keys" in document
        and document.keys() <= _CHANGE_MEMBERS
        and all(is_item(document[each]) for each in document.keys() - {"Metadata"})
    )


def unwrapped(document: dict[str, Any]) -> Any:
    """The item in `{"Item": ...}`, or the document if that is the item itself."""
    if document.keys() == {"Item"} and (
        is_item(document["Item"]) or not is_attribute_value(document["Item"])
    ):
        return document["Item"]
    return document


def is_item(value: Any) -> bool:
    """Whether it can be an item in DynamoDB JSON."""
    return isinstance(value, dict) and all(map(is_attribute_value, value.values()))


def is_attribute_value(value: Any) -> bool:
    """Whether it can be an attribute value in DynamoDB JSON."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    (kind,) = value
    content: Any = value[kind]
    if not isinstance(content, _CONTENT_TYPES.get(kind, ())):
        return False
    match kind:
        case "M":
            return is_item(content)
        case "L":
            return all(is_attribute_value(each) for each in content)
    return True


def line_of(item: Item) -> bytes:
    """The line of an item, as an export to S3 has it, with its end."""
    return orjson.dumps({"Item": to_dynamodb_json(item)}) + b"\n"


def write(items: Iterable[Item], out: BinaryIO, _: Options) -> int:
    """A line for each item."""
    count = 0
    for item in items:
        out.write(line_of(item))
        count += 1
    return count


DYNAMODB_JSON = Format("dynamodb-json", (), read, write)
