"""A server without sockets: requests go to its handler in this process."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

from genset.operations.operation import Services
from genset.operations.registry import OPERATIONS
from genset.realism.memory import SharedMemory
from genset.realism.realism import Realism
from genset.realism.switches import Switches
from genset.storage.engine import Engine
from genset.wire.api import Api
from genset.wire.messages import WireRequest
from genset.wire.sigv4 import OpenAuthenticator
from support.client import authorization


def _uuids() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"uuid-{next(numbers)}"


class InProcess:
    """Sends requests to all operations on `engine`; time stands still unless `now` moves.

    With `state` there are switches, which start so.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        now: Callable[[], float] = lambda: 0.0,
        state: Switches | None = None,
    ) -> None:
        services = Services(now=now, new_uuid=_uuids(), new_salt=lambda: bytes(range(16)))
        self.realism: Realism | None = None
        if state is not None:
            self.realism = Realism(SharedMemory(), engine, services, state)
        self._handler = Api(engine, OPERATIONS, OpenAuthenticator(), services, realism=self.realism)

    async def send(self, operation: str, members: object) -> tuple[int, dict[str, Any]]:
        """The status and the body of the answer."""
        body = json.dumps(members).encode()
        headers = {
            b"x-amz-target": f"DynamoDB_20120810.{operation}".encode(),
            b"x-amz-date": b"20261123T000000Z",
            b"authorization": authorization().encode(),
        }
        request = WireRequest(b"POST", b"/", b"", headers, body, body, "json", "id")
        response = await self._handler.handle(request)
        return response.status, json.loads(response.body)
