"""Items, keys and values that are given as JSON: plain, or DynamoDB's with types."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from genset.cli.statuses import CommandError, Status
from genset.transfer.plain import (
    Item,
    Number,
    from_dynamodb_json,
    from_plain,
    loads,
    value_from_plain,
)

_SPACE: Final = re.compile(r"\s*")
_CONTENT: Final[Mapping[str, type]] = {
    "S": str, "N": str, "B": str, "BOOL": bool, "NULL": bool,
    "SS": list, "NS": list, "BS": list, "L": list, "M": dict,
}  # fmt: skip
"""What DynamoDB JSON has for each type of an attribute value."""


def read_item(text: str, what: str) -> Item:
    """The item that a JSON text is. Raises CommandError, whose message begins with `what`."""
    return item_of(read_json(text, what), what)


def item_of(document: Any, what: str) -> Item:
    """The item that a JSON value is: DynamoDB's, if all its attributes have a type, else plain.

    Raises CommandError, whose message begins with `what`.
    """
    if not isinstance(document, dict):
        raise CommandError(f"{what} must be a JSON object", Status.USAGE)
    if not document or not all(map(_is_typed, document.values())):
        return from_plain(document)
    try:
        return from_dynamodb_json(document)
    except ValueError as error:
        raise CommandError(f"{what} is no DynamoDB JSON: {error}", Status.USAGE) from None


def read_json(text: str, what: str) -> Any:
    """The value of a JSON text. Raises CommandError, whose message begins with `what`."""
    try:
        return loads(text)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{what} is no JSON: {error}", Status.USAGE) from None


def read_value(text: str) -> dict[str, Any]:
    """The attribute value of a word: of its JSON if it is some, else of it as a string."""
    try:
        document = loads(text)
    except ValueError:
        return {"S": text}
    return value_of(document, text)


def value_of(document: Any, what: str) -> dict[str, Any]:
    """The attribute value that a JSON value is: DynamoDB's, if it has a type, else plain.

    Raises CommandError, whose message begins with `what`.
    """
    if _is_typed(document):
        return item_of({"value": document}, what)["value"]
    return value_from_plain(document)


def read_items(lines: Iterable[str]) -> Iterator[Item]:
    """The items of JSON texts: one a line, or of several lines each.

    Lines are read as they come, unless the first is only a part of a text. Raises CommandError.
    """
    for number, document in _documents(lines):
        yield item_of(document, f"line {number}")


def _documents(lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    """JSON values, each with the number of the line that it begins in."""
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    first = next(numbered, None)
    if first is None:
        return
    try:
        document = loads(first[1])
    except ValueError:
        yield from _whole_documents(first[1] + "".join(line for _, line in numbered), first[0])
        return
    yield first[0], document
    for number, line in numbered:
        yield number, read_json(line, f"line {number}")


def _whole_documents(text: str, first_line: int) -> Iterator[tuple[int, Any]]:
    decoder = json.JSONDecoder(parse_int=Number, parse_float=Number)
    line, counted, at = first_line, 0, _after_space(text, 0)
    while at < len(text):
        line, counted = line + text.count("\n", counted, at), at
        try:
            document, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise CommandError(f"line {line} is no JSON: {error}", Status.USAGE) from None
        yield line, document
        at = _after_space(text, end)


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()


def _is_typed(value: Any) -> bool:
    """Whether a JSON value is an attribute value of DynamoDB JSON."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    ((kind, content),) = value.items()
    kind_of_content = _CONTENT.get(kind)
    # A plain number is a text to Python, but no string in JSON.
    return (
        kind_of_content is not None
        and isinstance(content, kind_of_content)
        and not isinstance(content, Number)
    )
