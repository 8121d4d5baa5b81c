"""DynamoDB's HTTP/1.1: the asyncio protocol that answers one client's requests, in order.

`HttpConnection` runs on any asyncio loop. Reading is `_reader`'s business; here are routing,
answering, back-pressure and the end of a connection. A request whose handler does not suspend is
read, handled and answered within one call of `data_received`, with no task and no timer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, Protocol

from genset.wire._answers import (
    healthy,
    internal_server_error,
    refusal,
    render_head,
    unknown_operation,
)
from genset.wire._encoding import (
    BodyTooLargeError,
    BrokenBodyError,
    choose_coding,
    compress,
    inflate,
)
from genset.wire._reader import Exchange, RequestReader
from genset.wire._service import HttpService
from genset.wire._stepping import resume
from genset.wire.cors import CORS_HEADERS, preflight_headers
from genset.wire.messages import (
    ADMIN_PATH,
    AdminRequest,
    Dropped,
    Handler,
    HttpLimits,
    WireRequest,
    WireResponse,
)

__all__ = [
    "Handler",
    "HttpConnection",
    "HttpLimits",
    "HttpService",
    "WireRequest",
    "WireResponse",
]

logger = logging.getLogger(__name__)

_AMZ_JSON = "application/x-amz-json-1.0"
_JSON = "application/json"
_CONTENT_TYPES: dict[bytes | None, str] = {_AMZ_JSON.encode(): _AMZ_JSON, _JSON.encode(): _JSON}

# Larger answers are handed over beside their heads instead of being copied behind them.
_COPIED_BODY_BYTES_MAX = 8 * 1024


class _Transport(Protocol):
    """What is used of asyncio's transports."""

    def write(self, data: bytes) -> None: ...
    def writelines(self, list_of_data: list[bytes]) -> None: ...
    def write_eof(self) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...
    def is_closing(self) -> bool: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def get_write_buffer_size(self) -> int: ...
    def get_extra_info(self, name: str) -> Any: ...


