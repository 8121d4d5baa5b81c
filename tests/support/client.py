"""A client that sends exactly what a test says and shows exactly what came back."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support.operations_called import note

JSON_1_0 = "application/x-amz-json-1.0"
TARGET = "DynamoDB_20120810."
# Less than servers keep a connection that nobody uses.
_IDLE_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Refused(Exception):
    """An answer that is an error, taken apart."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.status = answer.status
        self.body: dict[str, Any] = answer.json
        self.type = str(self.body.get("__type", "")).rpartition("#")[2]
        self.message = str(self.body.get("message", self.body.get("Message", "")))
        super().__init__(f"{self.status} {self.type}: {self.message}")

    def must_be(self, kind: str) -> None:
        """For the `except` block of a call that may be refused for one reason alone."""
        assert self.type == kind, str(self)


def authorization(region: str = "us-east-1", access_key: str = "AKIAIOSFODNN7EXAMPLE") -> str:
    """A well-formed header that nobody signed."""
    scope = f"{access_key}/20261123/{region}/dynamodb/aws4_request"
    return (
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date;x-amz-target, "
        f"Signature={'0' * 64}"
    )


class Caller:
    """Whoever can `send` a request can be called for the parsed answer, or for the error."""

    def send(self, operation: str, request: Any, headers: Mapping[str, str | None] = {}) -> Answer:
        """The answer to a request."""
        raise NotImplementedError

    def __call__(self, operation: str, request: Any = None, /, **members: Any) -> dict[str, Any]:
        """The parsed answer; raises Refused for an error."""
        answer = self.send(operation, {**(request or {}), **members})
        if answer.status != 200:
            raise Refused(answer)
        parsed: dict[str, Any] = answer.json
        return parsed

    def refused(self, operation: str, request: Any = None, /, **members: Any) -> Refused:
        """The error that the request must be answered with."""
        body = request if isinstance(request, bytes) else {**(request or {}), **members}
        answer = self.send(operation, body)
        assert answer.status != 200, f"{operation} was accepted: {answer.body[:500]!r}"
        return Refused(answer)


class Api(Caller):
    """Requests to one server, over one kept-alive connection per thread."""

    def __init__(self, url: str, *, region: str = "us-east-1", timeout: float = 60) -> None:
        self.url = url
        self.region = region
        self.timeout = timeout
        parts = urlsplit(url)
        self.host = parts.hostname or "127.0.0.1"
        self.port = parts.port or 80
        self._local = threading.local()
        self._connections: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        with self._lock:
            connections, self._connections = self._connections, []
        for connection in connections:
            connection.close()

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connection(self) -> http.client.HTTPConnection:
        connection = getattr(self._local, "connection", None)
        now = time.monotonic()
        if connection is not None and now - self._local.used_at > _IDLE_S:
            # The server is about to give it up; `http.client` connects anew.
            connection.close()
        self._local.used_at = now
        if connection is None:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
            self._local.connection = connection
            with self._lock:
                self._connections.append(connection)
        return connection

    def _headers(self, operation: str, headers: Mapping[str, str | None]) -> dict[str, str]:
        merged: dict[str, str | None] = {
            "Content-Type": JSON_1_0,
            "X-Amz-Target": TARGET + operation,
            "X-Amz-Date": "20261123T000000Z",
            "Authorization": authorization(self.region),
            **headers,
        }
        return {name: value for name, value in merged.items() if value is not None}

    def http(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> Answer:
        """Any HTTP request, with no header but those given and what HTTP needs."""
        connection = self._connection()
        try:
            connection.request(method, path, body=body, headers=dict(headers))
            response = connection.getresponse()
            content = response.read()
        except Exception:
            connection.close()
            raise
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, headers=found, body=content)

    def send(self, operation: str, request: Any, headers: Mapping[str, str | None] = {}) -> Answer:
        """POST `request`: bytes as they are, all else as JSON. A header of None is left out."""
        note(operation)
        body = request if isinstance(request, bytes) else json.dumps(request).encode()
        return self.http("POST", "/", body, self._headers(operation, headers))

    def send_signed(self, operation: str, request: Any, access_key: str, secret: str) -> Answer:
        """The same with a true SigV4 signature of now."""
        note(operation)
        body = json.dumps(request).encode()
        plain = AWSRequest(
            "POST",
            self.url + "/",
            data=body,
            headers={"Content-Type": JSON_1_0, "X-Amz-Target": TARGET + operation},
        )
        SigV4Auth(Credentials(access_key, secret), "dynamodb", self.region).add_auth(plain)
        return self.http("POST", "/", body, dict(plain.headers.items()))
