"""TCP between a simulated client and the server: bytes in order, in any pieces, after a while."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable

from simulation.virtual_loop import VirtualLoop

# What the two ends say besides bytes.
_CLOSED = object()
_RESET = object()


class _Pipe:
    """One direction. What arrives while `held` waits until it is let go."""

    def __init__(
        self, loop: VirtualLoop, chance: random.Random, arrived: Callable[[object], None]
    ) -> None:
        self._loop = loop
        self._chance = chance
        self._arrived = arrived
        self._last = 0.0
        self._waiting: deque[object] = deque()
        self.held = False
        self.broken = False

    def send(self, what: object) -> None:
        for piece in self._pieces(what) if isinstance(what, bytes) else (what,):
            pause = self._chance.choice((0.0, 0.0001, 0.001, 0.02)) * self._chance.random()
            self._last = max(self._last, self._loop.time() + pause)
            self._loop.call_at(self._last, self._arrive, piece)

    def let_go(self) -> None:
        self.held = False
        while self._waiting and not self.held and not self.broken:
            self._arrived(self._waiting.popleft())

    def _pieces(self, data: bytes) -> Iterable[bytes]:
        if self._chance.random() < 0.7:
            return (data,)
        cut = self._chance.randrange(len(data) + 1)
        return (piece for piece in (data[:cut], data[cut:]) if piece)

    def _arrive(self, piece: object) -> None:
        if self.broken:
            return
        if self.held or self._waiting:
            self._waiting.append(piece)
        else:
            self._arrived(piece)


class Connection:
    """The client's end. `reader` has what came back; it ends when the server has closed."""

    def __init__(self, loop: VirtualLoop, chance: random.Random) -> None:
        servers = [server for server in loop.servers if server.is_open]
        if not servers:
            raise ConnectionRefusedError
        self.reader = asyncio.StreamReader(limit=2**26, loop=loop)
        self._up = _Pipe(loop, chance, self._reached_server)
        self._down = _Pipe(loop, chance, self._reached_client)
        self._protocol = servers[-1].factory()
        # Some connections hold so little that the server has to wait for its client to read.
        unread_bytes_max = chance.choice((64, 1024, 65536))
        self._transport = _Transport(loop, self._protocol, self._up, self._down, unread_bytes_max)
        self._protocol.connection_made(self._transport)  # type: ignore[arg-type]

    def send(self, data: bytes) -> None:
        self._up.send(data)

    def close(self) -> None:
        """Say that nothing more comes."""
        self._up.send(_CLOSED)

    def drop(self) -> None:
        """Be gone: what is under way may or may not arrive, and the server hears of it later."""
        self._down.broken = True
        self._up.send(_RESET)

    def _reached_server(self, what: object) -> None:
        transport = self._transport
        if transport.is_lost:
            return
        if isinstance(what, bytes):
            self._protocol.data_received(what)
        elif what is _RESET:
            transport.lose(ConnectionResetError("the client has gone"))
        elif not self._protocol.eof_received():
            transport.close()

    def _reached_client(self, what: object) -> None:
        if isinstance(what, bytes):
            self.reader.feed_data(what)
            self._transport.was_read(len(what))
        elif not self.reader.at_eof():
            self.reader.feed_eof()


class _Transport:
    """The server's end, as far as `HttpConnection` uses it."""

    def __init__(
        self,
        loop: VirtualLoop,
        protocol: asyncio.Protocol,
        up: _Pipe,
        down: _Pipe,
        unread_bytes_max: int,
    ) -> None:
        self._loop = loop
        self._protocol = protocol
        self._up = up
        self._down = down
        self._unread_bytes = 0
        self._unread_bytes_max = unread_bytes_max
        self._writing_paused = False
        self._closing = False
        self.is_lost = False

    def write(self, data: bytes) -> None:
        if self.is_lost:
            return
        self._down.send(bytes(data))
        self._unread_bytes += len(data)
        if self._unread_bytes > self._unread_bytes_max and not self._writing_paused:
            self._writing_paused = True
            self._protocol.pause_writing()

    def was_read(self, size: int) -> None:
        self._unread_bytes -= size
        if self._writing_paused and self._unread_bytes <= self._unread_bytes_max // 2:
            self._writing_paused = False
            if not self.is_lost:
                self._protocol.resume_writing()

    def writelines(self, list_of_data: list[bytes]) -> None:
        self.write(b"".join(list_of_data))

    def write_eof(self) -> None:
        self._down.send(_CLOSED)

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self.lose, None)

    def abort(self) -> None:
        self.close()

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        self._up.held = True

    def resume_reading(self) -> None:
        self._up.held = False
        self._loop.call_soon(self._up.let_go)

    def get_write_buffer_size(self) -> int:
        return self._unread_bytes

    def lose(self, error: Exception | None) -> None:
        if self.is_lost:
            return
        self.is_lost = self._closing = True
        self._up.broken = True
        self._down.send(_CLOSED)
        self._protocol.connection_lost(error)
