"""Listening and stopping."""

from __future__ import annotations

import asyncio
import socket

import pytest
from http_toy import Client, Toy, ToyHandler, post, serving, until

from genset.wire.http import HttpLimits
from genset.wire.server import HttpServer


def test_stopping_closes_idle_connections_and_finishes_what_was_accepted(run):
    async def main():
        async with serving() as toy:
            idle, busy = await toy.connect(), await toy.connect()
            assert (await idle.ask(post())).status == 200
            port = toy.port
            busy.send(post(b"wait 1") + post(b"2"))
            await until(lambda: len(toy.handler.requests) == 2)
            stopping = asyncio.ensure_future(toy.server.stop(5))
            assert await idle.at_end()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            assert not stopping.done()
            toy.handler.release.set()
            first, second = await busy.answer(), await busy.answer()
            assert (first.body, second.body) == (b"echo:wait 1", b"echo:2")
            assert (first.headers["connection"], second.headers["connection"]) == (
                "keep-alive",
                "close",
            )
            assert await busy.at_end()
            await stopping
            assert toy.server.addresses == []

    run(main())


def test_a_request_that_is_arriving_may_still_complete(run):
    async def main():
        async with serving() as toy:
            client = await toy.connect()
            data = post(b"hello")
            client.send(data[:-2])
            await asyncio.sleep(0.02)
            stopping = asyncio.ensure_future(toy.server.stop(5))
            await asyncio.sleep(0.02)
            answer = await client.ask(data[-2:])
            assert (answer.body, answer.headers["connection"]) == (b"echo:hello", "close")
            await stopping

    run(main())


def test_the_deadline_breaks_off_what_does_not_finish(run):
    async def main():
        async with serving() as toy:
            client, arriving = await toy.connect(), await toy.connect()
            client.send(post(b"wait 1"))
            arriving.send(post(b"hello")[:-2])
            await until(lambda: toy.handler.requests)
            await toy.server.stop(0.05)
            assert toy.handler.cancelled == 1
            assert toy.server.connection_count == 0
            assert await client.at_end()
            assert await arriving.at_end()
            await toy.server.stop()

    run(main())


def test_serve_ends_with_its_event_and_when_it_is_cancelled(run):
    async def main():
        for cancel in (False, True):
            handler = ToyHandler()
            server = HttpServer(handler)
            stop = asyncio.Event()
            serving_task = asyncio.ensure_future(server.serve(stop, "127.0.0.1"))
            await until(lambda server=server: bool(server.addresses))
            toy = Toy(server, handler)
            client = await toy.connect()
            assert (await client.ask(post())).status == 200
            if cancel:
                serving_task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await serving_task
            else:
                stop.set()
                await serving_task
            assert await client.at_end()
            await client.close()

    run(main())


def test_a_given_socket_is_served(run):
    async def main():
        with socket.create_server(("127.0.0.1", 0)) as sock:
            handler = ToyHandler()
            server = HttpServer(handler)
            await server.start(sock=sock)
            client = Client(*await asyncio.open_connection(*server.addresses[0]))
            assert (await client.ask(post())).status == 200
            await client.close()
            await server.stop()

    run(main())


def test_several_servers_may_share_a_port(run):
    async def main():
        first, second = HttpServer(ToyHandler()), HttpServer(ToyHandler())
        await first.start("127.0.0.1", 0, reuse_port=True)
        port = first.addresses[0][1]
        await second.start("127.0.0.1", port, reuse_port=True)
        third = HttpServer(ToyHandler())
        with pytest.raises(OSError, match="in use"):
            await third.start("127.0.0.1", port)
        await third.stop()
        await first.stop()
        await second.stop()
        with pytest.raises(RuntimeError, match="started before"):
            await first.start("127.0.0.1")

    run(main())


def test_closed_connections_leave_nothing_behind(run):
    async def main():
        async with serving(HttpLimits()) as toy:
            for _ in range(50):
                client = await toy.connect()
                assert (await client.ask(post())).status == 200
                client.reset()
            await until(lambda: toy.server.connection_count == 0)

    run(main())
