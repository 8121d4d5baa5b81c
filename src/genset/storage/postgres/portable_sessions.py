"""Batches as interactive SERIALIZABLE transactions, in the SQL that PostgreSQL's relatives share.

The database itself finds conflicts and says so with 40001 or 40P01; then the batch is run again.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final

from genset.storage.postgres.asks import Ask
from genset.storage.postgres.batch import Batch
from genset.storage.postgres.connections import RANDOM, Connection, Connections
from genset.storage.postgres.failures import FAILURES, Failure, failure_of
from genset.storage.postgres.fetching import fetch
from genset.storage.postgres.held import Held
from genset.storage.postgres.sessions import CommitLostError
from genset.storage.postgres.statements import RowGuess

_BEGIN: Final = "BEGIN ISOLATION LEVEL SERIALIZABLE"
_DELETE_RANGES: Final = (
    "DELETE FROM genset.kv WHERE key >= $1 AND key < $2",
    "DELETE FROM genset.counters WHERE key >= $1 AND key < $2",
)
_DELETES: Final = (
    "DELETE FROM genset.kv WHERE key = ANY($1::bytea[])",
    "DELETE FROM genset.counters WHERE key = ANY($1::bytea[])",
)
_PUT: Final = (
    "INSERT INTO genset.kv (key, value, version) "
    "SELECT p.key, p.value, $3::bigint FROM unnest($1::bytea[], $2::bytea[]) AS p(key, value) "
    "ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version"
)
_ADD: Final = (
    "INSERT INTO genset.counters AS c (key, element, shard, amount) "
    "SELECT a.key, a.element, $4::smallint, a.amount "
    "FROM unnest($1::bytea[], $2::smallint[], $3::bigint[]) AS a(key, element, amount) "
    "ON CONFLICT (key, element, shard) DO UPDATE SET amount = c.amount + excluded.amount"
)
_ADVANCE: Final = (
    "UPDATE genset.writers SET last = $3, seen = now() WHERE id = $1 AND epoch = $2 RETURNING last"
)


class PortableSession:
    """A `Session` that is one transaction."""

    def __init__(self, connections: Connections, guess: RowGuess, shard: int) -> None:
        self._transaction = Held(connections, _BEGIN)
        self._guess = guess
        self._shard = shard
        self._connection: Connection

    async def __aenter__(self) -> PortableSession:
        """Begin the transaction."""
        self._connection = await self._transaction.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the transaction."""
        await self._transaction.__aexit__(kind, error, trace)

    async def prepare(self, batch: Batch) -> None:
        """See `Session.prepare`. Another transaction's findings are nothing in this one."""

    async def fetch(self, ask: Ask, batch: Batch) -> None:
        """See `Session.fetch`."""
        await fetch(self._connection, ask, batch.found, self._guess)

    async def commit(self, batch: Batch) -> bool:
        """See `Session.commit`. What was read is so, or the database refuses."""
        changes, held = batch.changes, self._connection
        serial = 0
        if changes.changed or changes.removed or changes.added:
            serial = held.serial + 1
            await self._change(batch, serial)
        try:
            await held.execute("COMMIT")
        except FAILURES as error:
            if serial and failure_of(error) is Failure.LOST:
                raise CommitLostError(held.writer, serial) from error
            raise
        held.serial = serial or held.serial
        return True

    async def _change(self, batch: Batch, serial: int) -> None:
        changes, held = batch.changes, self._connection
        for start, stop in changes.removed:
            for statement in _DELETE_RANGES:
                await held.execute(statement, start, stop)
        deleted = [key for key, value in changes.changed.items() if value is None]
        if deleted:
            for statement in _DELETES:
                await held.execute(statement, deleted)
        put = [(key, value) for key, value in changes.changed.items() if value is not None]
        if put:
            keys, values = [key for key, _ in put], [value for _, value in put]
            await held.execute(_PUT, keys, values, RANDOM.getrandbits(62) + 1)
        if changes.added:
            await self._add(batch)
        if await held.fetchval(_ADVANCE, held.writer, held.epoch, serial) is None:
            # Whoever asked what became of an earlier commit has taken the entry.
            held.writer = 0
            raise ConnectionError("the writer has been replaced")

    async def _add(self, batch: Batch) -> None:
        added: list[tuple[Any, ...]] = sorted(
            (key, element, amount)
            for key, amounts in batch.changes.added.items()
            for element, amount in enumerate(amounts)
        )
        columns = [list(column) for column in zip(*added, strict=True)]
        await self._connection.execute(_ADD, *columns, self._shard)
