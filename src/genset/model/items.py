"""The stored form of an item: its size, then its canonical DynamoDB JSON.

The JSON is exactly what goes on the wire, so a read without filter or projection splices it into
the answer unparsed.
"""

from __future__ import annotations

from typing import Final

import orjson

from genset.model.attribute_values import Item

_SIZE_BYTES: Final = 4


def encode_stored(item: Item, item_bytes: int) -> bytes:
    """The stored form of a decoded item of `item_bytes` in DynamoDB's measure."""
    return item_bytes.to_bytes(_SIZE_BYTES) + orjson.dumps(item)


def decode_stored(stored: bytes) -> Item:
    """The item of a stored form."""
    return orjson.loads(memoryview(stored)[_SIZE_BYTES:])  # type: ignore[no-any-return]


def stored_bytes(stored: bytes) -> int:
    """The item's size in DynamoDB's measure, without parsing it."""
    return int.from_bytes(stored[:_SIZE_BYTES])


def stored_json(stored: bytes) -> bytes:
    """The item's JSON, ready for the wire."""
    return stored[_SIZE_BYTES:]
