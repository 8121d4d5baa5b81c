"""AWS Signature Version 4: who sends a request, and whether they do.

Pure functions and two authenticators over them. `OpenAuthenticator` believes any well-formed
credentials; `SigV4Authenticator` verifies them against secrets. The order of the checks and the
messages are the service's, as observed; where a message is ours the code says so.
"""

from __future__ import annotations

import calendar
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from typing import Protocol
from urllib.parse import quote, unquote_to_bytes

from genset.model.errors import (
    DynamoDBError,
    ExpiredTokenException,
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    UnrecognizedClientException,
)
from genset.wire.credentials import DEFAULT_ACCOUNT, Credential
from genset.wire.messages import WireRequest

DEFAULT_REGION = "us-east-1"
SERVICE = "dynamodb"

_ALGORITHM = "AWS4-HMAC-SHA256"
_TERMINATOR = "aws4_request"
_SKEW_S = 5 * 60
# AWS's bound for presigned requests: a week.
_EXPIRES_MAX_S = 7 * 24 * 60 * 60
_UNSIGNED_PAYLOAD = b"UNSIGNED-PAYLOAD"

# Longer ones are parsed each time, so that strangers cannot fill memory through the caches.
_CACHED_BYTES_MAX = 1024
_CACHE_ENTRIES = 512

_DATE = re.compile(rb"\d{8}T\d{6}Z")
_ACCOUNT = re.compile(r"\d{12}")
_REGION = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SIGNATURE = re.compile(rb"[0-9a-f]{64}")

# With and without a full stop, as the service has them.
_KEY_UNKNOWN = "The security token included in the request is invalid."
_TOKEN_INVALID = "The security token included in the request is invalid"
_TOKEN_EXPIRED = "The security token included in the request is expired"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your "
    "AWS Secret Access Key and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who sends a request. `signed` says that the signature was verified."""

    access_key: str
    account: str
    region: str
    signed: bool


class Authenticator(Protocol):
    """Decides who sends a request."""

    def authenticate(self, request: WireRequest, now: float) -> Identity:
        """The sender of `request`; `now` is in seconds since the epoch.

        Raises the signature errors of `genset.model.errors`.
        """


class OpenAuthenticator:
    """Believes any well-formed credentials, as local servers for development do.

    The region is the credential scope's; the account is the access key if that has 12 digits, and
    `account` otherwise.
    """

    def __init__(self, account: str = DEFAULT_ACCOUNT) -> None:
        self._account = account

    def authenticate(self, request: WireRequest, now: float) -> Identity:
        """The sender as stated. Raises Missing..., IncompleteSignature..., InvalidSignature..."""
        identity = _read_claim(request).scheme.stated_identity
        if self._account == DEFAULT_ACCOUNT or identity.account == identity.access_key:
            return identity
        return replace(identity, account=self._account)


class SigV4Authenticator:
    """Verifies signatures. `find_credential(access_key, now)` gives the secrets."""

    def __init__(self, find_credential: Callable[[str, float], Credential | None]) -> None:
        self._find_credential = find_credential

    def authenticate(self, request: WireRequest, now: float) -> Identity:
        """The sender, verified. Raises what is wrong first, in the service's order."""
        claim = _read_claim(request)
        _check_time(claim, now)
        _check_scheme(claim)
        scheme = claim.scheme
        credential = self._find_credential(scheme.access_key, now)
        if credential is None:
            raise UnrecognizedClientException(_KEY_UNKNOWN)
        key = signing_key(credential.secret_key, scheme.date, scheme.region, scheme.service)
        canonical = _canonical_request(request, scheme, claim.expires is not None)
        expected = sign(key, string_to_sign(claim.date, scheme.scope, canonical))
        if not hmac.compare_digest(expected, claim.signature):
            raise InvalidSignatureException(_MISMATCH)
        _check_token(claim, credential, now)
        return _signed_identity(scheme.access_key, credential.account, scheme.region)


