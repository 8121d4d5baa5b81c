"""The stored form of an item: its size, then its canonical DynamoDB JSON.

The JSON is exactly what goes on the wire, so a read without filter or projection splices it into
the answer unparsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

import orjson

from genset.model.attribute_values import Item
from genset.storage.keyspace import SIZE_BYTES, value_size

_unpack_size = Struct(">I").unpack_from


def encode_stored(item: Item, item_bytes: int) -> bytes:
    """The stored form of a decoded item of `item_bytes` in DynamoDB's measure."""
    return item_bytes.to_bytes(SIZE_BYTES) + orjson.dumps(item)


def decode_stored(stored: bytes) -> Item:
    """The item of a stored form."""
    return orjson.loads(memoryview(stored)[SIZE_BYTES:])  # type: ignore[no-any-return]


def stored_bytes(stored: bytes) -> int:
    """The item's size in DynamoDB's measure, without parsing it."""
    return value_size(stored)


def stored_json(stored: bytes) -> bytes:
    """The item's JSON, ready for the wire."""
    return stored[SIZE_BYTES:]


def stored_sizes(stored: Sequence[bytes]) -> list[int]:
    """`stored_bytes` of each; of a page of items, a call for each would cost more than the rest."""
    return [size for value in stored for size in _unpack_size(value)]


def stored_jsons(stored: Sequence[bytes]) -> list[bytes]:
    """`stored_json` of each."""
    return [value[SIZE_BYTES:] for value in stored]
