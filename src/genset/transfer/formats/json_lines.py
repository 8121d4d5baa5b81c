"""JSON lines: an object of plain JSON on each line (https://jsonlines.org/).

Sets and binary values have no place in it: they are written as arrays and base64 texts, and come
back as lists and strings. `dynamodb_json` keeps every type.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from genset.transfer.formats.format import Format, Options
from genset.transfer.formats.lines import read_lines
from genset.transfer.plain import Item, dumps, from_plain, loads, to_plain
from genset.transfer.records import Readings


def read(stream: BinaryIO, name: str, _: Options) -> Readings:
    """An item for each line that is not blank."""
    return read_lines(stream, name, lambda line: (plain_item(line), False))


def plain_item(text: str | bytes) -> Item:
    """The item of the text of a JSON object. Raises ValueError with what is wrong."""
    document = loads(text)
    if not isinstance(document, dict):
        raise ValueError("an item must be a JSON object")
    return from_plain(document)


def write(items: Iterable[Item], out: BinaryIO, _: Options) -> int:
    """A line for each item."""
    count = 0
    for item in items:
        out.write(dumps(to_plain(item)).encode() + b"\n")
        count += 1
    return count


JSON_LINES = Format("jsonl", (".jsonl", ".ndjson"), read, write)