class _Scheme:
    """What the requests of one signer in one day have in common; parsed once and cached.

    `fault` and `scope_faults` say what is wrong with it, for whoever wants to verify.
    """

    __slots__ = (
        "access_key",
        "date",
        "fault",
        "lines",
        "parts",
        "region",
        "scope",
        "scope_faults",
        "service",
        "signed_headers",
        "stated_identity",
    )

    def __init__(self, algorithm: str, credential: str, signed_headers: str) -> None:
        names = sorted({name.strip().lower() for name in signed_headers.split(";")} - {""})
        self.signed_headers = ";".join(names).encode()
        self.lines = tuple((name.encode(), name.encode() + b":") for name in names)
        # The service ignores slashes at the end.
        self.parts = tuple(credential.rstrip("/").split("/"))
        self.access_key = self.parts[0]
        self.date = self.region = self.service = ""
        self.scope = b""
        self.scope_faults: tuple[str, ...] = ()
        self.stated_identity = self._identity()
        self.fault = self._find_fault(algorithm, credential, names)
        if self.fault is None:
            self._take_scope()

    def _identity(self) -> Identity:
        """Whom it names, for whoever believes it; what does not look like a region is none."""
        account = self.access_key if _ACCOUNT.fullmatch(self.access_key) else DEFAULT_ACCOUNT
        region = self.parts[2] if len(self.parts) > 2 else ""
        if not _REGION.fullmatch(region):
            region = DEFAULT_REGION
        return Identity(self.access_key, account, region, signed=False)

    def _find_fault(
        self, algorithm: str, credential: str, names: list[str]
    ) -> tuple[type[DynamoDBError], str] | None:
        if "host" not in names:
            return InvalidSignatureException, (
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
            )
        if algorithm != _ALGORITHM:
            return IncompleteSignatureException, (
                f"Unsupported AWS 'algorithm': '{algorithm}' (only {_ALGORITHM} for now). "
            )
        if len(self.parts) != 5:
            return IncompleteSignatureException, (
                "Credential must have exactly 5 slash-delimited elements, "
                f"e.g. keyid/date/region/service/term, got '{credential}'"
            )
        return None

    def _take_scope(self) -> None:
        _, self.date, self.region, self.service, terminator = self.parts
        self.scope = "/".join(self.parts[1:]).encode()
        faults = []
        if not _REGION.fullmatch(self.region):
            faults.append(f"Credential should be scoped to a valid region, not '{self.region}'.")
        if self.service != SERVICE:
            faults.append(f"Credential should be scoped to correct service: '{SERVICE}'.")
        if terminator != _TERMINATOR:
            faults.append(
                f"Credential should be scoped with a valid terminator: '{_TERMINATOR}', "
                f"not '{terminator}'."
            )
        self.scope_faults = tuple(faults)


class _Claim:
    """What a request says about its sender. `expires` is None but for presigned requests."""

    __slots__ = ("date", "expires", "scheme", "signature", "token")

    def __init__(
        self,
        scheme: _Scheme,
        signature: bytes,
        date: bytes,
        token: bytes | None,
        expires: bytes | None = None,
    ) -> None:
        self.scheme = scheme
        self.signature = signature
        self.date = date
        self.token = token
        self.expires = expires


# Reading the claim.


def _read_claim(request: WireRequest) -> _Claim:
    """Parse the header form or the query form. Raises if there is none, or if parts are missing."""
    headers = request.headers
    header = headers.get(b"authorization")
    if request.query:
        query = _parse_query(request.query)
        if b"X-Amz-Algorithm" in query:
            if header is not None:
                raise InvalidSignatureException(
                    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as "
                    "HTTP header."
                )
            return _query_claim(query)
    if header is None or not header.startswith(b"AWS4-"):
        raise MissingAuthenticationTokenException("Request is missing Authentication Token")
    date = headers.get(b"x-amz-date") or headers.get(b"date")
    prefix, _, signature = header.rpartition(b"Signature=")
    if date is not None and _SIGNATURE.fullmatch(signature):
        # The usual form: the signature comes last, and only it differs between requests.
        parse = _prefix_scheme if len(prefix) <= _CACHED_BYTES_MAX else _parse_prefix
        scheme = parse(prefix)
        if scheme is not None:
            return _Claim(scheme, signature, date, headers.get(b"x-amz-security-token"))
    return _header_claim(header, headers, date)


def _header_claim(header: bytes, headers: Mapping[bytes, bytes], date: bytes | None) -> _Claim:
    """Parse any Authorization header, and complain about all that it lacks."""
    text = header.decode("latin-1")
    algorithm, parameters = _parse_authorization(text)
    gaps = [
        f"Authorization header requires '{name}' parameter. "
        for name in ("Credential", "Signature")
        if not parameters.get(name)
    ]
    # Empty SignedHeaders are complained about later.
    if "SignedHeaders" not in parameters:
        gaps.append("Authorization header requires 'SignedHeaders' parameter. ")
    if not date:
        gaps.append(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
        )
    if gaps or not date:
        raise IncompleteSignatureException(f"{''.join(gaps)}Authorization={text}")
    return _Claim(
        _Scheme(algorithm, parameters["Credential"], parameters["SignedHeaders"]),
        parameters["Signature"].encode("latin-1"),
        date,
        headers.get(b"x-amz-security-token"),
    )


