"""From botocore's requests to the database, and its answers back: what HTTP does elsewhere."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from genset.testing.beside_moto import keep_moto_out
from genset.testing.database import Database
from genset.testing.stepping import Held
from genset.wire.messages import Dropped, HttpLimits, WireRequest, WireResponse
from genset.wire.request_ids import random_request_ids

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

SERVICES: Final = ("dynamodb", "dynamodbstreams")
EVENTS: Final = ("before-send.dynamodb", "before-send.dynamodb-streams")
"""The events of clients of `SERVICES`."""
READ_TIMEOUT_S: Final = 60.0
"""That of clients which do not say theirs: botocore's default."""
SECRET_KEY: Final = "local"
_CONTENT_TYPE: Final = "application/x-amz-json-1.0"
_BODY_BYTES_MAX: Final = HttpLimits().body_bytes_max

_new_request_id = random_request_ids()


def mark_answered(request: AWSPreparedRequest) -> None:
    """Note that a request has its answer, for other handlers of the same event."""
    keep_moto_out()
    request.genset_answers = True


class Transport:
    """Answers the requests of one client: a handler of botocore's `before-send` event.

    `timeout_s` is the client's read timeout. A request whose answer is held back longer ends as it
    would with a socket, in botocore's ReadTimeoutError.
    """

    def __init__(self, database: Database, timeout_s: float) -> None:
        self._database = database
        self._timeout_s = timeout_s

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """The answer to a request. Raises ConnectionClosedError, ReadTimeoutError."""
        from botocore.awsrequest import AWSResponse

        mark_answered(request)
        wired = wire_request(request)
        answer = REFUSAL if is_too_large(wired) else self._answer(request, wired)
        headers = answer_headers(answer, wired)
        return AWSResponse(request.url, answer.status, headers, _Raw(answer.body))

    def _answer(self, request: AWSPreparedRequest, wired: WireRequest) -> WireResponse:
        database = self._database
        try:
            answer = database.begin(wired)
            while isinstance(answer, Held):
                if answer.seconds > self._timeout_s:
                    answer.give_up()
                    database.wait(self._timeout_s)
                    raise read_timeout(request)
                database.wait(answer.seconds)
                answer = database.go_on(answer)
        except Dropped as dropped:
            raise connection_closed(request) from dropped
        return answer


class _Raw:
    """The body of an answer, as `AWSResponse` reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        """All of it at once."""
        yield self._body


def wire_request(request: AWSPreparedRequest) -> WireRequest:
    """The request as the HTTP server would hand it on."""
    headers = {b"host": _host(request.url)}
    for name, value in request.headers.items():
        headers[name.lower().encode()] = value if type(value) is bytes else value.encode("latin-1")
    body = request.body
    content = body if type(body) is bytes else _content(body)
    return WireRequest(
        b"POST", b"/", b"", headers, content, content, _CONTENT_TYPE, _new_request_id()
    )


def _content(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else bytes(body)


@lru_cache(maxsize=64)
def _host(url: str) -> bytes:
    return urlsplit(url).netloc.encode()


def is_too_large(request: WireRequest) -> bool:
    """Whether the HTTP server would not take a request, but answer with `REFUSAL`."""
    return len(request.body) > _BODY_BYTES_MAX


REFUSAL: Final = WireResponse(b"", 413, "")


def answer_headers(answer: WireResponse, request: WireRequest) -> Mapping[str, str]:
    """The headers with which the HTTP server sends an answer."""
    if answer is REFUSAL:
        return {"Server": "Server", "Transfer-Encoding": "chunked", "Connection": "close"}
    headers = {
        "Server": "Server",
        "Content-Type": _CONTENT_TYPE if answer.content_type is None else answer.content_type,
        "Date": _date(int(time.time())),
        "Connection": "keep-alive",
        "x-amzn-RequestId": request.request_id,
        "x-amz-crc32": str(zlib.crc32(answer.body)),
        "Content-Length": str(len(answer.body)),
    }
    headers.update(answer.headers)
    return headers


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def read_timeout(request: AWSPreparedRequest) -> Exception:
    """What a client raises whose answer does not come in time."""
    from botocore.exceptions import ReadTimeoutError

    error: Exception = ReadTimeoutError(endpoint_url=request.url)
    return error


def connection_closed(request: AWSPreparedRequest) -> Exception:
    """What a client raises whose connection breaks."""
    from botocore.exceptions import ConnectionClosedError

    error: Exception = ConnectionClosedError(endpoint_url=request.url)
    return error
