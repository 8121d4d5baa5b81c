"""Removing what lagging reads no longer need to see. See `genset.realism.lag`."""

from __future__ import annotations

from typing import Final

from genset.operations.operation import Services
from genset.realism.lag import KEPT_S, micros
from genset.storage import keyspace
from genset.storage.engine import Engine, Snapshot, Transaction

# Each portion may hold as many items of 400 KB.
_KEYS_PER_STEP: Final = 100


async def trim_history_round(engine: Engine, services: Services) -> None:
    """Remove all records that are too old. Raises StorageError."""
    oldest = micros(services.now() - KEPT_S)
    start, stop = keyspace.all_history()
    while start < stop:
        records = await _portion(engine, start, stop)
        expired = [record for record in records if keyspace.history_parts(record)[1] < oldest]
        if expired:
            await _remove(engine, expired)
        if len(records) < _KEYS_PER_STEP:
            return
        start = records[-1] + b"\x00"


async def _portion(engine: Engine, start: bytes, stop: bytes) -> list[bytes]:
    async def scan(snapshot: Snapshot) -> list[bytes]:
        return [key for key, _ in await snapshot.scan(start, stop, limit=_KEYS_PER_STEP)]

    return await engine.read(scan)


async def _remove(engine: Engine, records: list[bytes]) -> None:
    async def delete(txn: Transaction) -> None:
        for record in records:
            txn.delete(record)

    await engine.write(delete)
