"""A JSON array of plain JSON objects, of any length.

What is said of sets and binary values in `json_lines` holds here too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import BinaryIO, Final

from genset.transfer.formats.arrays import read_array
from genset.transfer.formats.format import Format, Options
from genset.transfer.formats.json_lines import plain_item
from genset.transfer.plain import Item, dumps, to_plain
from genset.transfer.records import Readings

_START: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[")


def read(stream: BinaryIO, name: str, _: Options) -> Readings:
    """An item for each element; one that is wrong is a fault, and the next is read."""
    return read_array(
        stream, name, lambda text: (plain_item(text), False), _START, "a JSON array", alone=True
    )


def write(items: Iterable[Item], out: BinaryIO, _: Options) -> int:
    """One array, an item a line."""
    count = 0
    out.write(b"[")
    for item in items:
        out.write(b",\n" if count else b"\n")
        out.write(dumps(to_plain(item)).encode())
        count += 1
    out.write(b"\n]\n")
    return count


JSON_ARRAY = Format("json", (".json",), read, write)
