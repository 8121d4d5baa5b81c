"""Signatures made by botocore are believed; whatever was changed after signing is not."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from botocore import auth as botocore_auth
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from genset.model.errors import (
    ExpiredTokenException,
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    UnrecognizedClientException,
)
from genset.wire import sigv4
from genset.wire.credentials import Credential
from genset.wire.messages import WireRequest
from genset.wire.sigv4 import Identity, OpenAuthenticator, SigV4Authenticator

KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "the+token/=="
MOMENT = datetime(2026, 11, 23, 3, 45, 0, tzinfo=UTC)
NOW = MOMENT.timestamp()

CREDENTIALS = {
    KEY: Credential(access_key=KEY, secret_key=SECRET, account="123456789012"),
    "ASIATOKEN": Credential(access_key="ASIATOKEN", secret_key=SECRET, session_token=TOKEN),
    "ASIAOLD": Credential(
        access_key="ASIAOLD", secret_key=SECRET, session_token=TOKEN, expires_at=NOW - 1
    ),
}
VERIFY = SigV4Authenticator(lambda access_key, now: CREDENTIALS.get(access_key)).authenticate
BELIEVE = OpenAuthenticator().authenticate
MISMATCH = "The request signature we calculated does not match the signature you provided."


@pytest.fixture(autouse=True)
def botocores_clock(monkeypatch):
    """botocore signs as of MOMENT."""
    set_clock(monkeypatch, MOMENT)


def set_clock(monkeypatch, moment):
    monkeypatch.setattr(
        botocore_auth,
        "get_current_datetime",
        lambda remove_tzinfo=True: moment.replace(tzinfo=None),
    )


def make(method, target, headers, body) -> WireRequest:
    path, _, query = target.partition("?")
    lower: dict[bytes, bytes] = {}
    for name, value in headers:
        key = name.lower().encode()
        raw = value.encode() if isinstance(value, str) else value
        lower[key] = lower[key] + b"," + raw if key in lower else raw
    return WireRequest(method.encode(), path.encode(), query.encode(), lower, body, body, "", "ID")


def signed(
    body=b'{"TableName":"t"}',
    *,
    key=KEY,
    secret=SECRET,
    token=None,
    region="eu-west-1",
    service="dynamodb",
    headers=(),
    query="",
) -> WireRequest:
    """A POST signed by botocore, as it arrives."""
    request = AWSRequest("POST", f"http://localhost:8000/{query}", data=body)
    request.headers["X-Amz-Target"] = "DynamoDB_20120810.GetItem"
    request.headers["Content-Type"] = "application/x-amz-json-1.0"
    for name, value in headers:
        request.headers.add_header(name, value)
    SigV4Auth(Credentials(key, secret, token), service, region).add_auth(request)
    sent = [("Host", "localhost:8000"), ("Content-Length", str(len(body)))]
    return make("POST", f"/{query}", [*sent, *request.headers.items()], body)


def presigned(body=b"{}", *, expires=60, token=None, key=KEY) -> WireRequest:
    request = AWSRequest("POST", "http://localhost:8000/", data=None)
    request.data = body.decode()
    request.headers["Host"] = "localhost:8000"
    signer = PresignWithBody(Credentials(key, SECRET, token), "dynamodb", "eu-west-1", expires)
    signer.add_auth(request)
    parts = urlsplit(request.url)
    return make("POST", f"/?{parts.query}", [("Host", "localhost:8000")], body)


class PresignWithBody(SigV4QueryAuth):
    """botocore moves a form body into the query; DynamoDB's body is JSON and is signed."""

    def _modify_request_before_signing(self, request):
        body, request.data = request.data, ""
        super()._modify_request_before_signing(request)
        request.data = body


def change(request: WireRequest, name: bytes, value: bytes | None) -> WireRequest:
    headers = dict(request.headers)
    if value is None:
        del headers[name]
    else:
        headers[name] = value
    request.headers = headers
    return request


def authorization(request: WireRequest, old: str, new: str) -> WireRequest:
    value = request.headers[b"authorization"]
    assert old.encode() in value
    return change(request, b"authorization", value.replace(old.encode(), new.encode()))


def refused(error, request, text, *, now=NOW, authenticate=VERIFY) -> None:
    with pytest.raises(error) as caught:
        authenticate(request, now)
    assert type(caught.value) is error
    assert caught.value.message.startswith(text), caught.value.message


