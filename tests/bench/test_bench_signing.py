"""A server that verifies signatures accepts the bytes that the load generator sends."""

from __future__ import annotations

import hashlib
import hmac
import re

from bench.signing import REGION, SECRET_ACCESS_KEY, Signer


def signature_of(raw: bytes) -> tuple[str, str]:
    """The signature in a raw request, and the one that SigV4's definition gives for it."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = [line.partition(": ") for line in head.decode().split("\r\n")[1:]]
    headers = {name.lower(): value for name, _, value in lines}
    given = dict(re.findall(r"(\w+)=([^,\s]+)", headers["authorization"]))
    names = given["SignedHeaders"].split(";")
    canonical = "\n".join(
        [
            *("POST", "/", ""),
            *(f"{name}:{headers[name]}" for name in names),
            *("", given["SignedHeaders"], hashlib.sha256(body).hexdigest()),
        ]
    )
    date = headers["x-amz-date"]
    scope = f"{date[:8]}/{REGION}/dynamodb/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{SECRET_ACCESS_KEY}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}"
    return given["Signature"], hmac.new(key, text.encode(), "sha256").hexdigest()


def test_the_signature_is_that_of_the_bytes_sent() -> None:
    raw = Signer(8000).sign("GetItem", {"TableName": "bench", "Key": {"pk": {"S": "é"}}}).raw()
    sent, expected = signature_of(raw)
    assert sent == expected
    assert b"\r\nHost: 127.0.0.1:8000\r\n" in raw


def test_the_signature_depends_on_the_port() -> None:
    first, second = (signature_of(Signer(port).sign("ListTables", {}).raw()) for port in (1, 2))
    assert first[0] != second[0]
