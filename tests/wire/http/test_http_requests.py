"""Requests and answers: what is read, what the handler sees, what is sent."""

from __future__ import annotations

import asyncio
import re
import zlib

import pytest
from http_toy import ToyHandler, chunked, post, serving, until

from genset.wire.http import HttpConnection, HttpLimits, HttpService


def test_an_answer_carries_the_services_headers(run):
    async def main():
        async with serving(wall_clock=lambda: 1_000_000_000.0) as toy:
            answer = await toy.ask(post(b'{"a":1}'))
        assert answer.status == 200
        assert answer.body == b'echo:{"a":1}'
        assert re.fullmatch("[A-Z0-9]{52}", answer.headers["x-amzn-requestid"])
        assert int(answer.headers["x-amz-crc32"]) == zlib.crc32(answer.body)
        assert answer.headers["content-type"] == "application/x-amz-json-1.0"
        assert answer.headers["date"] == "Sun, 09 Sep 2001 01:46:40 GMT"
        assert answer.headers["server"] == "Server"
        assert answer.headers["connection"] == "keep-alive"
        assert "access-control-allow-origin" not in answer.headers

    run(main())


def test_request_ids_differ_and_come_from_the_given_source(run):
    async def main():
        ids = iter(["A" * 52, "B" * 52])
        async with serving(request_ids=lambda: next(ids)) as toy:
            client = await toy.connect()
            assert (await client.ask(post())).headers["x-amzn-requestid"] == "A" * 52
            assert (await client.ask(post())).headers["x-amzn-requestid"] == "B" * 52
            assert toy.handler.requests[1].request_id == "B" * 52
        async with serving() as toy:
            client = await toy.connect()
            first, second = await client.ask(post()), await client.ask(post())
            assert first.headers["x-amzn-requestid"] != second.headers["x-amzn-requestid"]

    run(main())


def test_the_handler_sees_the_request_as_sent(run):
    async def main():
        async with serving() as toy:
            data = post(b"hi", b"X-Two:  a b ", b"x-two: c").replace(b"POST /", b"POST /?q=1&r")
            await toy.ask(data)
            request = toy.handler.requests[0]
        assert (request.method, request.path, request.query) == (b"POST", b"/", b"q=1&r")
        assert request.headers[b"x-amz-target"] == b"DynamoDB_20120810.GetItem"
        assert request.headers[b"x-two"] == b"a b ,c"
        assert request.body == b"hi"
        assert request.raw_body is request.body
        assert len(request.request_id) == 52

    run(main())


@pytest.mark.parametrize("loop_body", [b"{}", b"yield {}", b""])
def test_requests_follow_one_another_on_a_connection(run, loop_body):
    async def main():
        async with serving() as toy:
            client = await toy.connect()
            for _ in range(5):
                assert (await client.ask(post(loop_body))).body == b"echo:" + loop_body

    run(main())


@pytest.mark.parametrize(
    "data",
    [post(b'{"key":"value"}'), chunked(b'{"key":"value"}', 4)],
    ids=["length", "chunked"],
)
def test_a_request_may_be_split_anywhere(run, data):
    async def main():
        async with serving() as toy:
            client = await toy.connect()
            for cut in range(1, len(data)):
                client.send(data[:cut])
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                answer = await client.ask(data[cut:])
                assert answer.body == b'echo:{"key":"value"}'
            for byte in data:
                client.send(bytes([byte]))
                await asyncio.sleep(0)
            assert (await client.answer()).status == 200

    run(main())


def test_pipelined_requests_are_answered_in_order(run):
    async def main():
        async with serving() as toy:
            client = await toy.connect()
            bodies = [b"yield 0", b"1", b"2", b"yield 3", b"raise", b"5", b"wait-raise", b"7"]
            client.send(b"".join(post(body) for body in bodies))
            for body in bodies:
                answer = await client.answer()
                if body.endswith(b"raise"):
                    assert answer.status == 500
                else:
                    assert answer.body == b"echo:" + body

    run(main())


def test_a_client_that_pipelines_without_end_is_not_read_without_end(run):
    async def main():
        limits = HttpLimits(pipelined_requests_max=4)
        async with serving(limits) as toy:
            client = await toy.connect()
            client.send(post(b"wait"))
            body = b"x" * 100_000
            for _ in range(200):
                client.send(post(body))
            await until(lambda: toy.handler.requests)
            await asyncio.sleep(0.05)
            # Most of the 20 MB is still on the client's side or in the sockets.
            assert client.writer.transport.get_write_buffer_size() > 5_000_000
            toy.handler.release.set()
            for _ in range(201):
                assert (await client.answer()).status == 200

    run(main())


def test_a_body_may_come_in_chunks_with_extensions_and_trailers(run):
    async def main():
        async with serving() as toy:
            client = await toy.connect()
            data = chunked(b"hello world", 5)
            data = data.replace(b"\r\n5\r\n", b"\r\n5;a=b\r\n").removesuffix(b"\r\n")
            data += b"X-Amz-Target: Other\r\nX-Trailer: 1\r\n\r\n"
            client.send(data)
            assert (await client.answer()).body == b"echo:hello world"
            assert (await client.ask(post(b"next"))).body == b"echo:next"
        first, second = toy.handler.requests
        assert first.headers[b"x-amz-target"] == b"DynamoDB_20120810.GetItem"
        assert b"x-trailer" not in first.headers
        assert b"x-trailer" not in second.headers

    run(main())


