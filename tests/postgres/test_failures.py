"""What breaks in between harms nobody but, at worst, who is told of it, and does not last."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from genset.storage.postgres.asks import Found
from genset.storage.postgres.batch import Batch
from genset.storage.postgres.connections import Connection, Connections
from genset.storage.postgres.failures import Failure, failure_of
from genset.storage.postgres.function_sessions import COMMIT, FunctionSession
from genset.storage.postgres.memory import Memory
from genset.storage.postgres.statements import RowGuess

KEY = b"\x02tablk"


async def increment(txn):
    number = int(await txn.get(KEY) or b"0") + 1
    txn.put(KEY, b"%d" % number)
    return number


async def scan(snapshot):
    return await snapshot.scan(b"\x02", b"\x03", limit=9)


async def execute(url, statement):
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
def lose_commit(monkeypatch):
    """Arranges that once a commit's connection breaks before it is sent, and something happens."""

    def arrange(happen):
        original = Connection.fetch
        waiting = [happen]

        async def fetch(connection, query, *arguments, **named):
            if query == COMMIT and waiting:
                await waiting.pop()()
                raise ConnectionResetError("cut")
            return await original(connection, query, *arguments, **named)

        monkeypatch.setattr(Connection, "fetch", fetch)

    return arrange


def test_a_connection_whose_writer_is_forgotten_writes_on(url, open_engine, run):
    """Who leads forgets writers that have been silent for a day; their connections may live on."""
    engine = open_engine(connections_max=1)
    assert run(engine.write(increment)) == 1
    run(execute(url, "DELETE FROM genset.writers"))
    assert run(engine.write(increment)) == 2


def test_a_lost_commit_whose_writer_is_lost_too_is_made_again(url, open_engine, run, lose_commit):
    engine = open_engine()
    assert run(engine.write(increment)) == 1
    lose_commit(lambda: execute(url, "DELETE FROM genset.writers"))

    async def together():
        return await asyncio.gather(engine.write(increment), engine.write(increment))

    assert run(together()) == [2, 3]
    assert run(engine.write(increment)) == 4


def test_a_lost_commit_that_did_not_happen_is_made_again(open_engine, run, lose_commit):
    engine = open_engine()
    assert run(engine.write(increment)) == 1
    lose_commit(lambda: asyncio.sleep(0))
    assert run(engine.write(increment)) == 2


def test_a_connection_to_a_server_that_takes_no_more_writes_is_not_used_again(url, run):
    """A host that was demoted may keep its sessions; a new one is looked for among all hosts."""
    connections = Connections(url, 1, {}, "read-write")
    write = "UPDATE genset.writers SET last = 0"

    async def scenario():
        async with connections.take() as connection:
            await connection.execute("SET default_transaction_read_only = on")
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            async with connections.take() as connection:
                await connection.execute(write)
        async with connections.take() as connection:
            await connection.execute(write)
        await connections.close()

    run(scenario())


def test_a_commit_whose_result_is_ambiguous_counts_as_lost():
    assert failure_of(asyncpg.StatementCompletionUnknownError()) is Failure.LOST


def test_a_write_that_finds_the_table_of_locks_full_is_tried_again():
    """It has room for some thousands, of all nodes: those of others are gone in a moment."""
    assert failure_of(asyncpg.OutOfMemoryError()) is Failure.CONFLICT


def test_reads_that_wait_for_a_connection_are_finished_before_the_engine_is_closed(
    open_engine, run
):
    engine = open_engine(connections_max=1)

    async def scenario():
        reads = [asyncio.ensure_future(engine.read(scan)) for _ in range(9)]
        await asyncio.sleep(0)
        await engine.close()
        assert all(read.done() for read in reads)
        assert await asyncio.gather(*reads) == [[]] * 9

    run(scenario())


def test_locks_that_cannot_be_given_back_end_with_their_connection(url, run, monkeypatch):
    connections, memory = Connections(url, 1, {}, "read-write"), Memory()
    lost = Batch([], Found(), memory.recall, is_checked_later=True)
    original = Connection.execute

    async def execute(connection, query, *arguments, **named):
        if query == "ROLLBACK":
            raise TimeoutError
        return await original(connection, query, *arguments, **named)

    async def scenario():
        with pytest.raises(TimeoutError):
            async with FunctionSession(connections, memory, RowGuess(), 0, [lost]):
                monkeypatch.setattr(Connection, "execute", execute)
        async with connections.take() as connection:
            assert not connection.is_in_transaction()
        await connections.close()

    run(scenario())


def test_a_connection_that_is_in_use_when_all_are_closed_is_closed_after_use(url, run):
    connections = Connections(url, 1, {}, "read-write")

    async def scenario():
        async with connections.take() as connection:
            await connections.close()
        assert connection.is_closed()

    run(scenario())
