"""Clients that send too much, too slowly, or nonsense, and those that do not read."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from http_toy import Toy, chunked, post, serving, until
from hypothesis import given, settings
from hypothesis import strategies as st

from genset.wire._reader import RequestReader
from genset.wire.http import HttpLimits

SMALL = HttpLimits(body_bytes_max=10_000, head_bytes_max=2_000, linger_timeout_s=0.2)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (post(b"x" * 10_000), 200),
        (post(b"x" * 10_001), 413),
        (chunked(b"x" * 10_000, 1000), 200),
        (chunked(b"x" * 10_001, 1000), 413),
        (post(b"{}", b"A: " + b"x" * 1_800), 200),
        (post(b"{}", b"A: " + b"x" * 2_001), 431),
        (post(b"{}").replace(b"POST /", b"POST /?" + b"x" * 2_001), 431),
    ],
)
@pytest.mark.parametrize("piece", [100_000, 700])
def test_the_limits_hold_however_a_request_arrives(run, data, status, piece):
    async def main():
        async with serving(SMALL) as toy:
            client = await toy.connect()
            for start in range(0, len(data), piece):
                client.send(data[start : start + piece])
                await asyncio.sleep(0.002)
            answer = await client.answer()
            assert answer.status == status
            if status != 200:
                assert answer.headers["connection"] == "close"
                assert answer.headers["transfer-encoding"] == "chunked"
                assert await client.at_end()
            assert (await toy.ask(post())).status == 200

    run(main())


def test_the_real_limit_is_sixteen_megabytes(run):
    async def main():
        async with serving() as toy:
            assert (await toy.ask(post(b"x" * 16 * 1024 * 1024))).status == 200
            client = await toy.connect()
            # All of it is sent before the answer is read, which must not get lost.
            client.send(post(b"x" * (16 * 1024 * 1024 + 1)))
            await client.writer.drain()
            assert (await client.answer()).status == 413

    run(main())


def test_a_body_announced_too_large_is_refused_before_it_comes(run):
    async def main():
        async with serving(SMALL) as toy:
            head = post(b"", b"Expect: 100-continue").replace(b"Length: 0", b"Length: 10001")
            assert (await toy.ask(head)).status == 413

    run(main())


@pytest.mark.parametrize(
    "data",
    [
        b"garbage\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nA b: c\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + b"A: bbbbbbbbbb\r\n" * 2000 + b"\r\n",
        b"CONNECT a:1 HTTP/1.1\r\n\r\n",
    ],
)
def test_garbage_is_refused_after_the_answers_before_it(run, data):
    async def main():
        async with serving() as toy:
            answer = await toy.ask(data)
            assert answer.status == 400
            assert b"Traceback" not in answer.raw
            client = await toy.connect()
            client.send(post(b"yield 1") + post(b"2") + data + post(b"3"))
            assert (await client.answer()).body == b"echo:yield 1"
            assert (await client.answer()).body == b"echo:2"
            assert (await client.answer()).status == 400
            assert await client.at_end()

    run(main())


def test_endless_trailers_and_extensions_are_refused():
    for filler in (b"x" * 1000, b"A: b\r\n" * 200):
        reader = RequestReader(SMALL, lambda: 0.0)
        extension = b"\r\n1;" if filler.startswith(b"x") else b"\r\n0\r\n"
        reader.feed(chunked(b"", 1).partition(b"\r\n0\r\n")[0] + b"\r\n" + extension[2:])
        fed = 0
        while not reader.deaf:
            reader.feed(filler if filler.startswith(b"x") else filler.replace(b"A", b"A%d" % fed))
            fed += len(filler)
            assert fed < 10_000
        assert list(reader.ready)[-1] in (400, 431)


TIMEOUTS = HttpLimits(
    idle_timeout_s=0.1,
    head_timeout_s=0.1,
    body_timeout_s=0.1,
    write_timeout_s=0.1,
    linger_timeout_s=0.1,
    bytes_per_second_min=1_000_000_000,
)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", None),
        (b"\r\n\r\n", None),
        (b"POST / HT", 408),
        (post(b"{}")[:-30], 408),
        (post(b"{}")[:-1], 408),
        (chunked(b"hello", 1)[:-4], 408),
    ],
)
def test_a_slow_client_is_cut_off(run, data, status):
    async def main():
        async with serving(TIMEOUTS) as toy:
            client = await toy.connect()
            client.send(data)
            if status is not None:
                assert (await client.answer()).status == status
            assert await client.at_end()
            client = await toy.connect()
            assert (await client.ask(post())).status == 200
            client.send(data)
            if status is not None:
                assert (await client.answer()).status == status
            assert await client.at_end()

    run(main())


def test_a_client_that_trickles_is_cut_off(run):
    async def main():
        async with serving(TIMEOUTS) as toy:
            client = await toy.connect()
            answering = asyncio.ensure_future(client.answer())
            client.send(chunked(b"", 1).removesuffix(b"0\r\n\r\n"))
            while not answering.done():
                client.send(b"1\r\nx\r\n")
                await asyncio.sleep(0.005)
            assert answering.result().status == 408

    run(main())


def test_a_slow_handler_is_not_the_clients_fault(run):
    async def main():
        async with serving(TIMEOUTS) as toy:
            client = await toy.connect()
            client.send(post(b"wait") + post(b"2")[:-1])
            await asyncio.sleep(0.3)
            toy.handler.release.set()
            assert (await client.answer()).body == b"echo:wait"

    run(main())


def test_a_client_that_never_reads_is_cut_off(run):
    async def main():
        async with serving(TIMEOUTS) as toy:
            client = await toy.connect()
            client.writer.transport.pause_reading()
            client.send(post(b"big 20000000") * 3)
            await until(lambda: toy.handler.requests)
            # The answer after the first is not even made while nobody reads.
            await asyncio.sleep(0.05)
            assert len(toy.handler.requests) == 1
            await until(lambda: toy.server.connection_count == 0)

    run(main())


def test_a_client_that_does_not_read_its_last_answer_is_cut_off(run):
    async def main():
        async with serving(TIMEOUTS) as toy:
            client = await toy.connect()
            client.writer.transport.pause_reading()
            client.send(post(b"big 20000000", b"Connection: close"))
            await until(lambda: toy.handler.requests)
            await until(lambda: toy.server.connection_count == 0)

    run(main())


def test_a_refused_client_that_goes_on_sending_is_cut_off(run):
    async def main():
        async with serving(TIMEOUTS) as toy:
            client = await toy.connect()
            client.send(b"garbage\r\n\r\n")
            assert (await client.answer()).status == 400
            await until(lambda: toy.server.connection_count == 0)

    run(main())


def test_connections_beyond_the_limit_are_broken_off(run):
    async def main():
        async with serving(HttpLimits(connections_max=2)) as toy:
            first, second = await toy.connect(), await toy.connect()
            assert (await first.ask(post())).status == 200
            assert (await second.ask(post())).status == 200
            third = await toy.connect()
            assert await third.at_end()
            await first.close()
            await until(lambda: toy.server.connection_count == 1)
            assert (await toy.ask(post())).status == 200

    run(main())


requests = st.builds(post, st.binary(max_size=40)) | st.builds(
    chunked, st.binary(max_size=40), st.integers(1, 9)
)


@given(st.lists(requests, min_size=1, max_size=4), st.data())
def test_any_split_reads_as_the_whole(messages, data):
    stream = b"".join(messages)
    whole = RequestReader(SMALL, lambda: 0.0)
    whole.feed(stream)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8).map(sorted))
    pieces = RequestReader(SMALL, lambda: 0.0)
    for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        pieces.feed(stream[start:stop])
    assert not whole.in_message
    assert not pieces.in_message
    assert pieces.ready_bytes == whole.ready_bytes
    read = [(e.method, e.target, e.headers, e.body, e.keep_alive) for e in whole.ready]
    assert [(e.method, e.target, e.headers, e.body, e.keep_alive) for e in pieces.ready] == read
    assert len(read) == len(messages)


def mutate(parts: tuple[bytes, list[tuple[int, bytes]]]) -> bytes:
    stream, edits = parts
    for position, replacement in edits:
        at = position % (len(stream) + 1)
        stream = stream[:at] + replacement + stream[at + len(replacement) // 2 :]
    return stream


FRAGMENTS = """
\\r\\n|\\n|\\r|\\0| |:|\\xff|Content-Length: 5\\r\\n|0\\r\\n\\r\\n|HTTP/1.0|GET /|POST / HTTP/1.1|
Transfer-Encoding: chunked\\r\\n|Expect: 100-continue\\r\\n|Upgrade: h2c\\r\\n|
Connection: upgrade\\r\\n|Connection: close\\r\\n
"""
tokens = st.sampled_from(
    [
        fragment.encode().decode("unicode_escape").encode("latin-1")
        for fragment in FRAGMENTS.replace("\n", "").split("|")
    ]
) | st.binary(max_size=6)
streams = st.tuples(
    st.lists(requests, max_size=3).map(b"".join),
    st.lists(st.tuples(st.integers(0, 2000), tokens), max_size=6),
).map(mutate) | st.binary(max_size=200)


@settings(max_examples=150)
@given(streams, st.integers(1, 400))
def test_any_bytes_are_read_or_refused(stream, size):
    reader = RequestReader(SMALL, lambda: 0.0)
    for start in range(0, len(stream), size):
        reader.feed(stream[start : start + size])
    reader.close()


def test_the_server_serves_on_after_any_bytes(run, caplog):
    attacks: list[bytes] = []

    @settings(max_examples=150)
    @given(streams)
    def collect(stream: bytes) -> None:
        attacks.append(stream)

    async def attack(toy: Toy, stream: bytes) -> bytes:
        client = await toy.connect()
        client.send(stream)
        # It ends what it sends, except where the server has cut it off before that.
        with contextlib.suppress(ConnectionError, RuntimeError):
            client.writer.write_eof()
            return await client.reader.read(-1)
        return b""

    async def main():
        async with serving(SMALL) as toy:
            for stream in attacks:
                received = await attack(toy, stream)
                assert not received or received.startswith(b"HTTP/1.1 ")
                assert b"HTTP/1.1 500" not in received
                assert b"Traceback" not in received
                assert (await toy.ask(post())).status == 200

    collect()
    run(main())
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
