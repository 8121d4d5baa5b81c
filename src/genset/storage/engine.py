"""The narrow waist: an ordered map from bytes to bytes with serializable transactions.

Everything that DynamoDB has (items, indexes, the catalog, counters) is keys and values above it.
An engine knows nothing of them. One contract test suite (`tests/storage/`) runs on every engine.

Keys compare as unsigned bytes. Ranges are half open: `start <= key < stop`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class StorageError(Exception):
    """An engine could not do what was asked; nothing of the transaction has happened."""


class StorageFullError(StorageError):
    """There is no room to write. Reads go on; writes succeed again when there is room."""


class StorageClosedError(StorageError):
    """The engine has been closed."""


class Snapshot(Protocol):
    """One consistent view of the map, valid until the body it was given to returns."""

    async def get(self, key: bytes) -> bytes | None:
        """The value of `key`, or None."""

    async def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values of `keys`, in their order; None where there is none."""

    async def scan(
        self, start: bytes, stop: bytes, *, limit: int, reverse: bool = False
    ) -> list[tuple[bytes, bytes]]:
        """At most `limit` pairs with `start <= key < stop`, ascending, or descending if `reverse`.

        Fewer than `limit` pairs mean that the range holds no more.
        """

    async def get_counters(self, key: bytes) -> tuple[int, ...]:
        """The counters kept at `key` by `Transaction.add`; () if nothing was ever added."""


class Transaction(Snapshot, Protocol):
    """A snapshot that can be changed; it reads its own puts and deletes. All or nothing."""

    def put(self, key: bytes, value: bytes) -> None:
        """Set `key` to `value`."""

    def delete(self, key: bytes) -> None:
        """Remove `key`; nothing happens if it is absent."""

    def delete_range(self, start: bytes, stop: bytes) -> None:
        """Remove every key with `start <= key < stop`."""

    def add(self, key: bytes, *deltas: int) -> None:
        """Add `deltas`, element by element, to the signed 64-bit counters kept at `key`.

        Additions commute, so an engine need not make two writers of one counter conflict: that
        is why this is not a get and a put. They are visible to `get_counters` once the
        transaction has committed, and, in the same transaction, at once. A counter key is never
        given to `get`, `put` or `scan`; `delete` and `delete_range` remove it.
        """


class Engine(Protocol):
    """An open store. A body may be run again after a conflict: it acts only on its transaction."""

    async def read(self, body: Callable[[Snapshot], Awaitable[T]], *, consistent: bool = True) -> T:
        """Run `body` on one consistent view and return its result.

        With `consistent`, the view holds every write acknowledged before the call; without, it
        may be a little older. A body that raises passes its exception on.
        """

    async def write(self, body: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `body` in a serializable transaction, commit, and return its result.

        When this returns, the change is durable and visible to every later read. A body that
        raises has changed nothing, and its exception is passed on. StorageFullError and
        StorageError mean that nothing has changed.
        """

    async def close(self) -> None:
        """Finish what was accepted, then release everything. Idempotent."""
