"""What the engine makes of a commit's outcome: known, told otherwise than known, or unknown."""

from __future__ import annotations

import asyncio
import itertools

import asyncpg
import pytest
from tools.local_postgres import SUPERUSER

from failover.load import wait_until
from genset.storage.engine import StorageUnknownError
from genset.storage.postgres.engine import open_postgres
from genset.storage.postgres.failures import Failure, failure_of
from support.postgres_proxy import LATE_S_MAX, Moment

CUTS = 20


@pytest.fixture(params=["postgresql", "portable"])
def dialect(request):
    return request.param


def put(key):
    async def body(transaction):
        transaction.put(key, b"value")

    return body


def count(postgres, database):
    return int(postgres.sql("SELECT count(*) FROM genset.kv", database))


def test_a_connection_whose_entry_was_forgotten_writes_on(postgres, database, dialect):
    async def work():
        engine = await open_postgres(postgres.url(database), dialect=dialect)
        await engine.write(put(b"a"))
        postgres.sql("DELETE FROM genset.writers", database)
        async with asyncio.timeout(2):
            await engine.write(put(b"b"))
        await engine.close()

    asyncio.run(work())
    assert count(postgres, database) == 2


def test_a_commit_that_arrives_late_does_not_undo_what_came_after_it(database, proxy, dialect):
    """It was answered by then: its connection broke, it had not happened, and was sent again."""

    def set_to(value):
        async def body(transaction):
            transaction.put(b"a", value)

        return body

    async def work():
        engine = await open_postgres(proxy.url(SUPERUSER, database), dialect=dialect)
        await engine.write(set_to(b"0"))
        proxy.cut_commits(Moment.LATE, seed=3)
        first = asyncio.ensure_future(engine.write(set_to(b"1")))
        await asyncio.to_thread(wait_until, lambda: proxy.cuts[Moment.LATE] > 0, 5)
        proxy.cut_commits()
        await first
        await engine.write(set_to(b"2"))
        await asyncio.sleep(LATE_S_MAX + 0.2)
        found = await engine.read(lambda snapshot: snapshot.get(b"a"))
        await engine.close()
        return found

    assert asyncio.run(work()) == b"2"


# Of the two only this one asks for a commit in one request.
@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_commit_is_not_tried_again_when_nobody_can_tell_what_became_of_it(
    postgres, database, proxy, dialect
):
    """Its answer is lost, and so is what its connection has noted of it."""

    async def work():
        engine = await open_postgres(proxy.url(SUPERUSER, database), dialect=dialect)
        await engine.write(put(b"a"))
        proxy.hold(requests=False)
        writes = asyncio.gather(
            *(engine.write(put(key)) for key in (b"b", b"c")), return_exceptions=True
        )
        await asyncio.to_thread(wait_until, lambda: count(postgres, database) == 3, 5)
        postgres.sql("ALTER TABLE genset.writers RENAME TO gone", database)
        proxy.cut()
        proxy.release()
        async with asyncio.timeout(2):
            errors = await writes
        await engine.close()
        return errors

    assert [type(error) for error in asyncio.run(work())] == [StorageUnknownError] * 2


def test_commits_that_are_cut_at_any_moment_happen_once(postgres, database, proxy, dialect):
    """Several engines append marks to a few values until enough of their commits were cut."""
    marks, acknowledged = itertools.count(), []

    def append(key, mark):
        async def body(transaction):
            transaction.put(key, (await transaction.get(key) or b"") + f"{mark},".encode())

        return body

    async def client(engine):
        while sum(proxy.cuts.values()) < CUTS:
            mark = next(marks)
            await engine.write(append(b"abc"[mark % 3 :][:1], mark))
            acknowledged.append(mark)

    async def work():
        url = proxy.url(SUPERUSER, database)
        engines = [await open_postgres(url, dialect=dialect) for _ in range(2)]
        proxy.cut_commits(*Moment, share=0.2, seed=1)
        async with asyncio.TaskGroup() as clients:
            for number in range(6):
                clients.create_task(client(engines[number % 2]))
        proxy.cut_commits()
        found = await engines[0].read(lambda snapshot: snapshot.get_many([b"a", b"b", b"c"]))
        for engine in engines:
            await engine.close()
        return found

    found = [int(mark) for value in asyncio.run(work()) for mark in value.split(b",")[:-1]]
    assert sorted(found) == sorted(acknowledged)


def test_an_ambiguous_result_is_a_commit_that_may_have_happened():
    """As CockroachDB calls what it answers with this code."""
    assert failure_of(asyncpg.StatementCompletionUnknownError()) is Failure.LOST
