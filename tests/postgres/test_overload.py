"""Writes that cannot have their turn are told so, once, and in time."""

from __future__ import annotations

import asyncio

import pytest

from genset.storage.engine import StorageBusyError, StorageError
from genset.storage.postgres import patience
from genset.storage.postgres.patience import Patience
from genset.storage.postgres.writes import ALONE_MAX, Writes


class Stalled:
    """Sessions that get no connection, or, if `begins`, no answer."""

    is_checked_later = True

    def __init__(self, *, begins):
        self.begins, self.count = begins, 0

    def recall(self, key, found):
        """Nothing is remembered."""

    def begin(self, lost):
        self.count += 1
        return self

    async def __aenter__(self):
        if not self.begins:
            raise StorageBusyError("all connections to the database are in use")
        return self

    async def __aexit__(self, *_):
        pass

    async def prepare(self, batch):
        pass

    async def fetch(self, ask, batch):
        await asyncio.sleep(60)

    async def commit(self, batch):
        return True


async def put(txn):
    txn.put(b"\x02tablk", b"")


async def scan(txn):
    return await txn.scan(b"\x02", b"\x03", limit=9)


def test_a_batch_that_gets_no_connection_is_refused_as_one(run):
    sessions = Stalled(begins=False)

    async def scenario():
        writes = Writes(None, sessions, Patience())
        puts = [writes.write(put) for _ in range(9)]
        results = await asyncio.gather(*puts, return_exceptions=True)
        assert {type(result) for result in results} == {StorageBusyError}
        assert sessions.count == 1

    run(scenario())


def test_writes_that_wait_to_be_run_alone_are_refused_in_time(run, monkeypatch):
    monkeypatch.setattr(patience, "DEADLINE_S", 0.1)

    async def scenario():
        writes = Writes(None, Stalled(begins=True), Patience())
        tasks = [asyncio.ensure_future(writes.write(scan)) for _ in range(9)]
        refused, _ = await asyncio.wait(tasks, timeout=1)
        assert len(refused) == len(tasks) - ALONE_MAX
        for task in refused:
            with pytest.raises(StorageError, match="in time"):
                task.result()

    run(scenario())


def test_nothing_is_tried_again_when_its_time_is_over_but_for_a_moment(run, monkeypatch):
    """The next try could take as long again."""
    monkeypatch.setattr(patience, "DEADLINE_S", 0.2)
    tries = []

    async def attempt():
        tries.append(None)
        await asyncio.sleep(0.15)
        raise TimeoutError

    async def scenario():
        with pytest.raises(StorageError, match="does not answer"):
            await patience.Patience().insist(attempt)
        assert len(tries) == 1

    run(scenario())
