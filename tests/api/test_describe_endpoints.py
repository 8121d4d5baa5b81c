"""DescribeEndpoints, whose Address must lead a client back to this server."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import boto3
import pytest

from support.client import JSON_1_0, TARGET, authorization


def test_the_address_is_where_the_client_reached_the_server(client, endpoint):
    found = client.describe_endpoints()["Endpoints"]
    assert found == [{"Address": urlsplit(endpoint).netloc, "CachePeriodInMinutes": 1440}]


@pytest.mark.parametrize("host", ["dynamodb.example:8443", "dynamodb.us-east-1.amazonaws.com"])
def test_each_client_is_told_the_name_that_it_uses(api, host):
    for name in (host, "another.example"):
        answer = api.send("DescribeEndpoints", {}, {"Host": name})
        assert [each["Address"] for each in answer.json["Endpoints"]] == [name]


def test_a_client_goes_on_at_the_address(client):
    address = client.describe_endpoints()["Endpoints"][0]["Address"]
    following = boto3.client(
        "dynamodb",
        endpoint_url=f"http://{address}",
        region_name="us-east-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="secret",
    )
    assert following.describe_limits()["TableMaxReadCapacityUnits"] == 40_000
    following.close()


def test_without_a_host_there_is_no_address(api):
    """Only HTTP/1.0 allows such a request."""
    request = (
        f"POST / HTTP/1.0\r\nContent-Type: {JSON_1_0}\r\n"
        f"X-Amz-Target: {TARGET}DescribeEndpoints\r\n"
        f"X-Amz-Date: 20261123T000000Z\r\nAuthorization: {authorization()}\r\n"
        "Content-Length: 2\r\n\r\n{}"
    )
    with socket.create_connection((api.host, api.port), timeout=10) as connection:
        connection.sendall(request.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.split(b" ", 2)[1] == b"400"
    assert b"The request has no Host header" in answer
