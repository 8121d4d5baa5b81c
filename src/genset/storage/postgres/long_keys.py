"""Keys that are longer than an entry of a B-tree may be: 2,704 bytes in PostgreSQL.

Only an index entry with several long sort attributes has such a key. It is kept by its beginning
and a hash of all of it. So it is found, and pages go on behind it; only the order among keys that
agree in so many bytes is that of their hashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

KEY_BYTES_MAX: Final = 2600
"""What a key may have as it is; an entry of the B-tree has some bytes of its own."""
_HASH_BYTES: Final = 16


def shortened(key: bytes) -> bytes:
    """The form of a key of more than KEY_BYTES_MAX bytes in the database."""
    digest = blake2b(key, digest_size=_HASH_BYTES).digest()
    return key[: KEY_BYTES_MAX - _HASH_BYTES] + digest


def fitting(keys: Sequence[bytes]) -> Sequence[bytes]:
    """The forms of several keys in the database."""
    if all(len(key) <= KEY_BYTES_MAX for key in keys):
        return keys
    return [key if len(key) <= KEY_BYTES_MAX else shortened(key) for key in keys]


def bound(key: bytes) -> bytes:
    """The form of one end of a range; the least key behind another stays that."""
    if len(key) <= KEY_BYTES_MAX:
        return key
    if len(key) == KEY_BYTES_MAX + 1 and key[-1] == 0:
        # Behind a key that was read, and so was in this form.
        return key
    return shortened(key[:-1]) + b"\x00" if key[-1] == 0 else shortened(key)
