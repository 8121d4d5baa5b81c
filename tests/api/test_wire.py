"""HTTP as a client of the service meets it."""

from __future__ import annotations

import gzip
import json
import re
import socket
import threading
import zlib

import botocore.session
import pytest

from genset.operations.registry import OPERATIONS
from support.client import JSON_1_0, TARGET, Api, authorization
from support.values import S

PUT = {"TableName": "strings", "Item": {"pk": S("wire")}}


def test_the_health_answer(api):
    answer = api.http("GET", "/")
    assert answer.status == 200
    assert answer.body.strip() == b"healthy: dynamodb.us-east-1.amazonaws.com"


@pytest.mark.parametrize(("method", "path"), [("PUT", "/"), ("DELETE", "/"), ("GET", "/x/y")])
def test_other_methods_and_paths_are_unknown(api, method, path):
    answer = api.http(method, path)
    assert (answer.status, answer.body) == (404, b"<UnknownOperationException/>\n")


def test_the_headers_of_an_answer(api):
    answer = api.send("PutItem", PUT)
    assert answer.status == 200
    assert answer.headers["content-type"] == JSON_1_0
    assert re.fullmatch(r"[A-Z0-9]{52}", answer.headers["x-amzn-requestid"])
    assert answer.headers["x-amz-crc32"] == str(zlib.crc32(answer.body))
    assert answer.headers["content-length"] == str(len(answer.body))
    other = api.send("PutItem", PUT)
    assert other.headers["x-amzn-requestid"] != answer.headers["x-amzn-requestid"]


def test_errors_have_the_same_headers(api):
    answer = api.send("PutItem", {})
    assert answer.status == 400
    assert answer.headers["content-type"] == JSON_1_0
    assert answer.headers["x-amz-crc32"] == str(zlib.crc32(answer.body))
    assert answer.json["__type"] == "com.amazon.coral.validate#ValidationException"
    assert set(answer.json) == {"__type", "message"}


@pytest.mark.parametrize("kind", [JSON_1_0, "application/json"])
def test_the_content_type_is_echoed(api, kind):
    answer = api.send("PutItem", PUT, {"Content-Type": kind})
    assert (answer.status, answer.headers["content-type"]) == (200, kind)


def test_another_content_type_is_unknown(api):
    answer = api.send("PutItem", PUT, {"Content-Type": "text/plain"})
    assert answer.status == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[1", b"nope", b'{"a":}', b"{} x", b"\xff\xfe{}"])
def test_a_body_that_is_not_json(api, body):
    answer = api.send("PutItem", body)
    assert (answer.status, answer.json["__type"]) == (
        400,
        "com.amazon.coral.service#SerializationException",
    )


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"1", b"null", b"true"])
def test_a_body_that_is_no_object(api, body):
    answer = api.send("PutItem", body)
    assert answer.status == 400
    assert answer.json["__type"].endswith(("SerializationException", "ValidationException"))


TARGETS = [None, "", "PutItem", "DynamoDB_20120810.", "DynamoDB_20120810.Nope",
           "DynamoDB_20111205.PutItem", "Other.PutItem"]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_an_unknown_target(api, target):
    answer = api.send("PutItem", PUT, {"X-Amz-Target": target})
    assert answer.status == 400
    assert answer.json["__type"] == "com.amazon.coral.service#UnknownOperationException"


def test_no_signature_is_no_entry(api):
    answer = api.send("PutItem", PUT, {"Authorization": None, "X-Amz-Date": None})
    assert answer.status == 400
    assert answer.json == {
        "__type": "com.amazon.coral.service#MissingAuthenticationTokenException",
        "message": "Request is missing Authentication Token",
    }


def test_a_broken_signature_says_what_is_missing(api):
    header = "AWS4-HMAC-SHA256 Credential=AKIA/20261123/us-east-1/dynamodb/aws4_request"
    answer = api.send("PutItem", PUT, {"Authorization": header})
    assert answer.status == 400
    assert answer.json["__type"] == "com.amazon.coral.service#IncompleteSignatureException"
    assert answer.json["message"] == (
        "Authorization header requires 'Signature' parameter. Authorization header requires "
        f"'SignedHeaders' parameter. Authorization={header}"
    )


def test_a_signed_request(api, fresh):
    request = {"TableName": "strings", "Item": {"pk": S(fresh())}}
    assert api.send_signed("PutItem", request, "AKIAIOSFODNN7EXAMPLE", "secret").status == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_request(api, fresh, encoding):
    request = json.dumps({"TableName": "strings", "Item": {"pk": S(fresh())}}).encode()
    body = gzip.compress(request) if encoding == "gzip" else zlib.compress(request)
    assert api.send("PutItem", body, {"Content-Encoding": encoding}).status == 200


