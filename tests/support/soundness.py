"""Whether what servers have left in a store is sound."""

from __future__ import annotations

import asyncio

from genset.integrity.check import check
from support.stores import Store


def assert_sound(store: Store) -> None:
    """Check all of a store, beside the servers on it if there are some."""

    async def report() -> tuple[str, ...]:
        engine = await store.open()
        try:
            return tuple(map(str, (await check(engine)).problems))
        finally:
            await engine.close()

    assert asyncio.run(report()) == ()
