"""A server without sockets: requests go to its handler in this process."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from genset.background.jobs import all_jobs
from genset.operations.operation import Services
from genset.realism.memory import SharedMemory
from genset.realism.realism import Realism
from genset.realism.switches import Switches
from genset.storage.engine import Engine
from genset.testing.assembly import assemble
from genset.wire.messages import AdminRequest, WireRequest
from support.client import authorization
from support.operations_called import note

STREAMS_OPERATIONS = ("ListStreams", "DescribeStream", "GetShardIterator", "GetRecords")


def _service(operation: str) -> str:
    return "DynamoDBStreams" if operation in STREAMS_OPERATIONS else "DynamoDB"


def _uuids() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"uuid-{next(numbers)}"


class InProcess:
    """Sends requests to all operations on `engine`; `now` is the time, which a test may move.

    With `switches` there are realism switches, which start so.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        now: float = 0.0,
        switches: Switches | None = None,
        **services: Any,
    ) -> None:
        self.now = now
        self._engine = engine

        def new_realism(services: Services) -> Realism:
            assert switches is not None
            return Realism(SharedMemory(), engine, services, switches)

        assembly = assemble(
            engine,
            now=lambda: self.now,
            new_uuid=_uuids(),
            new_salt=lambda: bytes(range(16)),
            new_realism=None if switches is None else new_realism,
            **services,
        )
        self.services = assembly.services
        self.contributors = assembly.contributors
        self.realism = assembly.realism
        self._handler = assembly.api

    async def send(self, operation: str, members: object) -> tuple[int, dict[str, Any]]:
        """The status and the body of the answer."""
        note(operation)
        body = json.dumps(members).encode()
        headers = {
            b"x-amz-target": f"{_service(operation)}_20120810.{operation}".encode(),
            b"x-amz-date": b"20261123T000000Z",
            b"authorization": authorization().encode(),
        }
        request = WireRequest(b"POST", b"/", b"", headers, body, body, "json", "id")
        response = await self._handler.handle(request)
        # TagResource and UntagResource answer nothing.
        return response.status, json.loads(response.body or b"{}")

    async def administer(self, name: str, query: dict[str, Any]) -> tuple[int, Any]:
        """The status and the body of the answer to a GET under the admin path, from here."""
        path, asked = f"/_genset/{name}".encode(), urlencode(query).encode()
        request = AdminRequest(b"GET", path, asked, {}, b"", b"", "application/json", "id")
        request.peer = "127.0.0.1"
        response = await self._handler.administer(request)
        return response.status, json.loads(response.body)

    async def run_jobs(self, *, backwards: bool = False) -> None:
        """One round of all background work, as it is to be done now, or its last job first."""
        for job in all_jobs()[:: -1 if backwards else 1]:
            await job.run(self._engine, self.services)
