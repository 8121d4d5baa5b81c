"""The admin calls: `GET` and `PUT /_genset/realism`, the switches of `genset.realism` as JSON, and
`GET /_genset/contributor-insights`, what `genset.insights` has counted, and `GET /_genset/server`,
what the server is.

With verified signatures, a request must be signed as one to DynamoDB is. Without, anyone may speak
for anyone, so it must come from this machine: its address is a loopback one, it was sent to a name
of this machine, and no proxy says that it has passed it on. A web page in a browser of this machine
sends an Origin with whatever could change something, and is refused in either case. See
docs/realism.md and docs/contributor-insights.md.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

import orjson

from genset.insights.contributors import CONTRIBUTORS_MAX, Contributors
from genset.insights.report import report
from genset.model.errors import DynamoDBError
from genset.realism import switches
from genset.realism.memory import TEXT_BYTES_MAX
from genset.realism.realism import Realism
from genset.realism.switches import SwitchError
from genset.storage.engine import Snapshot
from genset.wire.errors import error_response
from genset.wire.messages import AdminRequest, WireResponse
from genset.wire.sigv4 import Authenticator, OpenAuthenticator

INSIGHTS_PATH: Final = b"/_genset/contributor-insights"
SERVER_PATH: Final = b"/_genset/server"
_PATH: Final = b"/_genset/realism"
Read: TypeAlias = Callable[[Callable[[Snapshot], Awaitable[bytes]]], Awaitable[bytes]]

_FORWARDED: Final = frozenset((b"forwarded", b"x-real-ip", b"via"))
_TOP: Final = re.compile(r"[0-9]{1,9}")
_PORT: Final = re.compile(r":[0-9]*$")
# What a client sent may be 16 MB, and need not come back whole.
_MESSAGE_CHARACTERS_MAX: Final = 500


def answer(
    request: AdminRequest, realism: Realism | None, authenticator: Authenticator, now: float
) -> WireResponse:
    """Show or change the switches, if the sender may."""
    refused = _maybe_refused(request, authenticator, now)
    if refused is not None:
        return refused
    if request.path != _PATH or realism is None:
        return _refusal(404, "there is nothing here")
    if request.method == b"PUT":
        return _change(request, realism)
    if request.method == b"GET":
        return _json(200, switches.encode(realism.state))
    return _refusal(405, "use GET or PUT", ("Allow", "GET, PUT"))


def show_server(
    request: AdminRequest,
    about: Callable[[], Mapping[str, Any]],
    authenticator: Authenticator,
    now: float,
) -> WireResponse:
    """Show what the server says `about` itself, if the sender may see it."""
    refused = _maybe_refused(request, authenticator, now)
    if refused is not None:
        return refused
    if request.method != b"GET":
        return _refusal(405, "use GET", ("Allow", "GET"))
    return _json(200, orjson.dumps(about()))


async def show_contributors(
    request: AdminRequest,
    contributors: Contributors,
    read: Read,
    authenticator: Authenticator,
    now: float,
) -> WireResponse:
    """Show which keys use most, and are refused most, if the sender may see it."""
    refused = _maybe_refused(request, authenticator, now)
    if refused is not None:
        return refused
    if request.method != b"GET":
        return _refusal(405, "use GET", ("Allow", "GET"))
    asked = dict(parse_qsl(request.query.decode("latin-1")))
    wanted = asked.pop("top", str(CONTRIBUTORS_MAX))
    names = {"table": asked.pop("table", None), "index": asked.pop("index", None)}
    if asked:
        return _refusal(400, f"{next(iter(asked))} is no parameter; there are table, index, top")
    if _TOP.fullmatch(wanted) is None or not 1 <= int(wanted) <= CONTRIBUTORS_MAX:
        return _refusal(400, f"top must be a whole number from 1 to {CONTRIBUTORS_MAX}")
    top = int(wanted)
    body = await read(lambda snapshot: report(snapshot, contributors, **names, wanted=top, now=now))
    return _json(200, body)


def _maybe_refused(
    request: AdminRequest, authenticator: Authenticator, now: float
) -> WireResponse | None:
    """The refusal of a sender who may not do this."""
    if b"origin" in request.headers:
        return _refusal(403, "a web page may not do this")
    if isinstance(authenticator, OpenAuthenticator):
        if not _is_local(request):
            return _refusal(403, "without --auth sigv4 this is for the server's own machine alone")
    else:
        try:
            authenticator.authenticate(request, now)
        except DynamoDBError as error:
            return error_response(error)
    return None


def _is_local(request: AdminRequest) -> bool:
    if any(name in _FORWARDED or name.startswith(b"x-forwarded-") for name in request.headers):
        return False
    # A name that is not this machine's is that of a proxy in front, or of a web page that has had
    # it point here.
    host = request.headers.get(b"host", b"").decode("latin-1")
    name = _PORT.sub("", host).strip("[]").lower()
    named = not host or name == "localhost" or _is_loopback(name)
    return named and _is_loopback(request.peer)


def _is_loopback(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _change(request: AdminRequest, realism: Realism) -> WireResponse:
    try:
        state = switches.decode(orjson.loads(request.body))
    except orjson.JSONDecodeError:
        return _refusal(400, "the body must be a JSON object")
    except SwitchError as error:
        return _refusal(400, f"{error.name} {error}")
    text = switches.encode(state)
    if len(text) > TEXT_BYTES_MAX:
        return _refusal(400, "the body is too large")
    realism.change(state)
    return _json(200, text)


def _refusal(status: int, message: str, *headers: tuple[str, str]) -> WireResponse:
    return _json(status, orjson.dumps({"error": message[:_MESSAGE_CHARACTERS_MAX]}), *headers)


def _json(status: int, body: bytes, *headers: tuple[Any, Any]) -> WireResponse:
    return WireResponse(body, status, "application/json", headers)
