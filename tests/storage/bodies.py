"""Transaction bodies that most storage tests use."""

from __future__ import annotations

from collections.abc import Mapping

from genset.storage.engine import Engine, Snapshot, Transaction

Pair = tuple[bytes, bytes]


async def put(engine: Engine, pairs: Mapping[bytes, bytes]) -> None:
    async def body(transaction: Transaction) -> None:
        for key, value in pairs.items():
            transaction.put(key, value)

    await engine.write(body)


async def get(engine: Engine, key: bytes) -> bytes | None:
    async def body(snapshot: Snapshot) -> bytes | None:
        return await snapshot.get(key)

    return await engine.read(body)


async def scan(
    engine: Engine,
    start: bytes = b"",
    stop: bytes = b"\xff" * 8,
    *,
    limit: int = 10_000,
    reverse: bool = False,
) -> list[Pair]:
    async def body(snapshot: Snapshot) -> list[Pair]:
        return await snapshot.scan(start, stop, limit=limit, reverse=reverse)

    return await engine.read(body)


async def counters(engine: Engine, key: bytes) -> tuple[int, ...]:
    async def body(snapshot: Snapshot) -> tuple[int, ...]:
        return await snapshot.get_counters(key)

    return await engine.read(body)


async def increment(engine: Engine, key: bytes) -> int:
    """Read, add one, write; a lost update shows in the end."""

    async def body(transaction: Transaction) -> int:
        number = int(await transaction.get(key) or b"0") + 1
        transaction.put(key, b"%d" % number)
        return number

    return await engine.write(body)
