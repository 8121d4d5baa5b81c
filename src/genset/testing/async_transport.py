"""The same transport for aiobotocore, and so for aioboto3: answers are awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from genset.testing import transport
from genset.testing.database import Database
from genset.testing.stepping import Held
from genset.wire.messages import Dropped, WireRequest, WireResponse

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse


_read_timeout_s: ContextVar[float] = ContextVar("_read_timeout_s", default=60.0)
"""That of the client whose call the present task makes."""


def note_read_timeout(context: Mapping[str, Any], **_: Any) -> None:
    """A handler of `before-call`: one of `before-send` is not told whose request it is."""
    _read_timeout_s.set(float(context["client_config"].read_timeout))


class AsyncTransport:
    """Answers the requests of clients of aiobotocore; see `transport.Transport`.

    Without `timeout_s`, the read timeout is the one that was noted.

    The database works in the event loop's thread, for as long as the operation takes: as a rule
    that is far less than handing it to another thread would.
    """

    def __init__(self, database: Database, timeout_s: float | None = None) -> None:
        self._database = database
        self._timeout_s = timeout_s

    async def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """The answer to a request. Raises ConnectionClosedError, ReadTimeoutError."""
        from aiobotocore.awsrequest import AioAWSResponse

        transport.mark_answered(request)
        wired = transport.wire_request(request)
        if transport.is_too_large(wired):
            answer = transport.REFUSAL
        else:
            answer = await self._answer(request, wired)
        headers = transport.answer_headers(answer, wired)
        response: AWSResponse = AioAWSResponse(
            request.url, answer.status, headers, _AsyncRaw(answer.body)
        )
        return response

    async def _answer(self, request: AWSPreparedRequest, wired: WireRequest) -> WireResponse:
        database = self._database
        try:
            answer = database.begin(wired)
            while isinstance(answer, Held):
                timeout_s = self._timeout_s or _read_timeout_s.get()
                if answer.seconds > timeout_s:
                    answer.give_up()
                    await self._wait(timeout_s)
                    raise transport.read_timeout(request)
                await self._wait(answer.seconds)
                answer = database.go_on(answer)
        except Dropped as dropped:
            raise transport.connection_closed(request) from dropped
        return answer

    async def _wait(self, seconds: float) -> None:
        if self._database.switches.waits:
            await asyncio.sleep(seconds)
        else:
            self._database.wait(seconds)


class _AsyncRaw:
    """The body of an answer, as `AioAWSResponse` reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self) -> bytes:
        """All of it."""
        return self._body
