"""What follows from an item, as it is sorted and laid beside what is there."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import orjson

from genset.model.attribute_values import Item

_SIZE: Final = struct.Struct(">I")
_DIGEST_BYTES: Final = 16
_NEEDED: Final = b"\x01"
_ALLOWED: Final = b"\x00"
NO_DIGEST: Final = bytes(_DIGEST_BYTES)
"""Of what has no contents."""


@dataclass(frozen=True, slots=True)
class Derived:
    """That an item has something: what it must hold, and which item it is, by its storage key.

    It `is_needed`, or may be missing, because the background has not come to it.
    """

    is_needed: bool
    digest: bytes
    item: bytes

    def encode(self) -> bytes:
        """Its form while it is sorted."""
        return (_NEEDED if self.is_needed else _ALLOWED) + self.digest + self.item

    @classmethod
    def decode(cls, encoded: bytes) -> Derived:
        """The inverse."""
        end = len(_NEEDED) + _DIGEST_BYTES
        return cls(encoded[:1] == _NEEDED, encoded[1:end], encoded[end:])


def digest(size: int, item: Item) -> bytes:
    """What two entries have alike that hold the same, in whatever order."""
    text = orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
    return blake2b(_SIZE.pack(size) + text, digest_size=_DIGEST_BYTES).digest()