def test_continue_is_sent_only_to_a_client_that_waits_for_it(run):
    async def main():
        async with serving() as toy:
            client = await toy.connect()
            head, body = post(b"hello", b"Expect: 100-continue").split(b"\r\n\r\n")
            client.send(head + b"\r\n\r\n")
            assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            assert (await client.ask(body)).body == b"echo:hello"
            assert (await client.ask(head + b"\r\n\r\n" + body)).body == b"echo:hello"
            old = head.replace(b"HTTP/1.1", b"HTTP/1.0")
            client.send(old + b"\r\n\r\n")
            await asyncio.sleep(0.01)
            assert (await client.ask(body)).body == b"echo:hello"

    run(main())


def test_continue_waits_for_the_answers_before_it(run):
    async def main():
        async with serving() as toy:
            client = await toy.connect()
            head, body = post(b"hello", b"Expect: 100-continue").split(b"\r\n\r\n")
            client.send(post(b"wait 1") + head + b"\r\n\r\n")
            await until(lambda: toy.handler.requests)
            toy.handler.release.set()
            assert (await client.answer()).body == b"echo:wait 1"
            assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            assert (await client.ask(body)).body == b"echo:hello"

    run(main())


def test_an_unknown_expectation_is_refused(run):
    async def main():
        async with serving() as toy:
            head, _ = post(b"hello", b"Expect: miracles").split(b"\r\n\r\n")
            answer = await toy.ask(head + b"\r\n\r\n")
            assert answer.status == 417

    run(main())


@pytest.mark.parametrize(
    ("version", "header", "kept"),
    [
        (b"1.1", b"X: y", True),
        (b"1.1", b"Connection: close", False),
        (b"1.0", b"X: y", False),
        (b"1.0", b"Connection: keep-alive", True),
    ],
)
def test_the_connection_is_kept_or_closed_as_the_client_asks(run, version, header, kept):
    async def main():
        async with serving() as toy:
            for body in (b"{}", b"yield {}"):
                client = await toy.connect()
                data = post(body, header, version=version)
                # What follows a last request is not answered.
                client.send(data + (b"" if kept else data))
                answer = await client.answer()
                assert answer.status == 200
                assert answer.headers["connection"] == ("keep-alive" if kept else "close")
                if kept:
                    assert (await client.ask(data)).status == 200
                else:
                    assert await client.at_end()

    run(main())


def test_an_offer_of_http2_is_ignored(run):
    async def main():
        offer = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAA")
        async with serving() as toy:
            client = await toy.connect()
            assert (await client.ask(post(b"first", *offer))).body == b"echo:first"
            client.send(post(b"1", *offer) + chunked(b"2", 1, *offer) + post(b"3"))
            for body in (b"1", b"2", b"3"):
                assert (await client.answer()).body == b"echo:" + body
            head, body = post(b"last", *offer).split(b"\r\n\r\n")
            client.send(head + b"\r\n\r\nla")
            await asyncio.sleep(0.01)
            assert (await client.ask(b"st")).body == b"echo:last"
            assert [r.headers.get(b"http2-settings") for r in toy.handler.requests][-1] == b"AAA"
            assert (await toy.ask(post(b"", *offer) * 100)).status == 200

    run(main())


def test_a_failing_handler_is_answered_without_its_details(run, caplog):
    async def main():
        async with serving() as toy:
            client = await toy.connect()
            for body in (b"raise", b"wait-raise", b"cancel"):
                answer = await client.ask(post(body))
                assert answer.status == 500
                assert answer.headers["content-type"] == "application/x-amz-json-1.0"
                assert b"#InternalServerError" in answer.body
                assert b"secret" not in answer.body
            assert (await client.ask(post())).status == 200

    run(main())
    assert "secret detail" in caplog.text


def test_a_large_answer_arrives_whole(run):
    async def main():
        async with serving() as toy:
            client = await toy.connect()
            for size in (65_535, 65_536, 65_537, 3_000_000):
                client.send(post(b"big %d" % size) + post(b"next"))
                assert (await client.answer()).body == b"x" * size
                assert (await client.answer()).body == b"echo:next"

    run(main())


def test_a_client_that_sends_no_more_still_gets_its_answers(run):
    async def main():
        async with serving() as toy:
            client = await toy.connect()
            client.send(post(b"wait 1") + post(b"2") + post(b"3")[:20])
            client.writer.write_eof()
            await until(lambda: toy.handler.requests)
            await asyncio.sleep(0.01)
            toy.handler.release.set()
            assert (await client.answer()).body == b"echo:wait 1"
            assert (await client.answer()).body == b"echo:2"
            assert await client.at_end()

    run(main())


def test_a_request_is_cancelled_when_its_connection_breaks(run):
    async def main():
        async with serving() as toy:
            client = await toy.connect()
            client.send(post(b"wait 1") + post(b"wait 2"))
            await until(lambda: toy.handler.requests)
            client.reset()
            await until(lambda: toy.handler.cancelled == 1)
            await until(lambda: toy.server.connection_count == 0)
            assert len(toy.handler.requests) == 1

    run(main())


class BrokenTransport(asyncio.Transport):
    def is_closing(self):
        return True


def test_a_request_is_cancelled_even_if_its_connection_breaks_at_once(run):
    # Both in one turn of the loop, before the task that goes on with the handler has begun.
    # Found by simulation: a long read that waited for its turn would keep it for ever.
    async def main():
        handler = ToyHandler()
        service = HttpService(handler, loop=asyncio.get_running_loop())
        connection = HttpConnection(service)
        connection.connection_made(BrokenTransport())
        connection.data_received(post(b"wait"))
        connection.connection_lost(None)
        await until(lambda: not service.connections)
        assert handler.cancelled == 1
        await service.drain(1)

    run(main())