# What is believed.


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff" * 1000])
def test_a_signed_request_is_its_signers(body):
    expected = Identity(KEY, "123456789012", "eu-west-1", signed=True)
    assert VERIFY(signed(body), NOW) == expected


def test_the_default_account_is_all_zeros():
    assert VERIFY(signed(key="ASIATOKEN", token=TOKEN), NOW).account == "000000000000"


def test_blanks_in_header_values_are_signed_as_one():
    headers = [("X-Amz-Meta", "  a   b \t c  "), ("X-Empty", "")]
    assert VERIFY(signed(headers=headers), NOW).signed


def test_repeated_headers_are_signed_joined():
    assert VERIFY(signed(headers=[("X-Two", "b"), ("X-Two", "a")]), NOW).signed


def test_unsigned_headers_may_change_on_the_way():
    request = change(signed(), b"connection", b"keep-alive")
    assert VERIFY(change(request, b"user-agent", b"x"), NOW).signed


@pytest.mark.parametrize("query", ["?b=2&a=1", "?a=b%20c&a=b%2Fd&x", "?a=%7E~"])
def test_a_query_string_is_signed(query):
    request = signed(query=query)
    if "%7E" not in query:
        assert VERIFY(request, NOW).signed
    request.query += b"&more=1"
    refused(InvalidSignatureException, request, MISMATCH)


def test_the_separators_of_the_authorization_header_are_free():
    value = signed().headers[b"authorization"]
    algorithm, *parameters = value.replace(b",", b"").split()
    for separator in (b",", b" ", b", ", b" , "):
        for ordered in (parameters, parameters[::-1]):
            header = algorithm + b" " + separator.join(ordered)
            assert VERIFY(change(signed(), b"authorization", header), NOW).signed
            assert BELIEVE(change(signed(), b"authorization", header), NOW).access_key == KEY


def test_a_date_header_does_where_x_amz_date_is_missing():
    request = signed()
    date = request.headers[b"x-amz-date"].decode()
    headers = {**request.headers, b"date": date.encode()}
    del headers[b"x-amz-date"]
    scope = f"20261123/eu-west-1/dynamodb/{'aws4_request'}"
    canonical = (
        f"POST\n/\n\ndate:{date}\nhost:localhost:8000\n\ndate;host\n"
        f"{hashlib.sha256(request.body).hexdigest()}"
    )
    text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = sigv4.signing_key(SECRET, "20261123", "eu-west-1", "dynamodb")
    signature = sigv4.sign(key, text.encode()).decode()
    headers[b"authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, SignedHeaders=date;host, Signature={signature}"
    ).encode()
    request.headers = headers
    assert VERIFY(request, NOW).signed


def test_the_payload_hash_may_be_stated():
    body = b'{"a":1}'
    stated = [("X-Amz-Content-SHA256", hashlib.sha256(body).hexdigest())]
    assert VERIFY(signed(body, headers=stated), NOW).signed
    assert VERIFY(signed(body, headers=[("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD")]), NOW).signed


def test_a_stated_payload_hash_must_be_the_bodys():
    request = signed(b"one", headers=[("X-Amz-Content-SHA256", hashlib.sha256(b"one").hexdigest())])
    request.raw_body = b"two"
    refused(InvalidSignatureException, request, MISMATCH)


def test_the_body_is_signed_as_it_was_sent():
    request = signed(b"compressed")
    request.body = b"inflated"
    assert VERIFY(request, NOW).signed


@given(st.binary(max_size=200), st.text(max_size=60), st.binary(max_size=300))
def test_the_signature_is_the_hmac_of_the_derived_key(text, secret, message):
    inner, outer = sigv4.signing_key(secret, "20261123", "r", "s")
    key = ("AWS4" + secret).encode()
    for part in (b"20261123", b"r", b"s", b"aws4_request"):
        key = hmac.digest(key, part, "sha256")
    expected = hmac.digest(key, message, "sha256").hex().encode()
    assert sigv4.sign((inner, outer), message) == expected