def _parse_authorization(text: str) -> tuple[str, dict[str, str]]:
    """Algorithm and parameters, which commas or blanks separate."""
    algorithm, *items = re.split(r"[,\s]+", text.strip())
    parameters = {}
    for item in filter(None, items):
        name, equals, value = item.partition("=")
        if not equals:
            raise IncompleteSignatureException(
                f"'{item}' not a valid key=value pair (missing equal-sign) in Authorization "
                f"header: '{text}'."
            )
        parameters[name] = value
    return algorithm, parameters


def _parse_prefix(prefix: bytes) -> _Scheme | None:
    """The scheme of an Authorization header up to its signature; None if it is not complete."""
    try:
        algorithm, parameters = _parse_authorization(prefix.decode("latin-1"))
    except IncompleteSignatureException:
        return None
    if not parameters.get("Credential") or "SignedHeaders" not in parameters:
        return None
    if prefix[-1:] not in (b",", b" "):
        return None
    return _Scheme(algorithm, parameters["Credential"], parameters["SignedHeaders"])


_prefix_scheme = lru_cache(maxsize=_CACHE_ENTRIES)(_parse_prefix)


def _query_claim(query: dict[bytes, bytes]) -> _Claim:
    gaps = [
        f"AWS query-string parameters must include '{name}'. "
        for name in (
            "X-Amz-Algorithm",
            "X-Amz-Credential",
            "X-Amz-Signature",
            "X-Amz-SignedHeaders",
            "X-Amz-Date",
        )
        if not query.get(name.encode())
    ]
    if gaps:
        raise IncompleteSignatureException(
            f"{''.join(gaps)}Re-examine the query-string parameters."
        )
    texts = [
        query[name].decode("latin-1")
        for name in (b"X-Amz-Algorithm", b"X-Amz-Credential", b"X-Amz-SignedHeaders")
    ]
    return _Claim(
        _Scheme(*texts),
        query[b"X-Amz-Signature"],
        query[b"X-Amz-Date"],
        query.get(b"X-Amz-Security-Token"),
        query.get(b"X-Amz-Expires", b"%d" % _SKEW_S),
    )


def _query_pairs(query: bytes) -> list[tuple[bytes, bytes]]:
    pairs = []
    for item in filter(None, query.split(b"&")):
        name, _, value = item.partition(b"=")
        pairs.append((unquote_to_bytes(name), unquote_to_bytes(value)))
    return pairs


def _parse_query(query: bytes) -> dict[bytes, bytes]:
    """The parameters of a query string, decoded; of a repeated one, the last."""
    return dict(_query_pairs(query))


# Checking the claim.


def _check_time(claim: _Claim, now: float) -> None:
    """Raise if the request is too old, or from the future by more than the skew."""
    moment = _moment(claim.date)
    if moment is None:
        raise IncompleteSignatureException(
            f"Date must be in ISO-8601 'basic format'. Got '{claim.date.decode('latin-1')}'. "
            "See http://en.wikipedia.org/wiki/ISO_8601"
        )
    lifetime_s = _SKEW_S if claim.expires is None else _lifetime(claim.expires)
    if moment < now - lifetime_s:
        raise InvalidSignatureException(
            f"Signature expired: {_amz_date(moment)} is now earlier than "
            f"{_amz_date(now - lifetime_s)} ({_amz_date(now)} - {lifetime_s // 60} min.)"
        )
    if moment > now + _SKEW_S:
        raise InvalidSignatureException(
            f"Signature not yet current: {_amz_date(moment)} is still later than "
            f"{_amz_date(now + _SKEW_S)} ({_amz_date(now)} + {_SKEW_S // 60} min.)"
        )


def _lifetime(expires: bytes) -> int:
    seconds = int(expires) if expires.isdigit() and len(expires) <= 6 else 0
    if not 1 <= seconds <= _EXPIRES_MAX_S:
        # Our own words: what the service says to this is not known.
        raise InvalidSignatureException(
            f"'X-Amz-Expires' must be between 1 and {_EXPIRES_MAX_S} seconds."
        )
    return seconds


def _moment(date: bytes) -> int | None:
    return _parse_moment(date) if len(date) == 16 else None


