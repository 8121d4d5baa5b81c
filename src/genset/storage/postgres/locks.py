"""Which locks a write takes in PostgreSQL: those of its keys, and of what its keys begin with.

A key is locked alone by who writes it, and together by those who only read it. What it begins
with, its first byte and its first five (a subspace, and a table in it), is locked together by all
of them, and alone by who reads or removes a range, so that no key comes into it. Counters are
locked together by those who add to them, and alone by who reads them.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from genset.storage.keyspace import after_prefix

LOCKS_MAX: Final = 512
"""The server has room for some thousands in all; whoever wants more locks whole prefixes."""
_LONG: Final = 5
_LOCK_BYTES: Final = 8


class Locks:
    """The locks of one commit, as they are gathered: True for those taken alone."""

    def __init__(self) -> None:
        self._keys: dict[bytes, bool] = {}
        self._prefixes: dict[bytes, bool] = {}

    def add(self, keys: Iterable[bytes], *, alone: bool) -> None:
        """Lock `keys`."""
        for key in keys:
            self._keys[key] = alone or self._keys.get(key, False)

    def add_range(self, start: bytes, stop: bytes) -> None:
        """Keep others from the range."""
        if start >= stop:
            return
        prefix = start[:_LONG]
        if len(prefix) == _LONG and (stop[:_LONG] == prefix or stop == after_prefix(prefix)):
            self._prefixes[prefix] = True
            return
        last = stop[0] if len(stop) > 1 else stop[0] - 1
        for first in range(start[0] if start else 0, last + 1):
            self._prefixes[bytes([first])] = True
        if not start:
            self._prefixes[b""] = True

    def numbers(self) -> tuple[list[int], list[bool]]:
        """The locks' numbers, in the order in which all take them, and which are taken alone."""
        are_too_many = len(self._keys) > LOCKS_MAX
        wanted: dict[int, bool] = {}
        prefixes = dict(self._prefixes)
        for key in self._keys:
            prefixes.setdefault(key[:1], False)
            if are_too_many:
                prefixes[key[:_LONG]] = True
            else:
                prefixes.setdefault(key[:_LONG], False)
        for prefix, alone in prefixes.items():
            number = _number(b"prefix", prefix)
            wanted[number] = alone or wanted.get(number, False)
        if not are_too_many:
            for key, alone in self._keys.items():
                number = _number(b"key", key)
                wanted[number] = alone or wanted.get(number, False)
        ordered = sorted(wanted)
        return ordered, [wanted[number] for number in ordered]


def _number(kind: bytes, text: bytes) -> int:
    digest = blake2b(text, digest_size=_LOCK_BYTES, person=kind).digest()
    return int.from_bytes(digest, signed=True)