@given(
    st.lists(st.tuples(st.sampled_from("ab~ /é"), st.text("xy &=+%~/é", max_size=5)), max_size=5)
)
def test_queries_are_canonical_as_botocore_has_them(pairs):
    signer = SigV4Auth(Credentials(KEY, SECRET), "dynamodb", "r")
    canonical = signer._canonical_query_string_params(pairs)
    assert sigv4.canonical_query(canonical.encode(), presigned=False).decode() == canonical


def test_paths_are_canonical_as_botocore_has_them():
    signer = SigV4Auth(Credentials(KEY, SECRET), "dynamodb", "r")
    for path in ("/", "/a b", "/a%20b", "/~x/é"):
        assert sigv4.canonical_path(path.encode()).decode() == signer._normalize_url_path(path)


# What was changed after signing.


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: setattr(r, "raw_body", b'{"TableName":"u"}'),
        lambda r: setattr(r, "method", b"PUT"),
        lambda r: setattr(r, "path", b"/x"),
        lambda r: setattr(r, "query", b"a=b"),
        lambda r: change(r, b"x-amz-target", b"DynamoDB_20120810.DeleteTable"),
        lambda r: change(r, b"x-amz-target", None),
        lambda r: change(r, b"host", b"elsewhere"),
        lambda r: change(r, b"x-amz-date", b"20261123T034501Z"),
        lambda r: authorization(r, "host;", "host;x;"),
        lambda r: authorization(r, "/eu-west-1/", "/eu-west-2/"),
        lambda r: authorization(r, "Signature=", "Signature=0"),
    ],
)
def test_what_was_changed_after_signing_is_refused(spoil):
    request = signed()
    spoil(request)
    refused(InvalidSignatureException, request, MISMATCH)


@given(st.integers(0, 63), st.sampled_from("0123456789abcdefA%"))
def test_any_other_signature_is_refused(position, digit):
    request = signed()
    head, _, signature = request.headers[b"authorization"].decode().rpartition("=")
    spoiled = signature[:position] + digit + signature[position + 1 :]
    request = change(request, b"authorization", f"{head}={spoiled}".encode())
    if spoiled == signature:
        assert VERIFY(request, NOW).signed
    else:
        refused(InvalidSignatureException, request, MISMATCH)


@pytest.mark.parametrize("spoil", [{"secret": "other"}, {"secret": ""}])
def test_another_secret_is_refused(spoil):
    refused(InvalidSignatureException, signed(**spoil), MISMATCH)


def test_an_unknown_key_is_refused():
    refused(
        UnrecognizedClientException,
        signed(key="AKIDOTHER"),
        "The security token included in the request is invalid.",
    )


@pytest.mark.parametrize(("key", "token"), [("ASIATOKEN", "x"), ("ASIATOKEN", None), (KEY, TOKEN)])
def test_a_session_token_must_be_the_keys(key, token):
    refused(
        UnrecognizedClientException,
        signed(key=key, token=token),
        "The security token included in the request is invalid",
    )


def test_an_expired_token_is_refused():
    request = signed(key="ASIAOLD", token=TOKEN)
    refused(ExpiredTokenException, request, "The security token included in the request is expired")
    assert VERIFY(request, NOW - 2).signed


# Time.


@pytest.mark.parametrize("late", [-300, 0, 300])
def test_five_minutes_of_skew_are_allowed(late):
    assert VERIFY(signed(), NOW + late).signed


def test_an_old_signature_has_expired():
    refused(
        InvalidSignatureException,
        signed(),
        "Signature expired: 20261123T034500Z is now earlier than 20261123T034501Z "
        "(20261123T035001Z - 5 min.)",
        now=NOW + 301,
    )


def test_a_future_signature_is_not_yet_current():
    refused(
        InvalidSignatureException,
        signed(),
        "Signature not yet current: 20261123T034500Z is still later than 20261123T034459Z "
        "(20261123T033959Z + 5 min.)",
        now=NOW - 301,
    )


@pytest.mark.parametrize("date", ["201", "20261323T034500Z", "Mon, 23 Nov 2026 03:45:00 GMT", "ä"])
def test_a_date_must_be_iso_8601(date):
    refused(
        IncompleteSignatureException,
        change(signed(), b"x-amz-date", date.encode("latin-1")),
        f"Date must be in ISO-8601 'basic format'. Got '{date}'. "
        "See http://en.wikipedia.org/wiki/ISO_8601",
    )


# Scope, algorithm, signed headers.


