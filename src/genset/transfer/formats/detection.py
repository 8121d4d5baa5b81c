"""Which format a file has, by its name and by how it begins."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from pathlib import PurePath
from typing import Any, Final

import orjson

from genset.transfer.formats.csv_items import CSV
from genset.transfer.formats.dynamodb_json import DYNAMODB_JSON, is_change, is_item, unwrapped
from genset.transfer.formats.format import Format
from genset.transfer.formats.json_array import JSON_ARRAY
from genset.transfer.formats.json_lines import JSON_LINES
from genset.transfer.formats.registry import FORMATS
from genset.transfer.records import TransferError

# For a first line that is longer than what is looked at: its first attribute has a type.
_TYPED_START: Final = re.compile(
    rb'\{\s*("(Item|NewImage|OldImage|Keys)"\s*:\s*\{\s*)?"(\\.|[^"\\])*"\s*:\s*'
    rb'\{\s*"(S|N|B|BOOL|NULL|SS|NS|BS|L|M)"\s*:'
)
_ION_START: Final = b"$ion_1_0"


def format_by_suffix(path: str) -> Format | None:
    """The format that a file's name says, also with .gz, or None."""
    suffix = PurePath(path.lower().removesuffix(".gz")).suffix
    return next((each for each in FORMATS.values() if suffix in each.suffixes), None)


def detect_format(name: str, head: bytes) -> Format:
    """The format of a file that begins with `head`. Raises TransferError if nothing tells it."""
    if format_by_suffix(name) is CSV:
        return CSV
    start = head.removeprefix(BOM_UTF8).lstrip()
    if start.startswith(b"["):
        return JSON_ARRAY
    if start.startswith(b"{"):
        return DYNAMODB_JSON if _is_typed(start) else JSON_LINES
    if start.startswith(_ION_START):
        raise TransferError(f"{name} is Amazon Ion, which is not read; export as DYNAMODB_JSON")
    if not start:
        return format_by_suffix(name) or JSON_LINES
    raise TransferError(f"cannot tell the format of {name}; --format says it")


def _is_typed(start: bytes) -> bool:
    try:
        document: Any = orjson.loads(start.partition(b"\n")[0])
    except ValueError:
        return _TYPED_START.match(start) is not None
    if not isinstance(document, dict) or not document:
        return False
    return is_change(document) or is_item(unwrapped(document))
