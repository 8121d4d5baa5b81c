"""SigV4-signed requests, signed by botocore for one server's host and port.

A signature covers the host, so every server gets its own; and servers that verify signatures
allow five minutes of clock skew, so requests are signed right before they are sent.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]

ACCESS_KEY_ID = "AKIABENCHMARK0000001"
SECRET_ACCESS_KEY = "benchmarkSecretOfNoOtherUse0123456789abc"
REGION = "us-east-1"

_STREAMS_OPERATIONS = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")


@dataclasses.dataclass(frozen=True)
class SignedRequest:
    """One request, ready to send."""

    headers: dict[str, str]
    body: bytes

    def raw(self) -> bytes:
        """The request as bytes of HTTP/1.1."""
        lines = ["POST / HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("ascii") + self.body


class Signer:
    """Signs operations for the server at 127.0.0.1 on one port."""

    def __init__(self, port: int) -> None:
        self._host = f"127.0.0.1:{port}"
        self._auth = SigV4Auth(Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY), "dynamodb", REGION)

    def sign(self, operation: str, members: dict[str, Any]) -> SignedRequest:
        """The signed request for an operation and its members (DynamoDB JSON)."""
        body = json.dumps(members, separators=(",", ":")).encode()
        request = AWSRequest(
            method="POST",
            url=f"http://{self._host}/",
            headers={
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": _target(operation),
            },
            data=body,
        )
        self._auth.add_auth(request)
        headers = {
            "Host": self._host,
            "Accept-Encoding": "identity",
            "Content-Length": str(len(body)),
            **dict(request.headers.items()),
        }
        return SignedRequest(headers, body)


def _target(operation: str) -> str:
    service = "DynamoDBStreams" if operation in _STREAMS_OPERATIONS else "DynamoDB"
    return f"{service}_20120810.{operation}"


def credentials_file() -> str:
    """An AWS shared credentials file that holds the key the requests are signed with."""
    return (
        "[default]\n"
        f"aws_access_key_id = {ACCESS_KEY_ID}\n"
        f"aws_secret_access_key = {SECRET_ACCESS_KEY}\n"
    )
