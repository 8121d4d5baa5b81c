"""What passes between the HTTP protocol and the handler of requests, and the protocol's limits.

Nothing here knows sockets, JSON or DynamoDB's operations.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

ADMIN_PATH: Final = b"/_genset/"


class WireRequest:
    """One `POST /` whose content type DynamoDB takes.

    `headers` maps lower-case names to values; a repeated header's values are joined by commas, in
    order, which is how Signature Version 4 signs them. Values keep trailing blanks. `body` is the
    inflated body and `raw_body` the body as it was sent and signed; they are the same object
    unless the request has a Content-Encoding. `content_type` is the one to answer with.
    """

    __slots__ = (
        "body",
        "content_type",
        "headers",
        "method",
        "path",
        "query",
        "raw_body",
        "request_id",
    )

    def __init__(
        self,
        method: bytes,
        path: bytes,
        query: bytes,
        headers: Mapping[bytes, bytes],
        body: bytes,
        raw_body: bytes,
        content_type: str,
        request_id: str,
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.raw_body = raw_body
        self.content_type = content_type
        self.request_id = request_id


class AdminRequest(WireRequest):
    """A request to a path under `ADMIN_PATH`; `peer` is the address it came from."""

    __slots__ = ("peer",)

    peer: str


class Dropped(Exception):
    """Raised by a handler: there is no answer, and the connection is broken off."""


class WireResponse:
    """An answer. `content_type` None echoes the request's; "" sends no Content-Type at all.

    `headers` are further headers; their names and values must be Latin-1 without line breaks.
    Content-Length, Date, the request id and the checksum are added when it is sent.
    """

    __slots__ = ("body", "content_type", "headers", "status")

    def __init__(
        self,
        body: bytes,
        status: int = 200,
        content_type: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.body = body
        self.status = status
        self.content_type = content_type
        self.headers = headers


class Handler(Protocol):
    """Answers requests. One handler serves all connections of a process.

    It may have a method `administer` like `handle`, for an `AdminRequest`; without, there is
    nothing under `ADMIN_PATH`.
    """

    def handle(self, request: WireRequest) -> Coroutine[Any, Any, WireResponse]:
        """The answer to `request`; write it as `async def`.

        The coroutine's first step runs outside any task (so nothing before its first real
        suspension may ask for the current task, as `asyncio.timeout` does); if it suspends, a task
        goes on with it. It is cancelled when the connection breaks or shutdown's deadline passes.
        An exception it lets out is logged and answered with InternalServerError.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpLimits:
    """The bounds of what one client may make the server hold or wait for."""

    # DynamoDB's request limit; larger ones are answered 413.
    body_bytes_max: int = 16 * 1024 * 1024
    # Room for a presigned URL with the largest session token and every header an SDK sends.
    head_bytes_max: int = 64 * 1024
    # Requests that wait behind the one being answered, before reading pauses.
    pipelined_requests_max: int = 16
    pipelined_bytes_max: int = 1024 * 1024
    connections_max: int = 10_000
    # Longer than the keep-alive of the SDKs' connection pools, which otherwise meet a reset.
    idle_timeout_s: float = 120.0
    head_timeout_s: float = 10.0
    # Bodies and unread answers may take this long, and a second more for each `bytes_per_second`.
    body_timeout_s: float = 20.0
    write_timeout_s: float = 20.0
    bytes_per_second_min: int = 16 * 1024
    # How long a refused client may go on sending before the connection is reset.
    linger_timeout_s: float = 5.0
    # The service compresses answers from 4 KB on, for clients that ask for it.
    compress_bytes_min: int = 4096
