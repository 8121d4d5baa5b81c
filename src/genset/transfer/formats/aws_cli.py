"""What the AWS CLI prints of Scan and Query: `{"Items": [...], "Count": 2, ...}`.

The items are DynamoDB JSON, over as many lines as it likes. The array alone, which `--query Items`
prints, is read too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import BinaryIO, Final

import orjson

from genset.transfer.formats.arrays import read_array
from genset.transfer.formats.dynamodb_json import bare_item
from genset.transfer.formats.format import Format, Options
from genset.transfer.plain import Item, to_dynamodb_json
from genset.transfer.records import Readings

START: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\{[^\[{]*"Items"\s*:\s*)?\[')
"""Numbers may come before the items, but no members with members of their own."""


def read(stream: BinaryIO, name: str, _: Options) -> Readings:
    """An item for each element; one that is wrong is a fault, and the next is read."""
    what = "what the AWS CLI prints of a scan"
    return read_array(stream, name, lambda text: (bare_item(text), False), START, what, alone=False)


def write(items: Iterable[Item], out: BinaryIO, _: Options) -> int:
    """The same, an item a line."""
    count = 0
    out.write(b'{"Items": [')
    for item in items:
        out.write(b",\n" if count else b"\n")
        out.write(orjson.dumps(to_dynamodb_json(item)))
        count += 1
    out.write(f'\n], "Count": {count}, "ScannedCount": {count}}}\n'.encode())
    return count


AWS_CLI = Format("aws-cli", (), read, write)
