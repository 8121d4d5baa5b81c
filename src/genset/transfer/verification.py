"""Comparing the items of two tables: first by count and checksum, then one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from genset.transfer.canonical import DIGEST_BYTES, digest, key_text
from genset.transfer.plain import Item, dumps, to_plain

_MODULUS: Final = 1 << (8 * DIGEST_BYTES)
_NAMED_MAX: Final = 20


@dataclass(slots=True)
class Fingerprint:
    """The count and the checksum of items, which is the same in any order."""

    count: int = 0
    checksum: int = 0

    def add(self, item: Item) -> None:
        """Take an item in."""
        self.count += 1
        self.checksum = (self.checksum + int.from_bytes(digest(item))) % _MODULUS

    @property
    def text(self) -> str:
        """The checksum as it is shown."""
        return f"{self.checksum:0{2 * DIGEST_BYTES}x}"


def fingerprint(items: Iterable[Item]) -> Fingerprint:
    """That of all the items."""
    found = Fingerprint()
    for item in items:
        found.add(item)
    return found


@dataclass(slots=True)
class Differences:
    """How items differ from those that are expected; of each kind some are named by their key."""

    missing: int = 0
    changed: int = 0
    unexpected: int = 0
    named: list[str] = field(default_factory=list)

    def note(self, kind: str, key: str) -> None:
        """Count one: of `kind` "missing", "changed" or "unexpected"."""
        count = getattr(self, kind) + 1
        setattr(self, kind, count)
        if count <= _NAMED_MAX:
            self.named.append(f"{kind}: {key}")

    @property
    def count(self) -> int:
        """How many there are."""
        return self.missing + self.changed + self.unexpected


def differences(
    expected: Iterable[Item], actual: Iterable[Item], keys: Sequence[str], *, others: bool
) -> Differences:
    """Compare items by their keys; with `others`, there may be more than the expected ones.

    It keeps a digest of each expected item in memory.
    """
    digests = {key_text(item, keys): (digest(item), _key(item, keys)) for item in expected}
    found = Differences()
    for item in actual:
        wanted = digests.pop(key_text(item, keys), None)
        if wanted is None and not others:
            found.note("unexpected", _key(item, keys))
        elif wanted is not None and wanted[0] != digest(item):
            found.note("changed", wanted[1])
    for _, key in digests.values():
        found.note("missing", key)
    return found


def _key(item: dict[str, Any], keys: Sequence[str]) -> str:
    return dumps(to_plain({name: item[name] for name in keys if name in item}))
