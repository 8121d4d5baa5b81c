"""Cross-origin headers, for SDKs that run in a browser. Any origin may call, as at the service."""

from __future__ import annotations

from collections.abc import Mapping

# Values as observed against the service, except for the order of the exposed names.
_EXPOSED = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
_PREFLIGHT_MAX_AGE_S = "172800"

CORS_HEADERS: tuple[tuple[str, str], ...] = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", _EXPOSED),
)


def preflight_headers(headers: Mapping[bytes, bytes]) -> tuple[tuple[str, str], ...]:
    """The headers of the answer to an OPTIONS request with an Origin; all it asks for is allowed.

    `CORS_HEADERS` are not among them: every answer to a request with an Origin carries those.
    """
    answer = []
    for asked, allowed in (
        (b"access-control-request-headers", "Access-Control-Allow-Headers"),
        (b"access-control-request-method", "Access-Control-Allow-Methods"),
    ):
        if asked in headers:
            answer.append((allowed, headers[asked].decode("latin-1")))
    return (*answer, ("Access-Control-Max-Age", _PREFLIGHT_MAX_AGE_S))
