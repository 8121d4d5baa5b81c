"""The loop that simulations run on: time without waiting, threads without threads."""

from __future__ import annotations

import asyncio
import random
import time

import pytest

from simulation.virtual_loop import Stopped, Stuck, VirtualLoop


def new_loop(seed: int = 1, start: float = 0.0) -> VirtualLoop:
    return VirtualLoop(random.Random(seed), start)


def test_time_jumps_to_the_next_timer() -> None:
    loop = new_loop(start=100.0)

    async def main() -> list[tuple[str, float]]:
        seen = []

        async def sleeper(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            seen.append((name, asyncio.get_running_loop().time()))

        await asyncio.gather(sleeper("late", 3600.0), sleeper("soon", 1.0))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(10_000.0), 400.0)
        return [*seen, ("timeout", loop.time())]

    began = time.monotonic()
    assert loop.run(main()) == [("soon", 101.0), ("late", 3700.0), ("timeout", 4100.0)]
    assert time.monotonic() - began < 30


def test_jobs_end_in_an_order_that_the_seed_decides() -> None:
    def order(seed: int) -> list[int]:
        loop = new_loop(seed)
        done: list[int] = []

        async def main() -> None:
            jobs = [loop.run_in_executor(None, done.append, number) for number in range(6)]
            assert done == []
            await asyncio.gather(*jobs)

        loop.run(main())
        return done

    assert order(1) == order(1)
    assert len({tuple(order(seed)) for seed in range(10)}) > 5


def test_the_loop_goes_on_while_a_job_is_in_its_middle() -> None:
    loop = new_loop()
    seen: list[str] = []

    def job() -> None:
        seen.append("job begins")
        loop.call_soon(seen.append, "a callback")
        loop.interrupt(1)
        seen.append("job ends")

    async def main() -> None:
        await loop.run_in_executor(None, job)
        # A callback is no job: nothing runs in its middle.
        loop.call_soon(seen.append, "another")
        loop.interrupt(1)
        seen.append("main ends")

    loop.run(main())
    assert seen == ["job begins", "a callback", "job ends", "main ends"]


def test_what_a_job_raises_is_raised_to_who_waits() -> None:
    loop = new_loop()

    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, lambda: 1 // 0)

    loop.run(main())
    assert loop.failures == []


def test_an_exception_of_a_callback_is_kept() -> None:
    loop = new_loop()

    async def main() -> None:
        loop.call_soon(lambda: 1 // 0)
        await asyncio.sleep(1.0)

    loop.run(main())
    assert [type(each["exception"]) for each in loop.failures] == [ZeroDivisionError]


def test_waiting_for_what_never_comes_is_an_error() -> None:
    loop = new_loop()

    async def main() -> None:
        await loop.create_future()

    with pytest.raises(Stuck):
        loop.run(main())
    loop.bury()


def test_a_stopped_loop_takes_no_further_step_and_what_it_ran_can_be_buried() -> None:
    loop = new_loop()
    ended = []

    async def main() -> None:
        try:
            loop.call_later(5.0, loop.stop)
            await asyncio.sleep(10.0)
            ended.append("it went on")
        finally:
            ended.append("buried")

    with pytest.raises(Stopped):
        loop.run(main())
    assert loop.time() == 5.0
    assert ended == []
    loop.bury()
    assert ended == ["buried"]
