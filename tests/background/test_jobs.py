"""Who runs the jobs, and when: of all that share a store, the process that leads."""

from __future__ import annotations

import asyncio
import logging
import random

import pytest

from genset.background.jobs import Job, JobRunner, all_jobs
from genset.storage import keyspace
from genset.storage.engine import StorageError
from genset.storage.sqlite import open_sqlite
from simulation.virtual_loop import VirtualLoop
from support import tables
from support.in_process import InProcess

KEYED = tables.table("pk", types={"pk": "S"})


@pytest.fixture
def run():
    """Runs a coroutine in time that takes no time."""
    loop = VirtualLoop(random.Random(1))

    def run(main):
        try:
            return loop.run(main)
        finally:
            loop.bury()

    return run


class Store:
    """One store, which processes share. `leader` is the one that leads, None if none does yet."""

    def __init__(self):
        self.engine = open_sqlite(None)
        self.leader = None
        self.fails = False


class Process:
    """One process: its part of the store, and its jobs. `rounds` are those of a job of each 2 s."""

    def __init__(self, store, *, jobs=None, round_s=0.0):
        self.store = store
        self.reads = self.writes = 0
        self.rounds = []
        self._round_s = round_s
        counted = Job(name="counted job", pause_s=2.0, run=self._count)
        services = InProcess(store.engine).services
        self.runner = JobRunner(self, services, [counted] if jobs is None else jobs)
        self._running = asyncio.ensure_future(self.runner.run())

    async def _count(self, *_):
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(self._round_s)
        self.rounds.append(began)

    async def die(self):
        """End, and with it the lead that it may have."""
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        if self.store.leader is self:
            self.store.leader = None

    # What an engine does.

    async def read(self, body, *, consistent=True):
        self.reads += 1
        return await self.store.engine.read(body, consistent=consistent)

    async def write(self, body):
        self.writes += 1
        return await self.store.engine.write(body)

    async def lead(self):
        if self.store.fails:
            raise StorageError("the database is away")
        if self.store.leader is None:
            self.store.leader = self
        return self.store.leader is self


def test_only_the_process_that_leads_runs_jobs(run):
    async def scenario():
        store = Store()
        first, second = Process(store), Process(store)
        await asyncio.sleep(21)
        assert store.leader is first
        assert len(first.rounds) == 10
        assert second.rounds == []

    run(scenario())


def test_another_takes_over_within_seconds(run):
    async def scenario():
        store = Store()
        first, second = Process(store), Process(store)
        await asyncio.sleep(10)
        await first.die()
        await asyncio.sleep(4)
        assert second.rounds, "its jobs have run"

    run(scenario())


def test_who_loses_the_lead_finishes_the_round_under_way_and_begins_no_other(run):
    async def scenario():
        store = Store()
        process = Process(store, round_s=5.0)
        await asyncio.sleep(3)
        store.leader = "another"
        await asyncio.sleep(30)
        assert process.rounds == [2.0]
        store.leader = process
        await asyncio.sleep(30)
        assert process.rounds[1] >= 33.0

    run(scenario())


def test_who_cannot_ask_does_not_lead_and_says_so_once(run, caplog):
    async def scenario():
        store = Store()
        process = Process(store)
        await asyncio.sleep(5)
        rounds = list(process.rounds)
        store.fails = True
        await asyncio.sleep(30)
        assert process.rounds == rounds
        assert [each.getMessage() for each in caplog.records if each.levelname == "ERROR"] == [
            "the question who does the background work failed (the database is away); it is tried "
            "again"
        ]
        assert all(each.exc_info is None for each in caplog.records)
        store.fails = False
        await asyncio.sleep(4)
        assert len(process.rounds) > len(rounds)
        # It has been well again: the next failure is told too.
        store.fails = True
        await asyncio.sleep(4)
        assert len([each for each in caplog.records if each.levelname == "ERROR"]) == 2

    with caplog.at_level(logging.INFO):
        run(scenario())


def test_a_job_that_fails_is_tried_again_and_the_others_go_on(run, caplog):
    async def fail(*_):
        raise StorageError("the disk is full")

    async def scenario():
        rounds = []

        async def work(*_):
            rounds.append(1)

        bad = Job(name="bad job", pause_s=1.0, run=fail)
        good = Job(name="good job", pause_s=1.0, run=work)
        Process(Store(), jobs=[bad, good])
        await asyncio.sleep(3.5)
        assert len(rounds) == 3
        told = "the bad job failed (the disk is full); it is tried again"
        assert [each.getMessage() for each in caplog.records] == [told] * 3
        assert all(each.exc_info is None for each in caplog.records)

    run(scenario())


def test_a_fault_of_ours_is_told_with_its_place(run, caplog):
    async def fail(*_):
        raise ZeroDivisionError

    async def scenario():
        Process(Store(), jobs=[Job(name="bad job", pause_s=1.0, run=fail)])
        await asyncio.sleep(1.5)

    run(scenario())
    (record,) = caplog.records
    assert isinstance(record.exc_info[1], ZeroDivisionError)


def test_who_leads_is_woken_at_once(run):
    async def scenario():
        process = Process(Store())
        await asyncio.sleep(0.5)
        process.runner.wake()
        await asyncio.sleep(0.1)
        assert process.rounds == [0.5]

    run(scenario())


def test_what_came_to_a_process_that_does_not_lead_is_done_within_a_second_or_so(run):
    """Nobody wakes the leader here: it finds the work by looking."""

    async def left(txn):
        ranges = (keyspace.sweep_range(), keyspace.backfill_range(), keyspace.index_sweep_range())
        return [await txn.scan(*each, limit=1) for each in ranges]

    async def scenario():
        store = Store()
        Process(store, jobs=all_jobs())
        server = InProcess(store.engine)

        async def done_in_time(operation, **members):
            status, body = await server.send(operation, {"TableName": "tab", **members})
            assert status == 200, body
            assert any(await store.engine.read(left))
            await asyncio.sleep(1.5)
            assert not any(await store.engine.read(left))

        await server.send("CreateTable", {"TableName": "tab", **KEYED})
        create = {"Create": tables.index("gsi", "g")}
        drop = {"Delete": {"IndexName": "gsi"}}
        await done_in_time(
            "UpdateTable",
            AttributeDefinitions=tables.definitions(g="S"),
            GlobalSecondaryIndexUpdates=[create],
        )
        await done_in_time("UpdateTable", GlobalSecondaryIndexUpdates=[drop])
        await done_in_time("DeleteTable")

    run(scenario())


def test_an_idle_server_stays_idle(run):
    """A hundred tables with all that jobs look after, and nothing to do."""

    async def scenario():
        store = Store()
        server = InProcess(store.engine)
        for number in range(100):
            name = {"TableName": f"table-{number}"}
            await server.send("CreateTable", {**name, **KEYED})
            spec = {"AttributeName": "ttl", "Enabled": True}
            await server.send("UpdateTimeToLive", {**name, "TimeToLiveSpecification": spec})
        await server.run_jobs()
        leader, other = Process(store, jobs=all_jobs()), Process(store, jobs=all_jobs())
        await asyncio.sleep(2)
        leader.reads = leader.writes = 0
        await asyncio.sleep(100)
        assert (leader.writes, other.writes, other.reads) == (0, 0, 0)
        assert leader.reads <= 800

    run(scenario())