def test_the_scope_must_be_for_this_service():
    refused(
        InvalidSignatureException,
        signed(service="s3"),
        "Credential should be scoped to correct service: 'dynamodb'.",
    )


def test_all_faults_of_a_scope_are_named():
    request = authorization(signed(), "20261123/eu-west-1/dynamodb/aws4_request", "b/../d/e")
    refused(
        InvalidSignatureException,
        request,
        "Credential should be scoped to a valid region, not '..'. "
        "Credential should be scoped to correct service: 'dynamodb'. "
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'e'. "
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
        "HTTP: 'b' != '20261123', from '20261123T034500Z'.",
    )


def test_a_credential_has_five_elements():
    for credential in ("a/b/c/d", "a", "a/b/c/d/e/f"):
        refused(
            IncompleteSignatureException,
            authorization(signed(), f"{KEY}/20261123/eu-west-1/dynamodb/aws4_request", credential),
            "Credential must have exactly 5 slash-delimited elements, "
            f"e.g. keyid/date/region/service/term, got '{credential}'",
        )


def test_another_algorithm_is_refused():
    refused(
        IncompleteSignatureException,
        authorization(signed(), "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA25"),
        "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for now). ",
    )


@pytest.mark.parametrize("names", ["", "x-amz-date", ";;"])
def test_host_must_be_signed(names):
    request = authorization(signed(), "content-type;host;x-amz-date;x-amz-target", names)
    refused(
        InvalidSignatureException,
        request,
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    )


def test_the_date_is_checked_before_the_rest():
    header = "AWS4-X Credential=a/2/3/4/aws4_request SignedHeaders=x-amz-date;host Signature=123"
    request = change(signed(), b"authorization", header.encode())
    refused(InvalidSignatureException, request, "Signature expired", now=NOW + 10**6)


# What is no signature at all; the same with and without verification.


both = pytest.mark.parametrize("authenticate", [VERIFY, BELIEVE], ids=["verify", "believe"])


@both
@pytest.mark.parametrize("header", [None, "", "X", "AWS4", "Bearer x", "aws4-HMAC-SHA256 a=b"])
def test_no_signature_is_a_missing_token(authenticate, header):
    request = change(signed(), b"authorization", None if header is None else header.encode())
    refused(
        MissingAuthenticationTokenException,
        request,
        "Request is missing Authentication Token",
        authenticate=authenticate,
    )


@both
def test_both_forms_at_once_are_refused(authenticate):
    request = change(signed(), b"authorization", b"X")
    request.query = b"X-Amz-Algorithm"
    refused(
        InvalidSignatureException,
        request,
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
        authenticate=authenticate,
    )


LACKS = "Authorization header requires '{}' parameter. ".format
NO_DATE = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "


@both
@pytest.mark.parametrize(
    ("header", "date", "gaps"),
    [
        (
            "AWS4-",
            None,
            LACKS("Credential") + LACKS("Signature") + LACKS("SignedHeaders") + NO_DATE,
        ),
        ("AWS4- Signature=b Credential=a", "a", LACKS("SignedHeaders")),
        ("AWS4- Signature=b,Credential=a", "a", LACKS("SignedHeaders")),
        ("AWS4- Signature=b, Credential=a", "a", LACKS("SignedHeaders")),
        (
            "AWS4- Signature=, Credential=,SignedHeaders=",
            "a",
            LACKS("Credential") + LACKS("Signature"),
        ),
        (f"AWS4- Signature={'0' * 64}", "a", LACKS("Credential") + LACKS("SignedHeaders")),
    ],
)
def test_all_gaps_are_named(authenticate, header, date, gaps):
    request = change(signed(), b"authorization", header.encode())
    request = change(request, b"x-amz-date", None)
    if date:
        request = change(request, b"date", date.encode())
    refused(
        IncompleteSignatureException,
        request,
        f"{gaps}Authorization={header}",
        authenticate=authenticate,
    )


@both
def test_a_parameter_without_a_value_is_named(authenticate):
    header = f"AWS4-HMAC-SHA256 SignedHeaders=host, Credential, Signature={'0' * 64}"
    refused(
        IncompleteSignatureException,
        change(signed(), b"authorization", header.encode()),
        "'Credential' not a valid key=value pair (missing equal-sign) in Authorization header: "
        f"'{header}'.",
        authenticate=authenticate,
    )


