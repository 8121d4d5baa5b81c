"""What all HTTP connections of one process share: handler, limits, clock, and who is connected.

One timer per process looks at every connection in turn, so that a request costs no timer of its
own; it also keeps the Date header. Timeouts are therefore late by up to one of its periods.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from genset.wire._answers import http_date
from genset.wire.messages import Handler, HttpLimits
from genset.wire.request_ids import random_request_ids


class Connection(Protocol):
    """What the service asks of a connection it watches."""

    def check(self, now: float) -> None:
        """End the connection if one of its timeouts has passed at `now`."""

    def drain(self) -> None:
        """Close once what was accepted is answered; at once if that is nothing."""

    def abort(self) -> None:
        """Break the connection off and cancel what it waits for."""


class HttpService:
    """The shared state. Used from the one event loop that it is given."""

    def __init__(
        self,
        handler: Handler,
        *,
        loop: asyncio.AbstractEventLoop,
        limits: HttpLimits | None = None,
        region: str = "us-east-1",
        request_ids: Callable[[], str] | None = None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.handler = handler
        self.loop = loop
        self.limits = limits or HttpLimits()
        self.region = region
        self.new_request_id = request_ids or random_request_ids()
        # A set that keeps its order, so that a simulated server always does the same.
        self.connections: dict[Connection, None] = {}
        self.draining = False
        self.now = 0.0
        self.date = ""
        self._wall_clock = wall_clock
        self._timer: asyncio.TimerHandle | None = None
        self._empty: asyncio.Future[None] | None = None
        timeouts = (
            self.limits.idle_timeout_s,
            self.limits.head_timeout_s,
            self.limits.body_timeout_s,
            self.limits.write_timeout_s,
            self.limits.linger_timeout_s,
        )
        self._period_s = min(1.0, min(timeouts) / 4)

    def add(self, connection: Connection) -> bool:
        """Watch `connection`; False if there are too many and it should be aborted."""
        if len(self.connections) >= self.limits.connections_max:
            return False
        if self._timer is None:
            self._tick()
        self.connections[connection] = None
        return True

    def remove(self, connection: Connection) -> None:
        """Watch `connection` no longer; it is closed."""
        self.connections.pop(connection, None)
        if not self.connections and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)

    async def drain(self, deadline_s: float) -> None:
        """Let every connection finish what was accepted; after `deadline_s` abort the rest.

        New connections must have been stopped before. Returns when all connections are closed.
        """
        self.draining = True
        for connection in list(self.connections):
            connection.drain()
        if not await self._wait_until_empty(deadline_s):
            for connection in list(self.connections):
                connection.abort()
            # Aborted transports report their end in the loop's next turns.
            await self._wait_until_empty(self.limits.linger_timeout_s)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _wait_until_empty(self, timeout_s: float) -> bool:
        if self.connections:
            self._empty = self.loop.create_future()
            await asyncio.wait([self._empty], timeout=timeout_s)
        return not self.connections

    def _tick(self) -> None:
        self.now = self.loop.time()
        self.date = f"Date: {http_date(self._wall_clock())}\r\n"
        # The timer rests while nobody is connected; `add` starts it again.
        starting = self._timer is None
        self._timer = None
        if self.connections or starting:
            self._timer = self.loop.call_later(self._period_s, self._tick)
        for connection in list(self.connections):
            connection.check(self.now)
