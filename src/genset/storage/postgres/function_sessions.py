"""Batches that are checked and committed by one call of `genset.commit`.

A batch reads without locks and without a transaction; the call locks, checks that all it read is
still so, and makes its changes. A batch that keeps losing to others is locked from its beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final

from genset.storage.postgres.asks import Ask
from genset.storage.postgres.batch import Batch
from genset.storage.postgres.connections import (
    RANDOM,
    Connection,
    Connections,
    register_writer,
)
from genset.storage.postgres.failures import FAILURES, WRITER_REPLACED, Failure, failure_of
from genset.storage.postgres.fetching import fetch
from genset.storage.postgres.held import Held
from genset.storage.postgres.locks import Locks
from genset.storage.postgres.memory import Memory
from genset.storage.postgres.sessions import CommitLostError
from genset.storage.postgres.statements import RowGuess

COUNTER_SHARDS: Final = 16
"""Rows that one counter is spread over, so that writers to one table seldom wait for each other."""
_ARGUMENTS: Final = 27
COMMIT: Final = (
    "SELECT kind, key, value, version FROM genset.commit("
    + ", ".join(f"${number}" for number in range(1, _ARGUMENTS + 1))
    + ")"
)
# One message. Who waits for further locks while it holds these might wait for one that waits for
# it, so it does not wait for long.
_BEGIN: Final = (
    "BEGIN; SELECT genset.lock('{{{}}}'::bigint[], '{{{}}}'::boolean[]); "
    "SET LOCAL lock_timeout = '50ms'"
)


class FunctionSession:
    """A `Session` on PostgreSQL itself.

    If the same batch was `lost` to others that came first, it locks what that needed before it
    reads.
    """

    def __init__(
        self,
        connections: Connections,
        memory: Memory,
        guess: RowGuess,
        shard: int,
        lost: Sequence[Batch] = (),
    ) -> None:
        self._connections = connections
        self._memory = memory
        self._guess = guess
        self._shard = shard
        self._lost = lost
        self._transaction: Held | None = None
        self._held: Connection | None = None

    async def __aenter__(self) -> FunctionSession:
        """Begin; with locks, take them and keep the connection."""
        if self._lost:
            locks = Locks()
            for batch in self._lost:
                add_locks(locks, batch)
            numbers, alone = locks.numbers()
            begin = _BEGIN.format(",".join(map(str, numbers)), ",".join(map(str, alone)))
            self._transaction = Held(self._connections, begin)
            self._held = await self._transaction.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End: give the locks back."""
        if self._transaction is not None:
            await self._transaction.__aexit__(kind, error, trace)

    async def prepare(self, batch: Batch) -> None:
        """See `Session.prepare`. What is locked is fetched anew, and stays so."""
        if self._held is None:
            return
        batch.found.clear()
        keys = {key for each in self._lost for key in each.reads}
        counters = {key for each in self._lost for key in each.summed}
        await fetch(self._held, Ask(tuple(keys), tuple(counters)), batch.found, self._guess)

    async def fetch(self, ask: Ask, batch: Batch) -> None:
        """See `Session.fetch`."""
        if self._held is not None:
            await fetch(self._held, ask, batch.found, self._guess)
            return
        async with self._connections.take() as connection:
            await fetch(connection, ask, batch.found, self._guess)

    async def commit(self, batch: Batch) -> bool:
        """See `Session.commit`."""
        if self._held is not None:
            return await self._commit(self._held, batch)
        async with self._connections.take() as connection:
            return await self._commit(connection, batch)

    async def _commit(self, connection: Connection, batch: Batch) -> bool:
        changes = batch.changes
        serial = 0
        if changes.changed or changes.removed or changes.added:
            if not connection.writer:
                await register_writer(connection)
            serial = connection.serial + 1
        elif not (batch.reads or batch.ranges):
            return True
        version = RANDOM.getrandbits(62) + 1
        arguments = _arguments(batch, version, self._shard)
        try:
            stale = await connection.fetch(
                COMMIT, connection.writer, connection.epoch, serial, *arguments
            )
            if not stale and self._held is not None:
                await connection.execute("COMMIT")
        except FAILURES as error:
            if serial and failure_of(error) is Failure.LOST:
                raise CommitLostError(connection.writer, serial) from error
            if getattr(error, "sqlstate", None) == WRITER_REPLACED:
                # Its entry has been forgotten: the next try gives the connection another.
                connection.writer = 0
            raise
        if stale:
            self._put_right(batch, stale)
            return False
        connection.serial = serial or connection.serial
        self._memory.learn(batch, version)
        return True

    def _put_right(self, batch: Batch, stale: list[Any]) -> None:
        found = batch.found
        # They were read before the locks were taken, and a next try is not to mix the times.
        found.ranges.clear()
        found.digests.clear()
        for kind, key, value, version in stale:
            if kind == _VALUE:
                found.values[key], found.versions[key] = value, version
            elif kind == _COUNTERS:
                found.counters[key] = _counters_of(value)
            self._memory.forget(key)


_VALUE: Final = 1
_COUNTERS: Final = 2


def add_locks(locks: Locks, batch: Batch) -> None:
    """Add the locks of a batch's commit."""
    versions = batch.found.versions
    locks.add([key for key in batch.reads if key in versions], alone=False)
    locks.add(batch.changes.added, alone=False)
    locks.add([counter for counter, _ in batch.counted.values()], alone=False)
    locks.add(batch.summed, alone=True)
    locks.add(batch.changes.changed, alone=True)
    locks.add(batch.counted, alone=True)
    for asked in batch.ranges:
        locks.add_range(asked.start, asked.stop)
    for start, stop in batch.changes.removed:
        locks.add_range(start, stop)


def _arguments(batch: Batch, version: int, shard: int) -> list[Any]:
    """The arguments of `genset.commit` after those that name the writer."""
    found, changes = batch.found, batch.changes
    locks = Locks()
    add_locks(locks, batch)
    read = [key for key in batch.reads if key in found.versions]
    summed = list(batch.summed)
    ranges = list(batch.ranges)
    digests = [found.digests[asked] for asked in ranges]
    deleted = [key for key, value in changes.changed.items() if value is None]
    put = [(key, value) for key, value in changes.changed.items() if value is not None]
    added = [
        (key, element, amount)
        for key, amounts in changes.added.items()
        for element, amount in enumerate(amounts)
    ]
    counted = list(batch.counted.items())
    return [
        version,
        shard,
        *locks.numbers(),
        read,
        [found.versions[key] for key in read],
        summed,
        [",".join(map(str, found.counters[key])) for key in summed],
        [part.start for part, _ in digests],
        [part.stop for part, _ in digests],
        [part.limit for part, _ in digests],
        [part.reverse for part, _ in digests],
        [total for _, total in digests],
        [start for start, _ in changes.removed],
        [stop for _, stop in changes.removed],
        deleted,
        [key for key, _ in counted],
        [counter for _, (counter, _) in counted],
        [size for _, (_, size) in counted],
        [key for key, _ in put],
        [value for _, value in put],
        [key for key, _, _ in added],
        [element for _, element, _ in added],
        [amount for _, _, amount in added],
    ]


def _counters_of(text: bytes) -> tuple[int, ...]:
    return tuple([int(amount) for amount in text.split(b",")]) if text else ()
