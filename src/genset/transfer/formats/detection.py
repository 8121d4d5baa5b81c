"""Which format a file has, by its name and by how it begins."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from pathlib import PurePath
from typing import Any, Final

import orjson

from genset.transfer.formats import aws_cli
from genset.transfer.formats.aws_cli import AWS_CLI
from genset.transfer.formats.csv_items import CSV
from genset.transfer.formats.dynamodb_json import DYNAMODB_JSON, is_change, is_item, unwrapped
from genset.transfer.formats.format import Format
from genset.transfer.formats.ion import ION, MARKER
from genset.transfer.formats.json_array import JSON_ARRAY
from genset.transfer.formats.json_lines import JSON_LINES
from genset.transfer.formats.registry import FORMATS
from genset.transfer.records import WrongFileError

# For a first item that is longer than what is looked at: its first attribute has a type.
_TYPED: Final = (
    rb'\{\s*("(Item|NewImage|OldImage|Keys)"\s*:\s*\{\s*)?"(\\.|[^"\\])*"\s*:\s*'
    rb'\{\s*"(S|N|B|BOOL|NULL|SS|NS|BS|L|M)"\s*:'
)
_TYPED_START: Final = re.compile(_TYPED)
_TYPED_ELEMENT: Final = re.compile(rb"\[\s*" + _TYPED)
_TELLING_BYTES: Final = 4096


def format_by_suffix(path: str) -> Format | None:
    """The format that a file's name says, also with .gz, or None."""
    suffix = PurePath(path.lower().removesuffix(".gz")).suffix
    return next((each for each in FORMATS.values() if suffix in each.suffixes), None)


def is_telling(head: bytes) -> bool:
    """Whether a beginning is long enough to tell the format, if the file goes on."""
    start = head.removeprefix(BOM_UTF8).lstrip()
    if len(head) >= _TELLING_BYTES or start[:1] not in (b"", b"[", b"{"):
        return True
    # A line with a whole object tells it; a tail that somebody follows may have no more for long.
    return start.startswith(b"{") and len(start.partition(b"\n")[0].strip()) > 1 and b"\n" in start


def detect_format(name: str, head: bytes) -> Format:
    """The format of a file that begins with `head`. Raises WrongFileError if nothing tells it."""
    if format_by_suffix(name) is CSV:
        return CSV
    start = head.removeprefix(BOM_UTF8).lstrip()
    if start.startswith(b"["):
        return AWS_CLI if _TYPED_ELEMENT.match(start) else JSON_ARRAY
    if start.startswith(b"{"):
        return _of_objects(start)
    if start.startswith(MARKER.encode()):
        return ION
    if not start:
        return format_by_suffix(name) or JSON_LINES
    raise WrongFileError(f"cannot tell the format of {name}; --format says it")


def _of_objects(start: bytes) -> Format:
    printed = aws_cli.START.match(start)
    if printed and _TYPED_ELEMENT.match(start, printed.end() - 1):
        return AWS_CLI
    line = start.partition(b"\n")[0]
    try:
        document: Any = orjson.loads(line)
    except ValueError:
        # The first object goes on in other lines, or further than what is looked at.
        if printed and b"\n" in printed[0]:
            return AWS_CLI
        return DYNAMODB_JSON if _TYPED_START.match(start) else JSON_LINES
    typed = bool(document) and (is_change(document) or is_item(unwrapped(document)))
    return DYNAMODB_JSON if typed else JSON_LINES
