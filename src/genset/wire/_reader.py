"""From bytes to requests: llhttp's events gathered into exchanges, within the limits.

A `RequestReader` belongs to one connection but knows no socket: it is fed bytes, in whatever
pieces they come, and leaves what is to be answered in `ready`, in order. The grammar of HTTP is
llhttp's (httptools).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import httptools

from genset.wire.messages import HttpLimits

_BETWEEN, _IN_HEAD, _IN_BODY = range(3)

# What the framing of a chunked body may take: a body in chunks of one byte is six times as long
# on the wire. It bounds trailers and chunk extensions, which mean nothing here.
_FRAMING_FACTOR_MAX = 8
_TRAILERS_MAX = 1000
_REPEATED_HEADER_BYTES_MAX = 8 * 1024
# Each one costs a copy of what follows it in the same piece.
_OFFERS_PER_PIECE_MAX = 16


class Exchange:
    """A complete request as it came, and whether the connection goes on after its answer."""

    __slots__ = ("body", "headers", "keep_alive", "method", "target")

    def __init__(
        self,
        method: bytes,
        target: bytes,
        headers: dict[bytes, bytes],
        body: bytes,
        keep_alive: bool,
    ) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.keep_alive = keep_alive


class RequestReader:
    """Reads requests until `deaf`, that is, until one was refused or was the last.

    `ready` holds what is to be answered: exchanges, and after them perhaps the status of a
    refusal. `ready_bytes` is the size of their bodies; who takes an exchange subtracts its own.
    `continue_wanted` says that the client waits for "100 Continue" to send its body.
    """

    def __init__(self, limits: HttpLimits, clock: Callable[[], float]) -> None:
        self.ready: deque[Exchange | int] = deque()
        self.ready_bytes = 0
        self.deaf = False
        self.continue_wanted = False
        self._limits = limits
        self._clock = clock
        # A message that comes in one piece no larger than this is within all limits.
        self._careful_bytes = min(limits.head_bytes_max, limits.body_bytes_max)
        self._careful = False
        self._phase = _BETWEEN
        self._url = b""
        self._arriving: dict[bytes, bytes] = {}
        self._headers: dict[bytes, bytes] = {}
        self._parts: list[bytes] = []
        self._gathered = bytearray()
        # Of a message that comes in pieces: the bytes after the first, and since when it comes.
        self._in_pieces = False
        self._head_checked = False
        self._further_bytes = 0
        self._since = 0.0
        # Plain functions instead of methods: the parser looks them up once, when it is made.
        self.on_header = _header_collector(self._arriving)
        self.on_body = self._parts.append
        self._parser: Any
        self._parse: Callable[[bytes], None]
        self._new_parser()

    @property
    def in_message(self) -> bool:
        """Whether a request has begun to arrive and is not complete."""
        return self._phase != _BETWEEN

    def feed(self, data: bytes) -> None:
        """Read `data`. Nothing of the client's raises; what breaks HTTP becomes a refusal."""
        if self.deaf:
            self._further_bytes += len(data)
            return
        if len(data) > self._careful_bytes:
            self._careful = True
        try:
            self._parse(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._read_past_offers(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self.refuse(400)
        if self._phase:
            self._check_arriving(len(data))
        elif self._careful:
            self._careful = False

    def refuse(self, status: int) -> None:
        """Read nothing more; `status` is answered after what is ready.

        Not if the last request that is ready ends the connection anyway: what follows it is no
        error, nobody asked for it.
        """
        if self.deaf:
            return
        last = self.ready[-1] if self.ready else None
        if not isinstance(last, Exchange) or last.keep_alive:
            self.ready.append(status)
        self.stop()

    def stop(self) -> None:
        """Read nothing more, and forget what has not arrived completely."""
        self.deaf = True
        self.continue_wanted = False
        self._phase = _BETWEEN
        self._further_bytes = 0
        self._parts.clear()
        self._gathered = bytearray()

    def close(self) -> None:
        """Stop, and let go of the parser, which holds functions of this object's."""
        self.stop()
        self.ready.clear()
        self._parser = self._parse = None  # type: ignore[assignment]

    @property
    def ignored_bytes(self) -> int:
        """How much came after it was deaf."""
        return self._further_bytes

    def forgive(self) -> None:
        """Time that passed while nobody fed this reader is not the client's: start it again."""
        self._since = self._clock()

    def overdue(self, now: float) -> bool:
        """Whether the request that is arriving takes longer than the limits allow."""
        if self._phase == _IN_HEAD:
            allowed = self._limits.head_timeout_s
        elif self._phase == _IN_BODY:
            allowed = self._limits.body_timeout_s
            allowed += len(self._gathered) / self._limits.bytes_per_second_min
        else:
            return False
        return now - self._since > allowed

    # The parser's events. `on_header` and `on_body` are made in `__init__`.

    def on_url(self, url: bytes) -> None:
        """A piece of the request's target; the first one begins a head."""
        self._url += url
        self._phase = _IN_HEAD

    def on_headers_complete(self) -> None:
        """The head ends. Headers that follow are trailers, which are dropped."""
        self._headers = self._arriving.copy()
        self._arriving.clear()
        self._phase = _IN_BODY

    def on_message_complete(self) -> None:
        """A request is complete."""
        parts = self._parts
        body = parts.pop() if len(parts) == 1 and not self._gathered else self._whole_body()
        parser = self._parser
        self.ready.append(
            Exchange(
                parser.get_method(), self._url, self._headers, body, parser.should_keep_alive()
            )
        )
        self.ready_bytes += len(body)
        self._phase = _BETWEEN
        self._url = b""
        if self._arriving:
            self._arriving.clear()
        if self._careful:
            self._check_complete()

    def _new_parser(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._parse = self._parser.feed_data

    # The limits.

    def _check_complete(self) -> None:
        """Refuse the request just completed if it is too large; forget what was kept about it."""
        self._in_pieces = self._head_checked = self.continue_wanted = False
        exchange = self.ready[-1]
        assert isinstance(exchange, Exchange)
        too_large = 0
        if not self._head_fits(exchange.headers, exchange.target):
            too_large = 431
        elif len(exchange.body) > self._limits.body_bytes_max:
            too_large = 413
        if too_large:
            self.ready.pop()
            self.ready_bytes -= len(exchange.body)
            self.refuse(too_large)

    def _check_arriving(self, fed_bytes: int) -> None:
        """Bound a request that has arrived in part, and start its time."""
        if self.deaf:
            self.stop()
            return
        self._careful = True
        if self._in_pieces:
            self._further_bytes += fed_bytes
        else:
            self._in_pieces = True
            self._further_bytes = 0
            self._since = self._clock()
        if self._phase == _IN_HEAD:
            if self._further_bytes > self._limits.head_bytes_max:
                self.refuse(431)
            return
        if not self._head_checked:
            self._head_checked = True
            self._since = self._clock()
            self._check_announced()
        if self._parts:
            self._gather()
        framing_bytes_max = 2 * self._limits.head_bytes_max
        if len(self._gathered) > self._limits.body_bytes_max:
            self.refuse(413)
        elif (
            self._further_bytes > framing_bytes_max + _FRAMING_FACTOR_MAX * len(self._gathered)
            or len(self._arriving) > _TRAILERS_MAX
        ):
            self.refuse(400)

    def _check_announced(self) -> None:
        """Refuse what the head announces, before its body comes; see what the client expects."""
        headers = self._headers
        length = headers.get(b"content-length", b"").strip()
        if not self._head_fits(headers, self._url):
            self.refuse(431)
        elif length.isdigit() and int(length[:20]) > self._limits.body_bytes_max:
            self.refuse(413)
        elif b"expect" in headers and self._parser.get_http_version() != "1.0":
            if headers[b"expect"].strip().lower() != b"100-continue":
                self.refuse(417)
            else:
                self.continue_wanted = not self._parts

    def _head_fits(self, headers: dict[bytes, bytes], target: bytes) -> bool:
        names_and_values = sum(len(name) + len(value) for name, value in headers.items())
        return names_and_values + len(target) <= self._limits.head_bytes_max

    def _gather(self) -> None:
        """Move the parts of an arriving body into one buffer, however small they are."""
        for part in self._parts:
            self._gathered += part
        self._parts.clear()
        self.continue_wanted = False

    def _whole_body(self) -> bytes:
        self._gather()
        body = bytes(self._gathered)
        self._gathered = bytearray()
        return body

    def _read_past_offers(self, rest: bytes) -> None:
        """Take requests that offer another protocol as if they had not; `rest` follows the head.

        Clients offer HTTP/2 in this way. The parser ends such a request with its head, so a fresh
        parser is given the head again, without the offer.
        """
        for _ in range(_OFFERS_PER_PIECE_MAX):
            head = self._head_without_offer()
            if not head:
                break
            self._new_parser()
            rest = head + rest
            try:
                self._parse(rest)
            except httptools.HttpParserUpgrade as upgrade:
                rest = rest[upgrade.args[0] :]
                continue
            except httptools.HttpParserError:
                break
            return
        self.refuse(400)

    def _head_without_offer(self) -> bytes:
        """Take back the last request, and write its head anew; empty if that cannot be."""
        if self.deaf or not self.ready:
            return b""
        offer = self.ready.pop()
        if isinstance(offer, int) or offer.method == b"CONNECT":
            return b""
        lines = [b"%b %b HTTP/1.1" % (offer.method, offer.target)]
        for name, value in offer.headers.items():
            if name not in (b"upgrade", b"connection"):
                lines.append(b"%b: %b" % (name, value))
        if not offer.keep_alive:
            lines.append(b"connection: close")
        return b"\r\n".join([*lines, b"", b""])


def _header_collector(headers: dict[bytes, bytes]) -> Callable[[bytes, bytes], None]:
    """The parser's `on_header`: a function of its own is faster than a method."""

    def on_header(name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in headers:
            # Bounded, because each repetition copies what came before.
            if len(headers[name]) > _REPEATED_HEADER_BYTES_MAX:
                raise ValueError("a header is repeated too often")
            headers[name] += b"," + value
        else:
            headers[name] = value

    return on_header
