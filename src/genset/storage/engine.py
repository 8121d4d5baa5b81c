"""The narrow waist: an ordered map from bytes to bytes with serializable transactions.

Everything that DynamoDB has (items, indexes, the catalog, counters) is keys and values above it.
An engine knows nothing of them. One contract test suite (`tests/storage/`) runs on every engine.

Keys compare as unsigned bytes. Ranges are half open: `start <= key < stop`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, Protocol, TypeVar, runtime_checkable

from genset.storage.keyspace import value_size

T = TypeVar("T")

Durability = Literal["full", "relaxed"]
"""Whether a write is synced before it returns, or left to the operating system or the database."""


class StorageError(Exception):
    """An engine could not do what was asked; nothing of the transaction has happened."""


class StorageUnknownError(StorageError):
    """It is not known what became of a transaction: it has happened, whole, or not at all."""


class StorageFullError(StorageError):
    """There is no room to write. Reads go on; writes succeed again when there is room."""


class StorageClosedError(StorageError):
    """The engine has been closed."""


class StorageBusyError(StorageError):
    """More is asked of the store than it can do at present. Later the same will succeed."""


class Snapshot(Protocol):
    """One consistent view of the map, valid until the body it was given to returns."""

    async def get(self, key: bytes) -> bytes | None:
        """The value of `key`, or None."""

    async def get_stable(self, key: bytes) -> bytes | None:
        """As `get`, for a key that changes rarely.

        An engine may answer from memory and make sure later, before the body's result counts,
        that the answer was true in this view; if not, it runs the body again.
        """

    async def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values of `keys`, in their order; None where there is none."""

    async def scan(
        self,
        start: bytes,
        stop: bytes,
        *,
        limit: int,
        bytes_max: int | None = None,
        reverse: bool = False,
    ) -> list[tuple[bytes, bytes]]:
        """At most `limit` pairs with `start <= key < stop`, ascending, or descending if `reverse`.

        With `bytes_max` it may end with the pair whose value brings all values to so many bytes.
        `is_whole` tells whether the range holds no more.
        """

    async def get_counters(self, key: bytes) -> tuple[int, ...]:
        """The counters kept at `key` by `Transaction.add`; () if nothing was ever added."""


class Transaction(Snapshot, Protocol):
    """A snapshot that can be changed; it reads its own puts and deletes. All or nothing."""

    def put(self, key: bytes, value: bytes) -> None:
        """Set `key` to `value`."""

    def delete(self, key: bytes) -> None:
        """Remove `key`; nothing happens if it is absent."""

    async def put_counted(self, key: bytes, value: bytes, counter: bytes) -> None:
        """Set `key` to `value`, and add to the counters at `counter` what that changes.

        The first counter is of keys, the second of the sizes that their values begin with (see
        `keyspace.SIZE_BYTES`). What the key held is not told, so an engine need not fetch it.
        """

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

    @property
    def lags(self) -> bool:
        """Whether reads that need not be consistent may see an older view than the others."""

    async def read(self, body: Callable[[Snapshot], Awaitable[T]], *, consistent: bool = True) -> T:
        """Run `body` on one consistent view and return its result.

        With `consistent`, the view holds every write acknowledged before the call; without, it
        may be a little older. A body that raises passes its exception on.
        """

    async def write(self, body: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `body` in a serializable transaction, commit, and return its result.

        When this returns, the change is durable and visible to every later read. A body that
        raises has changed nothing, and its exception is passed on. StorageFullError and
        StorageError mean that nothing has changed, unless it is a StorageUnknownError.
        """

    async def scan_counters(
        self, start: bytes, stop: bytes, *, limit: int
    ) -> list[tuple[bytes, tuple[int, ...]]]:
        """At most `limit` keys with their counters, ascending, of a range that holds only such."""

    async def lead(self) -> bool:
        """Whether this engine leads: of all that have the store open, one at a time does.

        Asked again and again, about each second; one that stops asking is replaced in seconds.
        """

    async def close(self) -> None:
        """Finish what was accepted, then release everything. Idempotent."""


class Inspection(Protocol):
    """One consistent view of a whole store, for who reads all of it in order."""

    async def scan(
        self, start: bytes, stop: bytes, *, limit: int, bytes_max: int | None = None
    ) -> list[tuple[bytes, bytes]]:
        """As `Snapshot.scan`. What was read is not kept, however much it is."""

    async def scan_counters(
        self, start: bytes, stop: bytes, *, limit: int
    ) -> list[tuple[bytes, tuple[int, ...] | None]]:
        """As `Engine.scan_counters`, in this view; None for what cannot be counters."""

    def kept_key(self, key: bytes) -> bytes:
        """The form in which the store keeps a key, and in which scans have it."""


@runtime_checkable
class Inspectable(Protocol):
    """The ability of an engine to have its store read as a whole, beside whoever uses it."""

    async def inspect(self, body: Callable[[Inspection], Awaitable[T]]) -> T:
        """Run `body` on one consistent view and return its result.

        It may take long, and may be begun again before it has read much. It awaits nothing but its
        view. Raises StorageError.
        """


def put_over(
    transaction: Transaction, key: bytes, before: bytes | None, value: bytes, counter: bytes
) -> None:
    """Do what `Transaction.put_counted` does, for who knows what `key` held before."""
    transaction.put(key, value)
    if before is None:
        transaction.add(counter, 1, value_size(value))
    elif value_size(before) != value_size(value):
        transaction.add(counter, 0, value_size(value) - value_size(before))


def is_whole(
    pairs: Sequence[tuple[bytes, bytes]], limit: int, bytes_max: int | None = None
) -> bool:
    """Whether `pairs`, the result of a scan with these bounds, are all that its range holds."""
    if len(pairs) >= limit:
        return False
    return bytes_max is None or sum([len(value) for _, value in pairs]) < bytes_max
