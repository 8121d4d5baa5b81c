"""What is answered to requests that are not the API's: pages, content types, CORS."""

from __future__ import annotations

import zlib

import pytest
from http_toy import post, serving

NOT_FOUND = b"<UnknownOperationException/>\n"


def get(method: bytes = b"GET", target: bytes = b"/", *headers: bytes) -> bytes:
    lines = [b"%b %b HTTP/1.1" % (method, target), b"Host: x", *headers]
    return b"\r\n".join([*lines, b"", b""])


@pytest.mark.parametrize("target", [b"/", b"/?a=b", b"http://dynamodb:8000/"])
def test_get_says_healthy(run, target):
    async def main():
        async with serving(region="eu-west-2") as toy:
            answer = await toy.ask(get(target=target))
        assert answer.status == 200
        assert answer.body == b"healthy: dynamodb.eu-west-2.amazonaws.com "
        assert int(answer.headers["x-amz-crc32"]) == zlib.crc32(answer.body)
        assert len(answer.headers["x-amzn-requestid"]) == 52

    run(main())


@pytest.mark.parametrize(
    "data",
    [
        get(target=b"/health"),
        get(b"PUT"),
        get(b"DELETE"),
        get(b"OPTIONS"),
        get(b"PATCH", b"/a?b"),
        post().replace(b"POST /", b"POST /a"),
        post(b"hi").replace(b"x-amz-json-1.0", b"x-amz-json-1.1"),
        post(b"hi").replace(b"x-amz-json-1.0", b"jsonasdf"),
        post(b"hi").replace(b"Content-Type: application/x-amz-json-1.0\r\n", b""),
    ],
)
def test_what_is_not_the_apis_is_an_unknown_operation(run, data):
    async def main():
        async with serving() as toy:
            client = await toy.connect()
            answer = await client.ask(data)
            assert answer.status == 404
            assert answer.body == NOT_FOUND
            # The service's own figures for this page.
            assert answer.headers["x-amz-crc32"] == "3552371480"
            assert answer.headers["content-length"] == "29"
            assert "content-type" not in answer.headers
            assert not toy.handler.requests
            assert (await client.ask(post())).status == 200

    run(main())


def test_head_has_no_body(run):
    async def main():
        async with serving() as toy:
            client = await toy.connect()
            client.send(get(b"HEAD") + post(b"next"))
            answer = await client.answer(head_only=True)
            assert (answer.status, answer.headers["content-length"]) == (404, "29")
            assert (await client.answer()).body == b"echo:next"

    run(main())


@pytest.mark.parametrize(
    ("header", "body", "echoed"),
    [
        (b"application/x-amz-json-1.0", b"{}", "application/x-amz-json-1.0"),
        (b"application/json", b"{}", "application/json"),
        (b"  application/json  ;   asfd", b"{}", "application/json"),
        (b"application/x-amz-json-1.0;blahblah", b"{}", "application/x-amz-json-1.0"),
        (b"application/json;charset=utf-8", b"{}", "application/json"),
        (b"text/plain", b"", "application/json"),
        (b"application/x-amz-json-1.0", b"", "application/x-amz-json-1.0"),
    ],
)
def test_the_content_type_is_echoed_without_its_parameters(run, header, body, echoed):
    async def main():
        async with serving() as toy:
            answer = await toy.ask(post(body).replace(b"application/x-amz-json-1.0", header))
        assert answer.status == 200
        assert answer.headers["content-type"] == echoed

    run(main())


def test_every_answer_to_an_origin_allows_it(run):
    async def main():
        async with serving() as toy:
            client = await toy.connect()
            origin = b"Origin: http://example.com/"
            for data in (post(b"{}", origin), get(b"GET", b"/", origin), get(b"PUT", b"/", origin)):
                answer = await client.ask(data)
                assert answer.headers["access-control-allow-origin"] == "*"
                assert answer.headers["access-control-expose-headers"] == (
                    "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
                )
                assert "access-control-max-age" not in answer.headers

    run(main())


def test_a_preflight_is_allowed_all_it_asks_for(run):
    async def main():
        async with serving() as toy:
            client = await toy.connect()
            bare = await client.ask(get(b"OPTIONS", b"/", b"Origin: a"))
            assert (bare.status, bare.headers["content-length"]) == (200, "0")
            assert bare.headers["access-control-max-age"] == "172800"
            assert "access-control-allow-headers" not in bare.headers
            asking = (
                b"Origin: a",
                b"Access-Control-Request-Headers: a, b, c",
                b"Access-Control-Request-Method: d",
            )
            full = await client.ask(get(b"OPTIONS", b"/", *asking))
            assert full.headers["access-control-allow-headers"] == "a, b, c"
            assert full.headers["access-control-allow-methods"] == "d"
            assert full.headers["access-control-allow-origin"] == "*"

    run(main())
