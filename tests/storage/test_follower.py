"""A replica that does not answer is left alone for a while, and then asked by one read."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from genset.storage.engine import StorageError
from genset.storage.postgres.follower import AWAY_S, Follower
from simulation.virtual_loop import VirtualLoop


class Replica:
    """Takes a second for each read that it gets, and fails while it is down."""

    def __init__(self) -> None:
        self.is_down = False
        self.asked = 0

    async def read(self, body: Callable[[Any], Awaitable[Any]]) -> Any:
        self.asked += 1
        await asyncio.sleep(1.0)
        if self.is_down:
            raise StorageError("gone")
        return await body(None)


async def body(_: Any) -> str:
    return "old"


async def attempt(follower: Follower) -> str | None:
    """What a read sees; None if it was refused."""
    try:
        return await follower.read(body)
    except StorageError:
        return None


def test_one_read_in_a_while_waits_for_a_replica_that_is_down() -> None:
    async def scenario() -> None:
        replica = Replica()
        follower = Follower(replica)  # type: ignore[arg-type]
        assert await attempt(follower) == "old"
        replica.is_down = True
        assert await attempt(follower) is None
        began, replica.asked = loop.time(), 0
        assert [await attempt(follower) for _ in range(100)] == [None] * 100
        assert (loop.time(), replica.asked) == (began, 0)

        await asyncio.sleep(AWAY_S)
        assert await asyncio.gather(*(attempt(follower) for _ in range(100))) == [None] * 100
        assert replica.asked == 1

        replica.is_down = False
        await asyncio.sleep(AWAY_S)
        answers = await asyncio.gather(*(attempt(follower) for _ in range(100)))
        assert (answers[0], set(answers[1:])) == ("old", {None})
        assert await asyncio.gather(*(attempt(follower) for _ in range(100))) == ["old"] * 100

    loop = VirtualLoop(random.Random(1), start=100.0)
    loop.run(scenario())


def test_what_the_body_raises_does_not_mean_that_the_replica_is_down() -> None:
    async def fail(_: Any) -> None:
        raise KeyError

    async def scenario() -> None:
        follower = Follower(Replica())  # type: ignore[arg-type]
        for _ in range(2):
            with pytest.raises(KeyError):
                await follower.read(fail)
        assert await attempt(follower) == "old"

    VirtualLoop(random.Random(1)).run(scenario())