def test_a_compressed_answer(api, fresh):
    key = {"pk": S(fresh())}
    api("PutItem", TableName="strings", Item={**key, "v": S("x" * 20_000)})
    request = {"TableName": "strings", "Key": key}
    answer = api.send("GetItem", request, {"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    # The checksum is of the bytes as sent (observed 16 [D]).
    assert answer.headers["x-amz-crc32"] == str(zlib.crc32(answer.body))
    assert json.loads(gzip.decompress(answer.body))["Item"]["v"] == S("x" * 20_000)
    plain = api.send("GetItem", request)
    assert "content-encoding" not in plain.headers


def test_a_body_over_16_mb_is_refused(endpoint):
    with Api(endpoint) as own:
        request = {"TableName": "strings", "Item": {"pk": S("x"), "v": S("x" * (17 << 20))}}
        try:
            answer = own.send("PutItem", request)
        except OSError:
            # A server may hang up on the rest of a body it will not read.
            return
        assert answer.status in (400, 413)


def raw(endpoint, *parts: bytes, answers: int = 1) -> bytes:
    """Send bytes as they are, piece by piece, and read until `answers` have come."""
    host, _, port = endpoint.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        got = b""
        while got.count(b"HTTP/1.1 ") < answers or not got.endswith(b"}"):
            more = connection.recv(65536)
            if not more:
                break
            got += more
        return got


def head(length: int | None = None, *more: str) -> bytes:
    lines = [
        "POST / HTTP/1.1",
        "Host: localhost",
        f"Content-Type: {JSON_1_0}",
        f"X-Amz-Target: {TARGET}ListTables",
        "X-Amz-Date: 20261123T000000Z",
        f"Authorization: {authorization()}",
        *([f"Content-Length: {length}"] if length is not None else []),
        *more,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def test_pipelined_requests_are_answered_in_order(endpoint, api):
    got = raw(endpoint, (head(2) + b"{}") * 5, answers=5)
    assert got.count(b"HTTP/1.1 200") == 5
    assert got.count(b'"TableNames"') == 5


def test_a_chunked_body(endpoint, api):
    got = raw(
        endpoint,
        head(None, "Transfer-Encoding: chunked"),
        b"1\r\n{\r\n",
        b"1\r\n}\r\n0\r\n\r\n",
    )
    assert b"HTTP/1.1 200" in got
    assert b"TableNames" in got


def test_a_body_that_comes_byte_by_byte(endpoint, api):
    message = head(2) + b"{}"
    got = raw(endpoint, *(message[n : n + 1] for n in range(len(message))))
    assert b"HTTP/1.1 200" in got


def test_expect_100_continue(endpoint, api):
    host, _, port = endpoint.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head(2, "Expect: 100-continue"))
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(b"{}")
        assert b"HTTP/1.1 200" in connection.recv(65536)


@pytest.mark.parametrize(
    "message",
    [b"nonsense\r\n\r\n", b"GET\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01",
     b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
     b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
)  # fmt: skip
def test_what_is_not_http_does_not_stop_the_server(endpoint, api, message):
    host, _, port = endpoint.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(message)
        connection.shutdown(socket.SHUT_WR)
        got = b""
        while more := connection.recv(65536):
            got += more
    assert b"Traceback" not in got
    assert b" 500 " not in got
    assert api("ListTables")["TableNames"]


def test_cors(api):
    answer = api.http(
        "OPTIONS",
        "/",
        headers={
            "Origin": "https://example.com",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-amz-target,content-type",
        },
    )
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert answer.headers["access-control-allow-headers"] == "x-amz-target,content-type"
    assert answer.headers["access-control-max-age"] == "172800"
    answer = api.send("ListTables", {}, {"Origin": "https://example.com"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-amzn-RequestId" in answer.headers["access-control-expose-headers"]
    assert api.http("OPTIONS", "/").status == 404


def test_many_connections_at_once(endpoint, api, fresh):
    mark = fresh()
    failures = []

    def work(number):
        try:
            with Api(endpoint) as own:
                for n in range(20):
                    item = {"pk": S(mark), "sk": S(f"{number}-{n}")}
                    own("PutItem", TableName="ranged", Item=item)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    page = api("Query", TableName="ranged", KeyConditionExpression="pk = :p",
               ExpressionAttributeValues={":p": S(mark)}, Select="COUNT")  # fmt: skip
    assert page["Count"] == 320


SERIALIZATION = [
    ("a number for a name", {"TableName": 5}, "NUMBER_VALUE cannot be converted to String"),
    ("true for a name", {"TableName": True}, "TRUE_VALUE cannot be converted to String"),
    ("false for a name", {"TableName": False}, "FALSE_VALUE cannot be converted to String"),
    ("a decimal for a name", {"TableName": 5.5}, "DECIMAL_VALUE cannot be converted to String"),
    ("a text for a flag", {"TableName": "strings", "ConsistentRead": "x"},
     None),
    ("a map for a name", {"TableName": {}}, None),
    ("a list for a name", {"TableName": []}, None),
    ("a text for a map", {"TableName": "strings", "Key": "x"}, None),
    ("a list for a map", {"TableName": "strings", "Key": []}, None),
    ("a text for a list", {"TableName": "strings", "AttributesToGet": "x"}, None),
    ("a number in a list", {"TableName": "strings", "AttributesToGet": [1]},
     "NUMBER_VALUE cannot be converted to String"),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "message"), [row[1:] for row in SERIALIZATION],
                         ids=[row[0] for row in SERIALIZATION])  # fmt: skip
def test_a_json_value_of_the_wrong_type(api, request_, message):
    """observed 16 [S]: only a type mismatch is a SerializationException."""
    answer = api.refused("GetItem", request_)
    assert answer.body["__type"] == "com.amazon.coral.service#SerializationException"
    assert "Message" in answer.body
    if message:
        assert answer.message == message


@pytest.mark.parametrize(
    ("service", "prefix"),
    [("dynamodb", "DynamoDB_20120810"), ("dynamodbstreams", "DynamoDBStreams_20120810")],
)
def test_every_operation_that_is_not_there_yet_says_so(api, service, prefix):
    """Ours alone: the service has them all (docs/differences.md)."""
    known = botocore.session.get_session().get_service_model(service).operation_names
    assert {"GetItem", "GetRecords"} & set(known)
    for name in known:
        answer = api.send(name, {}, {"X-Amz-Target": f"{prefix}.{name}"})
        if name in OPERATIONS:
            assert b"UnknownOperationException" not in answer.body
            continue
        assert answer.status == 400
        assert answer.json == {
            "__type": "com.amazon.coral.service#UnknownOperationException",
            "message": f"genset does not have the operation {name} yet.",
        }
