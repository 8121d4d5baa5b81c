"""Listening and graceful shutdown of one process's HTTP server.

Signals, worker processes and configuration belong to the command line; this is one event loop's
part: sockets, connections, and the sequence of stopping.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Sequence

from genset.wire._service import HttpService
from genset.wire.http import HttpConnection
from genset.wire.messages import Handler, HttpLimits

_BACKLOG = 1024


class HttpServer:
    """Serves `handler` over HTTP until it is stopped. Its methods belong to one event loop.

    Start it with `start`, end it with `stop`; `serve` does both around an event.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        limits: HttpLimits | None = None,
        region: str = "us-east-1",
        request_ids: Callable[[], str] | None = None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._handler = handler
        self._limits = limits
        self._region = region
        self._request_ids = request_ids
        self._wall_clock = wall_clock
        self._service: HttpService | None = None
        self._server: asyncio.Server | None = None

    async def start(
        self,
        host: str | None = None,
        port: int = 0,
        *,
        sock: socket.socket | None = None,
        reuse_port: bool = False,
    ) -> None:
        """Listen at `host` and `port` (0: any free one), or on `sock`, and begin to serve.

        `reuse_port` lets several processes listen at one address, each taking a share of the
        connections. Raises OSError if the address cannot be had, RuntimeError if started before.
        """
        if self._service is not None:
            raise RuntimeError("this server was started before")
        loop = asyncio.get_running_loop()
        service = HttpService(
            self._handler,
            loop=loop,
            limits=self._limits,
            region=self._region,
            request_ids=self._request_ids,
            wall_clock=self._wall_clock,
        )

        def connection() -> HttpConnection:
            return HttpConnection(service)

        if sock is not None:
            self._server = await loop.create_server(connection, sock=sock, backlog=_BACKLOG)
        else:
            self._server = await loop.create_server(
                connection, host, port, backlog=_BACKLOG, reuse_port=reuse_port or None
            )
        self._service = service

    @property
    def addresses(self) -> Sequence[tuple[str, int]]:
        """Host and port of each listening socket; none before `start` and after `stop`."""
        sockets = self._server.sockets if self._server is not None else ()
        return [listening.getsockname()[:2] for listening in sockets]

    @property
    def connection_count(self) -> int:
        """How many connections are open."""
        return len(self._service.connections) if self._service is not None else 0

    async def stop(self, deadline_s: float = 10.0) -> None:
        """Accept no more, finish what was accepted, close; after `deadline_s` break off the rest.

        May be called again, and without `start`; it then returns at once.
        """
        if self._server is None or self._service is None:
            return
        server, self._server = self._server, None
        server.close()
        # Requests already in the sockets' buffers count as accepted: let the loop read them.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await self._service.drain(deadline_s)

    async def serve(
        self,
        stop: asyncio.Event,
        host: str | None = None,
        port: int = 0,
        *,
        sock: socket.socket | None = None,
        reuse_port: bool = False,
        deadline_s: float = 10.0,
    ) -> None:
        """Start, serve until `stop` is set, stop. Cancelling it stops as well."""
        await self.start(host, port, sock=sock, reuse_port=reuse_port)
        try:
            await stop.wait()
        finally:
            await self.stop(deadline_s)
