"""The proxy breaks what it says it breaks, at the moment it names."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import asyncpg
import pytest
from tools.local_postgres import SUPERUSER, LocalPostgres, missing

from support.postgres_proxy import LATE_S_MAX, Moment, PostgresProxy
from support.postgres_wire import Messages

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

SSL_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"
BROKEN = (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError)


@pytest.fixture(scope="module")
def postgres() -> Iterator[LocalPostgres]:
    """With a function that the proxy knows as a commit, and a table that shows its calls."""
    with LocalPostgres(fsync=False) as server:
        server.sql("CREATE SCHEMA genset; CREATE TABLE committed (number int)")
        server.sql(
            "CREATE FUNCTION genset.commit(number int) RETURNS int LANGUAGE sql AS "
            "'INSERT INTO committed VALUES (number) RETURNING number'"
        )
        yield server


@pytest.fixture
def proxy(postgres: LocalPostgres) -> Iterator[PostgresProxy]:
    postgres.sql("TRUNCATE committed")
    with PostgresProxy(postgres.host, postgres.port) as started:
        yield started


def connection(proxy):
    return asyncpg.connect(proxy.url(SUPERUSER, "postgres"), timeout=5)


COMMIT = "SELECT genset.commit($1)"


async def commit(proxy, number):
    link = await connection(proxy)
    try:
        return await link.fetchval(COMMIT, number)
    finally:
        link.terminate()


async def give_up_commit(proxy, number, hold):
    """Ask for a commit once `hold` was called, and leave before there is an answer."""
    link = await connection(proxy)
    # Prepares the statement, so that the next one is all in one request.
    await link.fetchval(COMMIT, 1)
    hold()
    asked = asyncio.ensure_future(link.fetchval(COMMIT, number))
    await asyncio.sleep(0.05)
    assert not asked.done()
    link.terminate()
    with pytest.raises(BROKEN):
        await asked


def committed(postgres):
    return postgres.sql("SELECT number FROM committed ORDER BY number").split()


def wait_committed(postgres, number):
    deadline = time.monotonic() + 5
    while str(number) not in committed(postgres):
        assert time.monotonic() < deadline, f"{number} was not committed"
        time.sleep(0.01)


def test_it_forwards_all_while_nothing_is_broken(postgres, proxy):
    assert asyncio.run(commit(proxy, 1)) == 1
    assert committed(postgres) == ["1"]
    assert not proxy.cuts


@pytest.mark.parametrize("moment", [Moment.BEFORE, Moment.EXECUTED])
def test_a_commit_that_is_cut_early_has_not_happened(postgres, proxy, moment):
    proxy.cut_commits(moment)
    with pytest.raises(BROKEN):
        asyncio.run(commit(proxy, 1))
    assert proxy.cuts == {moment: 1}
    time.sleep(0.1)
    assert committed(postgres) == []


@pytest.mark.parametrize("moment", [Moment.SENT, Moment.ANSWERED, Moment.LATE])
def test_a_commit_that_is_cut_later_has_happened_or_will_soon(postgres, proxy, moment):
    proxy.cut_commits(moment)
    with pytest.raises(BROKEN):
        asyncio.run(commit(proxy, 1))
    assert proxy.cuts == {moment: 1}
    wait_committed(postgres, 1)


def test_a_late_commit_comes_after_its_connection_has_broken(postgres, proxy):
    proxy.cut_commits(Moment.LATE, seed=3)
    begun = time.monotonic()
    with pytest.raises(BROKEN):
        asyncio.run(commit(proxy, 1))
    assert committed(postgres) == []
    wait_committed(postgres, 1)
    assert time.monotonic() - begun < LATE_S_MAX + 2


def test_the_commit_of_a_transaction_of_several_statements_is_cut_too(postgres, proxy):
    async def work():
        link = await connection(proxy)
        try:
            async with link.transaction():
                await link.execute("INSERT INTO committed VALUES (7)")
        finally:
            link.terminate()

    proxy.cut_commits(Moment.ANSWERED)
    with pytest.raises(BROKEN):
        asyncio.run(work())
    assert committed(postgres) == ["7"]


def test_only_a_share_of_commits_is_cut_and_other_statements_are_not(postgres, proxy):
    async def work():
        link = await connection(proxy)
        for _ in range(20):
            assert await link.fetchval("SELECT 1") == 1
        link.terminate()
        broken = 0
        for number in range(40):
            try:
                await commit(proxy, number)
            except BROKEN:
                broken += 1
        return broken

    proxy.cut_commits(Moment.BEFORE, share=0.5)
    broken = asyncio.run(work())
    assert 5 < broken < 35
    assert len(committed(postgres)) == 40 - broken


def test_all_connections_are_cut_and_others_accepted(postgres, proxy):
    async def work():
        link = await connection(proxy)
        proxy.cut()
        with pytest.raises(BROKEN):
            await link.fetchval("SELECT 1")
        assert await commit(proxy, 1) == 1

    asyncio.run(work())


def test_a_closed_proxy_refuses_until_it_is_opened(postgres, proxy):
    proxy.close()
    with pytest.raises(BROKEN):
        asyncio.run(commit(proxy, 1))
    proxy.open()
    assert asyncio.run(commit(proxy, 2)) == 2


def test_a_held_request_arrives_when_its_client_has_long_gone(postgres, proxy):
    asyncio.run(give_up_commit(proxy, 2, proxy.hold))
    assert committed(postgres) == ["1"]
    proxy.release()
    wait_committed(postgres, 2)


def test_held_answers_hide_what_has_happened(postgres, proxy):
    asyncio.run(give_up_commit(proxy, 2, lambda: proxy.hold(requests=False)))
    wait_committed(postgres, 2)


def test_a_connection_is_accepted_while_all_is_held(proxy):
    async def work():
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(SSL_REQUEST)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        proxy.release()
        assert await asyncio.wait_for(reader.read(1), 5) == b"N"
        writer.close()

    proxy.hold()
    asyncio.run(work())


def test_each_piece_is_delayed(proxy):
    proxy.delay(0.05)
    begun = time.monotonic()
    asyncio.run(commit(proxy, 1))
    assert time.monotonic() - begun > 0.2


def test_messages_are_found_however_the_bytes_arrive():
    startup = b"\0\0\0\x0a\0\x03\0\0u\0"
    stream = SSL_REQUEST + startup + b"Q\0\0\0\x0acommit" + b"S\0\0\0\4"
    for size in range(1, len(stream)):
        messages = Messages(startup=True)
        found = []
        for first in range(0, len(stream), size):
            found += messages.feed(stream[first : first + size])
        assert [each.kind for each in found] == [b"", b"", b"Q", b"S"]
        assert b"".join(each.raw for each in found) == stream
