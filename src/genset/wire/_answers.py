"""The bytes of answers: heads, the fixed pages, and the refusals that end a connection."""

from __future__ import annotations

import http
import time
import zlib
from functools import lru_cache

from genset.wire.messages import WireResponse

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_REASONS = {status.value: status.phrase for status in http.HTTPStatus}

INTERNAL_SERVER_ERROR = (
    b'{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError",'
    b'"message":"Internal server error"}'
)


def internal_server_error(content_type: str | None = None) -> WireResponse:
    """The answer when a request could not be handled for a reason that is not the client's."""
    return WireResponse(INTERNAL_SERVER_ERROR, 500, content_type)


def unknown_operation() -> WireResponse:
    """The answer to a method, path or content type that is not DynamoDB's."""
    return WireResponse(b"<UnknownOperationException/>\n", 404, "")


def healthy(region: str) -> WireResponse:
    """The answer to `GET /`; the space at its end is the service's."""
    return WireResponse(f"healthy: dynamodb.{region}.amazonaws.com ".encode(), 200, "")


def http_date(seconds: float) -> str:
    """A time, in seconds since the epoch, as HTTP writes it: RFC 9110, section 5.6.7.

    `email.utils` writes it too, but importing that takes as long as starting Python.
    """
    now = time.gmtime(seconds)
    day, month = _DAYS[now.tm_wday], _MONTHS[now.tm_mon - 1]
    clock = f"{now.tm_hour:02}:{now.tm_min:02}:{now.tm_sec:02}"
    return f"{day}, {now.tm_mday:02} {month} {now.tm_year:04} {clock} GMT"


@lru_cache(maxsize=64)
def _head_start(status: int, content_type: str) -> str:
    start = f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}\r\nServer: Server\r\n"
    return f"{start}Content-Type: {content_type}\r\n" if content_type else start


def render_head(
    status: int,
    content_type: str,
    body: bytes,
    date: str,
    request_id: str,
    headers: tuple[tuple[str, str], ...],
    keep_alive: bool,
) -> bytes:
    """The head of an answer with `body`, whose checksum and length it states.

    `date` is the whole Date header with its line break.
    """
    further = "".join([f"{name}: {value}\r\n" for name, value in headers]) if headers else ""
    return (
        f"{_head_start(status, content_type)}{date}"
        f"Connection: {'keep-alive' if keep_alive else 'close'}\r\n"
        f"x-amzn-RequestId: {request_id}\r\n"
        f"x-amz-crc32: {zlib.crc32(body)}\r\n"
        f"{further}"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode("latin-1", "replace")


@lru_cache(maxsize=16)
def refusal(status: int) -> bytes:
    """The whole answer to bytes that are no request we can take; the connection ends with it.

    The service's own 413 has a chunked, empty body and no request id, and so have all of these.
    """
    return (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nServer: Server\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"
    ).encode("ascii")