MUST = "AWS query-string parameters must include '{}'. ".format


@both
@pytest.mark.parametrize(
    ("query", "gaps"),
    [
        (
            b"X-Amz-Algorithm",
            "".join(
                MUST(f"X-Amz-{name}")
                for name in ("Algorithm", "Credential", "Signature", "SignedHeaders", "Date")
            ),
        ),
        (
            b"X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-Date=d",
            MUST("X-Amz-SignedHeaders"),
        ),
    ],
)
def test_all_gaps_of_a_query_are_named(authenticate, query, gaps):
    request = change(signed(), b"authorization", None)
    request.query = query
    refused(
        IncompleteSignatureException,
        request,
        f"{gaps}Re-examine the query-string parameters.",
        authenticate=authenticate,
    )


# Presigned requests.


def test_a_presigned_request_is_its_signers():
    for token, key in ((None, KEY), (TOKEN, "ASIATOKEN")):
        identity = VERIFY(presigned(token=token, key=key), NOW + 60)
        assert identity.access_key == key
        assert identity.signed


def test_a_presigned_request_may_not_be_changed():
    request = presigned()
    request.raw_body = b"[]"
    refused(InvalidSignatureException, request, MISMATCH)
    request = presigned()
    request.query += b"&a=b"
    refused(InvalidSignatureException, request, MISMATCH)
    request = presigned(token=TOKEN, key="ASIATOKEN")
    request.query = request.query.replace(b"%2Btoken", b"%2Btokem")
    refused(InvalidSignatureException, request, MISMATCH)


def test_a_presigned_request_expires():
    refused(
        InvalidSignatureException,
        presigned(expires=3600),
        "Signature expired: 20261123T034500Z is now earlier than 20261123T034501Z "
        "(20261123T044501Z - 60 min.)",
        now=NOW + 3601,
    )


@pytest.mark.parametrize("expires", [0, -1, 604801, 10**9, "x"])
def test_a_presigned_request_lasts_a_week_at_most(expires):
    refused(InvalidSignatureException, presigned(expires=expires), "'X-Amz-Expires' must be")


# Without verification.


@pytest.mark.parametrize(
    ("credential", "identity"),
    [
        ("k/20261123/eu-west-1/dynamodb/aws4_request", Identity("k", "0" * 12, "eu-west-1", False)),
        ("123456789012/d/r/s/t", Identity("123456789012", "123456789012", "r", False)),
        ("k", Identity("k", "0" * 12, "us-east-1", False)),
        ("k/d//s/t", Identity("k", "0" * 12, "us-east-1", False)),
        ("k/d/a\x01b/s/t", Identity("k", "0" * 12, "us-east-1", False)),
        (f"k/d/{'r' * 65}/s/t", Identity("k", "0" * 12, "us-east-1", False)),
    ],
)
def test_stated_credentials_are_believed(credential, identity):
    old = f"{KEY}/20261123/eu-west-1/dynamodb/aws4_request"
    assert BELIEVE(authorization(signed(), old, credential), NOW + 10**9) == identity
    request = change(signed(), b"authorization", None)
    request.query = (
        f"X-Amz-Algorithm=a&X-Amz-Credential={credential}"
        "&X-Amz-Signature=c&X-Amz-Date=d&X-Amz-SignedHeaders=e"
    ).encode()
    assert BELIEVE(request, NOW) == identity


@given(st.binary(max_size=120), st.binary(max_size=60), st.binary(max_size=120))
def test_any_bytes_are_believed_or_refused_with_our_errors(header, date, query):
    refusals = (
        MissingAuthenticationTokenException,
        IncompleteSignatureException,
        InvalidSignatureException,
        UnrecognizedClientException,
    )
    for prefix in (b"", b"AWS4-HMAC-SHA256 Credential=", b"AWS4-HMAC-SHA256 "):
        headers = {b"authorization": prefix + header, b"x-amz-date": date, b"host": b"h"}
        for asked in (b"", query, b"X-Amz-Algorithm=" + query):
            request = WireRequest(b"POST", b"/", asked, headers, b"", b"", "", "")
            for authenticate in (BELIEVE, VERIFY):
                with contextlib.suppress(refusals):
                    authenticate(request, NOW)
