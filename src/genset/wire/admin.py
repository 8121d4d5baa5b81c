"""The admin call: `GET` and `PUT /_genset/realism`, the switches of `genset.realism` as JSON.

With verified signatures, a request must be signed as one to DynamoDB is. Without, anyone may speak
for anyone, so it must come from this machine: its address is a loopback one, it was sent to a name
of this machine, and no proxy says that it has passed it on. A web page in a browser of this machine
sends an Origin with whatever could change something, and is refused in either case. See
docs/realism.md.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any, Final

import orjson

from genset.model.errors import DynamoDBError
from genset.realism import switches
from genset.realism.memory import TEXT_BYTES_MAX
from genset.realism.realism import Realism
from genset.realism.switches import SwitchError
from genset.wire.errors import error_response
from genset.wire.messages import AdminRequest, WireResponse
from genset.wire.sigv4 import Authenticator, OpenAuthenticator

_PATH: Final = b"/_genset/realism"
_FORWARDED: Final = frozenset((b"forwarded", b"x-real-ip", b"via"))
_PORT: Final = re.compile(r":[0-9]*$")
# What a client sent may be 16 MB, and need not come back whole.
_MESSAGE_CHARACTERS_MAX: Final = 500


def answer(
    request: AdminRequest, realism: Realism | None, authenticator: Authenticator, now: float
) -> WireResponse:
    """Show or change the switches, if the sender may."""
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
    if request.path != _PATH or realism is None:
        return _refusal(404, "there is nothing here")
    if request.method == b"PUT":
        return _change(request, realism)
    if request.method == b"GET":
        return _json(200, switches.encode(realism.state))
    return _refusal(405, "use GET or PUT", ("Allow", "GET, PUT"))


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
