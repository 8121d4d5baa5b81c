"""Having a store for oneself: no server may run on it, and none is to begin unnoticed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Final, NoReturn, TypeVar

from genset.cli.stores.store import Store, open_engine
from genset.storage.engine import Engine, StorageError

T = TypeVar("T")

# Longer than a server that was killed is still taken for alive.
_LEAD_WAIT_S: Final = 7.0
_LEAD_PAUSE_S: Final = 1.0


@contextlib.asynccontextmanager
async def opened(store: Store, *, creates: bool = True) -> AsyncIterator[Engine]:
    """The engine on a store, closed at the end. See `open_engine`. Raises StorageError."""
    engine = await open_engine(store, creates=creates)
    try:
        yield engine
    finally:
        await engine.close()


async def take_lead(engine: Engine, store: Store) -> None:
    """Lead the store, which a server that runs on it would do: raise StorageError if one does."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _LEAD_WAIT_S
    while not await engine.lead():
        if loop.time() > deadline:
            raise StorageError(f"a genset server runs on {store}; stop it first")
        await asyncio.sleep(_LEAD_PAUSE_S)


async def keep_lead(engine: Engine, store: Store) -> NoReturn:
    """Go on leading; raise StorageError once somebody else does."""
    while await engine.lead():
        await asyncio.sleep(_LEAD_PAUSE_S)
    raise StorageError(f"a genset server was started on {store} meanwhile")


async def unless(moving: Coroutine[Any, Any, T], *watches: Coroutine[Any, Any, NoReturn]) -> T:
    """The result of `moving`, or the error of what ends before it."""
    task = asyncio.create_task(moving)
    tasks: list[asyncio.Task[Any]] = [task, *map(asyncio.create_task, watches)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for watch in tasks[1:]:
            if watch.done():
                watch.result()
        return task.result()
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
