"""A small blocking client on one connection: seeding, checks and the background load.

It is not boto3, because parsing and retries of an SDK would hide what a server answered and
cost the machine more than the servers themselves.
"""

from __future__ import annotations

import http.client
import json
from types import TracebackType
from typing import Any, Self

from bench.signing import SignedRequest, Signer

TIMEOUT_SECONDS = 60


class RequestFailed(Exception):
    """The server answered something other than 200, or did not answer."""


class Client:
    """One keep-alive connection to a server on 127.0.0.1. Not for several threads at once."""

    def __init__(self, port: int, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.signer = Signer(port)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)

    def call(self, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        """The answer to an operation. Raises RequestFailed unless the status is 200."""
        answer = json.loads(self.send(self.signer.sign(operation, members)))
        if not isinstance(answer, dict):
            raise RequestFailed(f"{operation} was not answered with a JSON object")
        return answer

    def send(self, request: SignedRequest) -> bytes:
        """The body of the answer to a signed request. Raises RequestFailed as `call` does."""
        try:
            self._connection.request("POST", "/", request.body, request.headers)
            response = self._connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            # A fresh connection is made by the next request; this one is in an unknown state.
            self._connection.close()
            raise RequestFailed(f"no answer: {error!r}") from error
        if response.status != 200:
            raise RequestFailed(f"{response.status}: {body[:300].decode(errors='replace')}")
        return body

    def close(self) -> None:
        """Close the connection. A later request opens a new one."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