class HttpConnection(asyncio.Protocol):
    """One client's connection. Made by a server's protocol factory: `HttpConnection(service)`."""

    def __init__(self, service: HttpService) -> None:
        self._service = service
        self._limits = service.limits
        self._handle = service.handler.handle
        self._administer: Any = getattr(service.handler, "administer", None)
        self._reader = RequestReader(service.limits, service.loop.time)
        self._transport: _Transport
        # Goes on with the handler of the request being answered, if that has suspended.
        self._task: asyncio.Task[None] | None = None
        self._idle_since = 0.0
        self._writing_since = 0.0
        self._writing_bytes = 0
        self._writing_paused = False
        self._reading_paused = False
        self._half_closed = False
        # Set once the last answer is sent: when the connection is broken off at the latest.
        self._end_by: float | None = None

    # The transport's events.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin. A connection beyond the service's limit is broken off."""
        self._transport = transport  # type: ignore[assignment]
        self._idle_since = self._service.loop.time()
        if not self._service.add(self):
            self.abort()

    def data_received(self, data: bytes) -> None:
        """Read `data`, and answer what it completes."""
        reader = self._reader
        reader.feed(data)
        if reader.ready or reader.continue_wanted:
            self._serve()
        elif reader.deaf and reader.ignored_bytes > 2 * self._limits.body_bytes_max:
            self.abort()

    def eof_received(self) -> bool:
        """The client sends no more. It still gets the answers to what it has sent completely.

        A client that has gone away looks the same until something is written to it, so that does
        not cancel its request either.
        """
        self._half_closed = True
        self._reader.stop()
        return bool(self._reader.ready or self._task is not None)

    def connection_lost(self, exc: Exception | None) -> None:
        """End: what is being handled is cancelled, what waits is forgotten."""
        self._reader.close()
        if self._task is None:
            self._service.remove(self)
        else:
            self._task.add_done_callback(lambda _: self._service.remove(self))
            # Not at once: a task cancelled before its first step ends without a look at the
            # handler, which has begun outside it and would never hear that it is cancelled.
            self._service.loop.call_soon(self._task.cancel)

    def pause_writing(self) -> None:
        """The client does not read as fast as we write: it has to, in a bounded time."""
        self._writing_paused = True
        self._writing_since = self._service.loop.time()
        self._writing_bytes = self._transport.get_write_buffer_size()

    def resume_writing(self) -> None:
        """The client has read; go on with what waits."""
        self._writing_paused = False
        self._idle_since = self._service.now
        if not self._transport.is_closing():
            self._serve()

    # Answering.

    def _serve(self) -> None:
        """Answer what is ready, in order, until a handler suspends or the client has to read."""
        reader = self._reader
        ready = reader.ready
        while ready and self._task is None and not self._writing_paused and self._end_by is None:
            exchange = ready.popleft()
            if isinstance(exchange, int):
                self._end_with(refusal(exchange))
            else:
                reader.ready_bytes -= len(exchange.body)
                self._answer(exchange)
        if ready:
            self._maybe_pause_reading()
        elif self._reading_paused or self._half_closed or reader.continue_wanted:
            self._settle()

    def _settle(self) -> None:
        """If nothing waits for an answer: listen for more, or close."""
        if self._task is not None or self._end_by is not None:
            return
        reader = self._reader
        if self._half_closed or (self._service.draining and not reader.in_message):
            self._close()
            return
        if reader.continue_wanted:
            reader.continue_wanted = False
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._reading_paused:
            self._reading_paused = False
            reader.forgive()
            self._transport.resume_reading()

    def _maybe_pause_reading(self) -> None:
        limits = self._limits
        if not self._reading_paused and (
            len(self._reader.ready) >= limits.pipelined_requests_max
            or self._reader.ready_bytes >= limits.pipelined_bytes_max
        ):
            self._reading_paused = True
            self._transport.pause_reading()

    def _answer(self, exchange: Exchange) -> None:
        """Answer one request, or start the task that will."""
        request_id = self._service.new_request_id()
        request = self._route(exchange, request_id)
        if isinstance(request, WireResponse):
            self._write(exchange, request_id, request, "")
            return
        if isinstance(request, int):
            self._end_with(refusal(request))
            return
        coroutine = self._handle(request) if request.path == b"/" else self._administer(request)
        try:
            awaited = coroutine.send(None)
        except StopIteration as stop:
            self._write(exchange, request_id, stop.value, request.content_type)
        except Dropped:
            self.abort()
        except (Exception, asyncio.CancelledError):
            self._write(exchange, request_id, _failed(request_id), request.content_type)
        else:
            self._task = self._service.loop.create_task(
                self._finish(exchange, request, coroutine, awaited)
            )

    async def _finish(
        self, exchange: Exchange, request: WireRequest, coroutine: Any, awaited: object
    ) -> None:
        """Go on with a handler that has suspended; answer, and serve what has come since."""
        try:
            response = await resume(coroutine, awaited)
        except asyncio.CancelledError:
            if self._transport.is_closing():
                raise
            response = _failed(request.request_id)
        except Dropped:
            self.abort()
            return
        except Exception:
            response = _failed(request.request_id)
        self._task = None
        if self._transport.is_closing():
            return
        try:
            self._write(exchange, request.request_id, response, request.content_type)
            self._serve()
        except Exception:
            logger.exception("connection failed at request %s", request.request_id)
            self.abort()

    def _route(self, exchange: Exchange, request_id: str) -> WireRequest | WireResponse | int:
        """The request for the handler, or the answer to what is not DynamoDB's to answer.

        A number is the status of a refusal.
        """
        headers = exchange.headers
        target = exchange.target
        path, query = (target, b"") if target == b"/" else _split_target(target)
        if exchange.method != b"POST" or path != b"/":
            return self._other_page(exchange, path, request_id)
        raw_body = exchange.body
        content_type = _CONTENT_TYPES.get(headers.get(b"content-type")) or _content_type(
            headers.get(b"content-type", b""), raw_body
        )
        if content_type is None:
            return unknown_operation()
        body = raw_body
        if b"content-encoding" in headers:
            try:
                body = inflate(raw_body, headers[b"content-encoding"], self._limits.body_bytes_max)
            except BrokenBodyError:
                # The client's fault, but the service answers so.
                return internal_server_error(content_type)
            except BodyTooLargeError:
                return 413
        return WireRequest(
            exchange.method, path, query, headers, body, raw_body, content_type, request_id
        )

    def _admin_request(self, exchange: Exchange, path: bytes, request_id: str) -> AdminRequest:
        body = exchange.body
        query = exchange.target.partition(b"?")[2]
        request = AdminRequest(
            exchange.method, path, query, exchange.headers, body, body, _JSON, request_id
        )
        peer = self._transport.get_extra_info("peername")
        request.peer = peer[0] if isinstance(peer, tuple) else ""
        return request

    def _other_page(
        self, exchange: Exchange, path: bytes, request_id: str
    ) -> WireRequest | WireResponse:
        if path.startswith(ADMIN_PATH) and self._administer is not None:
            return self._admin_request(exchange, path, request_id)
        if exchange.method == b"GET" and path == b"/":
            return healthy(self._service.region)
        if exchange.method == b"OPTIONS" and b"origin" in exchange.headers:
            return WireResponse(b"", 200, "", preflight_headers(exchange.headers))
        return unknown_operation()

    def _write(
        self, exchange: Exchange, request_id: str, response: WireResponse, echo: str
    ) -> None:
        """Send an answer, and close where it is the connection's last."""
        service = self._service
        headers = response.headers
        body = response.body
        keep_alive = exchange.keep_alive
        if service.draining and not self._reader.ready:
            keep_alive = False
        if b"origin" in exchange.headers:
            headers = CORS_HEADERS + headers
        # Only results: the service sends errors as they are, however large.
        if len(body) >= self._limits.compress_bytes_min and response.status == 200:
            coding = choose_coding(exchange.headers.get(b"accept-encoding", b""))
            if coding is not None:
                body = compress(body, coding)
                headers = (("Content-Encoding", coding.decode("ascii")), *headers)
        content_type = response.content_type
        head = render_head(
            response.status,
            echo if content_type is None else content_type,
            body,
            service.date,
            request_id,
            headers,
            keep_alive,
        )
        if exchange.method == b"HEAD":
            body = b""
        if len(body) <= _COPIED_BODY_BYTES_MAX:
            self._transport.write(head + body)
        else:
            self._transport.writelines([head, body])
        self._idle_since = service.now
        if not keep_alive:
            self._close()

    # Ending.

    def _close(self) -> None:
        """Close when everything is sent; the client has a bounded time to read it."""
        self._reader.stop()
        self._reader.ready.clear()
        unsent_bytes = self._transport.get_write_buffer_size()
        allowed = self._limits.write_timeout_s + unsent_bytes / self._limits.bytes_per_second_min
        self._end_by = self._service.loop.time() + allowed
        self._transport.close()

    def _end_with(self, answer: bytes) -> None:
        """Send a refusal; let the client go on sending for a while, so that it can read it.

        Closing a socket with unread bytes in it resets the connection, and a reset makes the
        client's system throw away the answer it has not read.
        """
        self._transport.write(answer)
        if self._half_closed or self._service.draining:
            self._close()
            return
        self._reader.stop()
        self._reader.ready.clear()
        self._end_by = self._service.loop.time() + self._limits.linger_timeout_s
        if self._reading_paused:
            self._reading_paused = False
            self._transport.resume_reading()
        # The client may have reset the connection already.
        with contextlib.suppress(OSError):
            self._transport.write_eof()

    # What the service asks.

    def check(self, now: float) -> None:
        """End the connection if one of its timeouts has passed at `now`."""
        limits = self._limits
        if self._end_by is not None:
            if now > self._end_by:
                self.abort()
        elif self._writing_paused:
            allowed = limits.write_timeout_s + self._writing_bytes / limits.bytes_per_second_min
            if now - self._writing_since > allowed:
                self.abort()
        elif self._task is not None:
            return
        elif self._reader.overdue(now):
            self._reader.refuse(408)
            self._serve()
        elif not self._reader.in_message and now - self._idle_since > limits.idle_timeout_s:
            self._close()

    def drain(self) -> None:
        """Close once what was accepted is answered; at once if that is nothing."""
        if not self._reader.ready:
            self._settle()

    def abort(self) -> None:
        """Break the connection off, which cancels the request being answered."""
        self._reader.stop()
        self._reader.ready.clear()
        self._transport.abort()


def _split_target(target: bytes) -> tuple[bytes, bytes]:
    """Path and query of a request's target, which may be a whole URL."""
    path, _, query = target.partition(b"?")
    if not path.startswith(b"/") and b"://" in path:
        _, slash, rest = path.partition(b"://")[2].partition(b"/")
        path = slash + rest or b"/"
    return path, query


def _content_type(header: bytes, body: bytes) -> str | None:
    """The content type to echo, or None if the service would not know the request.

    Parameters are ignored. Without a body any content type passes, and JSON is answered.
    """
    media_type = header.partition(b";")[0].strip().lower()
    known = _CONTENT_TYPES.get(media_type)
    return known if known or body else _JSON


def _failed(request_id: str) -> WireResponse:
    logger.exception("request %s failed", request_id)
    return internal_server_error()
