"""Content codings: inflating request bodies within a bound, choosing and making compressed answers.

Pure functions on bytes. What the service accepts, and which coding it picks for which
Accept-Encoding, is as observed against it.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

# A member is at least 20 bytes, so without a bound a 16 MB body could hold 800,000 of them.
_GZIP_MEMBERS_MAX = 1024
_GZIP_MAGIC = b"\x1f\x8b"
_WINDOW_BITS = {b"gzip": 31, b"deflate": 15}
_BLOCK_BYTES = 64 * 1024
# The fastest level: an answer is made once and read once, and the event loop waits meanwhile.
_COMPRESSION_LEVEL = 1


class BrokenBodyError(Exception):
    """The body is not what its Content-Encoding says, or the coding is not one we know."""


class BodyTooLargeError(Exception):
    """The body is larger than the limit once it is inflated."""


def inflate(body: bytes, coding: bytes, bytes_max: int) -> bytes:
    """`body` without its Content-Encoding `coding`; never makes more than `bytes_max` bytes.

    Members of a gzip body may follow one another; whatever else follows a complete stream is
    ignored, as by the service. Raises BrokenBodyError, BodyTooLargeError.
    """
    name = coding.strip().lower()
    if name in (b"", b"identity"):
        return body
    if name not in _WINDOW_BITS:
        raise BrokenBodyError(f"unknown Content-Encoding {coding!r}")
    members_max = _GZIP_MEMBERS_MAX if name == b"gzip" else 1
    return _inflate_members(memoryview(body), _WINDOW_BITS[name], members_max, bytes_max)


def _inflate_members(body: memoryview, bits: int, members_max: int, bytes_max: int) -> bytes:
    output = bytearray()
    position = 0
    for _ in range(members_max):
        position = _inflate_member(body, position, bits, output, bytes_max)
        if bytes(body[position : position + 2]) != _GZIP_MAGIC:
            return bytes(output)
    if members_max > 1:
        raise BrokenBodyError("too many gzip members")
    return bytes(output)


def _inflate_member(
    body: memoryview, position: int, bits: int, output: bytearray, bytes_max: int
) -> int:
    """Append the stream that begins at `position` to `output`; the position after its end."""
    stream = zlib.decompressobj(bits)
    while position < len(body):
        # In blocks, because zlib copies all that follows the end of a stream.
        block = body[position : position + _BLOCK_BYTES]
        room = bytes_max - len(output)
        try:
            output += stream.decompress(block, room + 1)
        except zlib.error as error:
            raise BrokenBodyError(str(error)) from None
        if len(output) > bytes_max:
            raise BodyTooLargeError
        position += len(block) - len(stream.unused_data)
        if stream.eof:
            return position
    raise BrokenBodyError("the compressed body ends early")


def compress(body: bytes, coding: bytes) -> bytes:
    """`body` in the coding that `choose_coding` gave."""
    return zlib.compress(body, _COMPRESSION_LEVEL, _WINDOW_BITS[coding])


@lru_cache(maxsize=256)
def choose_coding(accept_encoding: bytes) -> bytes | None:
    """b"gzip", b"deflate", or None for an answer as it is.

    The highest quality wins, then the first one named, then what `*` stands for, gzip first.
    `identity` has no say: the service compresses whenever it may.
    """
    qualities: dict[bytes, float] = {}
    for item in accept_encoding.lower().split(b","):
        name, _, parameters = item.partition(b";")
        name = name.strip()
        qualities[name] = max(qualities.get(name, 0.0), _quality(parameters))
    rest = qualities.pop(b"*", 0.0)
    candidates = [(name, value) for name, value in qualities.items() if name in _WINDOW_BITS]
    candidates += [(name, rest) for name in _WINDOW_BITS if name not in qualities]
    name, value = max(candidates, key=lambda candidate: candidate[1], default=(b"", 0.0))
    return name if value > 0 else None


def _quality(parameters: bytes) -> float:
    """The first `q` parameter, within 0..1; what is not a number counts as 1, as observed."""
    for parameter in parameters.split(b";"):
        name, _, value = parameter.partition(b"=")
        if name.strip() == b"q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 1.0
    return 1.0
