"""Compressed requests and answers, as the service takes and gives them."""

from __future__ import annotations

import contextlib
import gzip
import zlib

import pytest
from http_toy import post, serving
from hypothesis import given
from hypothesis import strategies as st

from genset.wire import _encoding
from genset.wire.http import HttpLimits

GZIP = b"Content-Encoding: gzip"
DEFLATE = b"Content-Encoding: deflate"


def packed(body: bytes) -> bytes:
    """The same bytes every time, for the names of the tests."""
    return gzip.compress(body, mtime=0)


@pytest.mark.parametrize(
    ("header", "compressed"),
    [
        (GZIP, packed(b"hello")),
        (b"content-encoding: GZip ", packed(b"hello")),
        (GZIP, packed(b"he") + packed(b"") + packed(b"llo")),
        (GZIP, packed(b"hello") + b"junk"),
        (DEFLATE, zlib.compress(b"hello")),
        (DEFLATE, zlib.compress(b"hello") + zlib.compress(b"ignored")),
        (b"Content-Encoding: identity", b"hello"),
        (b"Content-Encoding:", b"hello"),
    ],
)
def test_a_compressed_body_is_inflated_for_the_handler(run, header, compressed):
    async def main():
        async with serving() as toy:
            assert (await toy.ask(post(compressed, header))).body == b"echo:hello"
            assert toy.handler.requests[0].raw_body == compressed

    run(main())


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (GZIP, b"hello"),
        (GZIP, b""),
        (GZIP, packed(b"hello")[:-1]),
        (GZIP, packed(b"hello") + packed(b"hello")[:-1]),
        (GZIP, packed(b"") * 1025),
        (DEFLATE, b"hello"),
        (DEFLATE, b""),
        (b"Content-Encoding: garbage", b"hello"),
        (b"Content-Encoding: gzip, gzip", packed(b"hello")),
    ],
)
def test_a_broken_encoding_is_an_internal_server_error(run, header, body):
    async def main():
        async with serving() as toy:
            client = await toy.connect()
            answer = await client.ask(post(body, header))
            assert answer.status == 500
            assert b"#InternalServerError" in answer.body
            assert not toy.handler.requests
            assert (await client.ask(post())).status == 200

    run(main())


@pytest.mark.parametrize("pack", [packed, zlib.compress])
def test_the_limit_holds_for_the_inflated_body(run, pack):
    header = GZIP if pack is packed else DEFLATE

    async def main():
        async with serving(HttpLimits(body_bytes_max=100_000)) as toy:
            assert (await toy.ask(post(pack(b"x" * 100_000), header))).status == 200
            assert (await toy.ask(post(pack(b"x" * 100_001), header))).status == 413
            assert (await toy.ask(post(pack(b"x" * 50_000_000), header))).status == 413

    run(main())


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.integers(0, 1600))
def test_inflating_is_the_inverse_of_compressing_within_the_limit(pieces, bytes_max):
    body = b"".join(pieces)
    body_packed = b"".join(packed(piece) for piece in pieces)
    if len(body) <= bytes_max:
        assert _encoding.inflate(body_packed, b"gzip", bytes_max) == body
    else:
        with pytest.raises(_encoding.BodyTooLargeError):
            _encoding.inflate(body_packed, b"gzip", bytes_max)


@given(st.binary(max_size=200), st.sampled_from([b"gzip", b"deflate"]))
def test_inflating_any_bytes_gives_bytes_or_our_error(data, coding):
    with contextlib.suppress(_encoding.BrokenBodyError, _encoding.BodyTooLargeError):
        assert len(_encoding.inflate(data, coding, 1000)) <= 1000


# Each line was observed against the service.
@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("identity", None),
        ("", None),
        ("br", None),
        ("x-gzip", None),
        ("gzip, deflate", b"gzip"),
        ("br, identity, deflate, gzip", b"deflate"),
        ("GZIP, identity", b"gzip"),
        ("dog, gzip ,, cat", b"gzip"),
        ("gzip;q=0.8, deflate;q=0.5", b"gzip"),
        ("br, gzip;q=0, deflate; q = 0.5 , identity;q=0", b"deflate"),
        ("*", b"gzip"),
        ("*, deflate;q=0.5", b"gzip"),
        ("*, deflate", b"deflate"),
        ("*, identity", b"gzip"),
        ("*, gzip;q=0.5", b"deflate"),
        ("gzip ;q=0", None),
        ("identity;q=0", None),
        ("*;q=0", None),
        ("*;q=0.5,identity", b"gzip"),
        ("gzip;q=0.5,identity;q=0.8", b"gzip"),
        ("br;q=0.8,identity;q=0.5,*;q=0", None),
        ('"gzip"', None),
        ("gzip br", None),
        ("gzip:q=1", None),
        ("deflate;q=0.5, gzip;q=31", b"gzip"),
        ("gzip;q=31,deflate;q=51", b"gzip"),
        ("deflate;q=0.5, gzip;q=0.2", b"deflate"),
        ("deflate;q=0.5, gzip;q=1;q=0.2", b"gzip"),
        ("deflate;q=0.5,gzip;q=0.", b"deflate"),
        ("deflate;q=0.5,gzip;q=0.x", b"gzip"),
        ("deflate;q=-0.5,gzip;q=0.2", b"gzip"),
        ("gzip;nq=1;q=0 ", None),
        ("gzip;q=0, gzip;q=1, gzip;q=0", b"gzip"),
        ("br,identity;q=0.5,gzip;q=0.0001", b"gzip"),
    ],
)
def test_the_coding_is_chosen_as_the_service_chooses(accepted, coding):
    assert _encoding.choose_coding(accepted.encode()) == coding


def test_only_large_results_are_compressed(run):
    async def main():
        async with serving() as toy:
            client = await toy.connect()
            accept = b"Accept-Encoding: gzip"
            answer = await client.ask(post(b"big 4096", accept))
            assert answer.headers["content-encoding"] == "gzip"
            assert int(answer.headers["x-amz-crc32"]) == zlib.crc32(answer.body)
            assert gzip.decompress(answer.body) == b"x" * 4096
            answer = await client.ask(post(b"big 4096", b"Accept-Encoding: deflate"))
            assert zlib.decompress(answer.body) == b"x" * 4096
            for data in (
                post(b"big 4095", accept),
                post(b"error 5000", accept),
                post(b"big 5000", b"Accept-Encoding: identity"),
                post(b"big 5000"),
            ):
                assert "content-encoding" not in (await client.ask(data)).headers

    run(main())
