"""Run as a process: increments one counter, in both of the ways there are, `times` times.

Arguments: the database, the number of increments, the number of concurrent clients.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from genset.storage.engine import Engine, Transaction
from genset.storage.sqlite import open_sqlite


async def increment(engine: Engine) -> None:
    async def body(transaction: Transaction) -> None:
        number = int(await transaction.get(b"number") or b"0") + 1
        transaction.put(b"number", b"%d" % number)
        transaction.add(b"counter", 1)

    await engine.write(body)


async def main(path: Path, times: int, clients: int) -> None:
    engine = open_sqlite(path)

    async def client() -> None:
        for _ in range(times // clients):
            await increment(engine)

    await asyncio.gather(*[client() for _ in range(clients)])
    await engine.close()


asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