@lru_cache(maxsize=_CACHE_ENTRIES)
def _parse_moment(date: bytes) -> int | None:
    """Seconds since the epoch of an ISO 8601 basic date; None if it is not one."""
    if not _DATE.fullmatch(date):
        return None
    try:
        return calendar.timegm(time.strptime(date.decode("ascii"), "%Y%m%dT%H%M%SZ"))
    except ValueError:
        return None


def _amz_date(moment: float) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(moment))


def _check_scheme(claim: _Claim) -> None:
    """Raise what is wrong with the algorithm, the signed headers or the scope."""
    scheme = claim.scheme
    if scheme.fault is not None:
        error, message = scheme.fault
        raise error(message)
    faults = scheme.scope_faults
    day = claim.date[:8].decode("ascii")
    if scheme.date != day:
        faults = (
            *faults,
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
            f"HTTP: '{scheme.date}' != '{day}', from '{claim.date.decode('ascii')}'.",
        )
    if faults:
        raise InvalidSignatureException(" ".join(faults))


def _check_token(claim: _Claim, credential: Credential, now: float) -> None:
    """Raise if the session token is not the credential's, or has expired."""
    expected = (credential.session_token or "").encode()
    if not hmac.compare_digest(expected, claim.token or b""):
        raise UnrecognizedClientException(_TOKEN_INVALID)
    if credential.expires_at is not None and now >= credential.expires_at:
        raise ExpiredTokenException(_TOKEN_EXPIRED)


@lru_cache(maxsize=_CACHE_ENTRIES)
def _signed_identity(access_key: str, account: str, region: str) -> Identity:
    return Identity(access_key, account, region, signed=True)


# Signing.


def _canonical_request(request: WireRequest, scheme: _Scheme, presigned: bool) -> bytes:
    """The canonical request that `request`'s sender should have signed."""
    headers = request.headers
    body_hash = sha256(request.raw_body).hexdigest().encode()
    stated_hash = headers.get(b"x-amz-content-sha256")
    if stated_hash is not None and stated_hash != body_hash:
        # What is signed is the stated hash, so it has to be true, or openly none.
        if stated_hash != _UNSIGNED_PAYLOAD:
            raise InvalidSignatureException(_MISMATCH)
        body_hash = stated_hash
    return b"\n".join(
        (
            request.method,
            request.path if request.path == b"/" else canonical_path(request.path),
            canonical_query(request.query, presigned=presigned) if request.query else b"",
            _canonical_headers(headers, scheme),
            scheme.signed_headers,
            body_hash,
        )
    )


def _canonical_headers(headers: Mapping[bytes, bytes], scheme: _Scheme) -> bytes:
    """The signed headers, one to a line, and an empty line."""
    value_of = headers.get
    lines = [start + value_of(name, b"") for name, start in scheme.lines]
    text = b"\n".join(lines)
    # The values of an SDK's headers have no blanks; where there are some, runs count as one.
    if b" " in text or b"\t" in text:
        lines = [start + b" ".join(value_of(name, b"").split()) for name, start in scheme.lines]
        text = b"\n".join(lines)
    return text + b"\n"


def canonical_path(path: bytes) -> bytes:
    """A request's path as it is signed: encoded once more, as all services but S3 do."""
    return quote(path, safe="/~").encode()


def canonical_query(query: bytes, *, presigned: bool) -> bytes:
    """A query string as it is signed: sorted, each part encoded anew, without the signature."""
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in _query_pairs(query)
        if not (presigned and name == b"X-Amz-Signature")
    )
    return "&".join(f"{name}={value}" for name, value in pairs).encode()


def string_to_sign(date: bytes, scope: bytes, canonical_request: bytes) -> bytes:
    """The text that is signed for a canonical request."""
    digest = sha256(canonical_request).hexdigest().encode()
    return b"\n".join((b"AWS4-HMAC-SHA256", date, scope, digest))


@lru_cache(maxsize=_CACHE_ENTRIES)
def signing_key(secret_key: str, date: str, region: str, service: str) -> tuple[bytes, bytes]:
    """The key of a day, region and service, as HMAC's inner and outer block.

    The blocks are RFC 2104's: with them a signature costs two plain hashes, half of what `hmac`
    takes to set up.
    """
    key = ("AWS4" + secret_key).encode()
    for part in (date, region, service, _TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    block = key.ljust(64, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


def sign(key: tuple[bytes, bytes], text: bytes) -> bytes:
    """The signature of `text` with a `signing_key`, in hexadecimal."""
    inner, outer = key
    return sha256(outer + sha256(inner + text).digest()).hexdigest().encode()
