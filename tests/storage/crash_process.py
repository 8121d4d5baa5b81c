"""Run as a process: writes until it is killed, and prints each acknowledged transaction.

Each transaction puts two keys, one per line of a client: "c<client> <number> left" and "right".
Argument: the database. A line of output is "<client> <number>".
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from pathlib import Path

from genset.storage.engine import Transaction
from genset.storage.sqlite import open_sqlite

CLIENTS = 8


async def main(path: Path) -> None:
    engine = open_sqlite(path)

    async def client(name: int) -> None:
        for number in itertools.count():

            async def body(transaction: Transaction, number: int = number) -> None:
                for side in (b"left", b"right"):
                    transaction.put(b"c%d %06d %s" % (name, number, side), bytes(300))
                transaction.add(b"n%d" % name, 1)

            await engine.write(body)
            os.write(1, b"%d %d\n" % (name, number))

    await asyncio.gather(*[client(name) for name in range(CLIENTS)])


asyncio.run(main(Path(sys.argv[1])))
