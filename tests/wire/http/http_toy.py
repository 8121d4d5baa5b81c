"""A real server on a real socket, with a handler that the test scripts by the request's body."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import uvloop

from genset.wire.http import HttpLimits, WireRequest, WireResponse
from genset.wire.server import HttpServer

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.SelectorEventLoop,
    "uvloop": uvloop.new_event_loop,
}


def run_on(loop: str, main: Awaitable[Any]) -> Any:
    """The result of `main` on a fresh loop of the named kind; no task may be left at its end."""

    async def checked() -> Any:
        result = await main
        await asyncio.sleep(0)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not others
        return result

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        return runner.run(checked())


class ToyHandler:
    """Echoes; a body that begins with a known word does what the word says."""

    def __init__(self) -> None:
        self.requests: list[WireRequest] = []
        self.cancelled = 0
        self.finished = 0
        self.release: asyncio.Event = asyncio.Event()

    async def handle(self, request: WireRequest) -> WireResponse:
        self.requests.append(request)
        word, _, rest = request.body.partition(b" ")
        if word == b"wait":
            await self._wait()
        elif word == b"yield":
            await asyncio.sleep(0)
        elif word == b"raise":
            raise RuntimeError("secret detail")
        elif word == b"wait-raise":
            await asyncio.sleep(0)
            raise RuntimeError("secret detail")
        elif word == b"cancel":
            raise asyncio.CancelledError
        elif word == b"big":
            return WireResponse(b"x" * int(rest))
        elif word == b"error":
            return WireResponse(b"e" * int(rest), 400)
        return WireResponse(b"echo:" + request.body)

    async def _wait(self) -> None:
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        self.finished += 1


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    raw: bytes = field(repr=False, default=b"")


async def read_answer(reader: asyncio.StreamReader, *, head_only: bool = False) -> Answer:
    head = await reader.readuntil(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(": ")
        assert name.lower() not in headers
        headers[name.lower()] = value
    body = b""
    if headers.get("transfer-encoding") == "chunked":
        assert await reader.readexactly(5) == b"0\r\n\r\n"
    elif not head_only:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Answer(int(status_line.split()[1]), headers, body, head + body)


class Client:
    """One raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self, *, head_only: bool = False) -> Answer:
        return await read_answer(self.reader, head_only=head_only)

    async def ask(self, data: bytes) -> Answer:
        self.send(data)
        return await self.answer()

    async def at_end(self) -> bool:
        """Whether the server has closed; consumes nothing else."""
        try:
            return await self.reader.read(1) == b""
        except ConnectionError:
            return True

    def reset(self) -> None:
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


class Toy:
    """The server with its toy handler."""

    def __init__(self, server: HttpServer, handler: ToyHandler) -> None:
        self.server = server
        self.handler = handler
        self.clients: list[Client] = []

    @property
    def port(self) -> int:
        return self.server.addresses[0][1]

    async def connect(self) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        self.clients.append(client)
        return client

    async def ask(self, data: bytes) -> Answer:
        """The first answer to `data` on a connection of its own."""
        return await (await self.connect()).ask(data)


@contextlib.asynccontextmanager
async def serving(limits: HttpLimits | None = None, **options: Any) -> AsyncIterator[Toy]:
    handler = ToyHandler()
    server = HttpServer(handler, limits=limits, **options)
    await server.start("127.0.0.1")
    toy = Toy(server, handler)
    try:
        yield toy
    finally:
        handler.release.set()
        for client in toy.clients:
            await client.close()
        await server.stop(1)
        assert server.connection_count == 0


def post(body: bytes = b"{}", *headers: bytes, version: bytes = b"1.1") -> bytes:
    """A request as an SDK would send it, with further header lines."""
    lines = [
        b"POST / HTTP/" + version,
        b"Host: 127.0.0.1",
        b"X-Amz-Target: DynamoDB_20120810.GetItem",
        b"Content-Type: application/x-amz-json-1.0",
        *headers,
        b"Content-Length: %d" % len(body),
    ]
    return b"\r\n".join([*lines, b"", body])


def chunked(body: bytes, size: int, *headers: bytes) -> bytes:
    """The same, its body in chunks of `size`."""
    head = post(b"", *headers).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    return head + b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until `condition` holds."""
    while not condition():
        await asyncio.sleep(0.001)
