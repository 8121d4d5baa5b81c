"""The admin call: what it takes, who may make it, and whom it reaches."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from genset.realism.memory import SharedMemory
from genset.realism.realism import Realism
from genset.realism.switches import Switches
from genset.wire.admin import answer
from genset.wire.messages import AdminRequest
from genset.wire.sigv4 import OpenAuthenticator
from support import tables
from support.client import Api
from support.values import S

PATH = "/_genset/realism"
OFF = {
    "throttling": False,
    "latency": None,
    "faults": {},
    "read_lag": None,
    "gsi_lag": None,
    "seed": 0,
}


@pytest.fixture
def api(durable_server):
    with Api(durable_server().url) as api:
        yield api


def put(api, document, headers=None):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return api.http("PUT", PATH, body, headers or {})


def test_the_switches_are_shown_and_changed(api):
    assert api.http("GET", PATH).json == OFF
    changed = put(api, {"latency": "1ms", "faults": {"InternalServerError": 1}})
    assert changed.status == 200
    assert changed.headers["content-type"] == "application/json"
    assert changed.json == {**OFF, "latency": "1ms", "faults": {"InternalServerError": 1.0}}
    assert api.http("GET", PATH).json == changed.json
    assert api.send("ListTables", {}).status == 500
    # What is left out is off.
    assert put(api, {}).json == OFF
    assert api.send("ListTables", {}).status == 200


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (b"{", "the body must be a JSON object"),
        (b"", "the body must be a JSON object"),
        ([], "the body must be a JSON object"),
        ({"latency": "fast"}, "latency must be a time such as 5ms, 1.5s or 0, not fast"),
        ({"seed": "1"}, "seed must be a whole number from 0 to 9007199254740992"),
        (
            {"read_lag": "1s", "write_lag": "1s"},
            "write_lag is no switch; there are throttling, latency, faults, read_lag, gsi_lag, "
            "seed",
        ),
    ],
)
def test_a_wrong_body_is_told_so_and_changes_nothing(api, document, error):
    before = put(api, {"gsi_lag": "1s"}).json
    refused = put(api, document)
    assert (refused.status, refused.json) == (400, {"error": error})
    assert api.http("GET", PATH).json == before


def test_other_methods_and_paths_are_refused(api):
    refused = api.http("POST", PATH, b"{}")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, PUT")
    assert api.http("GET", "/_genset/other").status == 404
    assert api.http("GET", "/_genset").status == 404


def test_a_dynamodb_request_at_its_path_is_none(api):
    headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables"}
    assert api.http("POST", PATH, b"{}", headers).status == 405


@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS"])
def test_a_web_page_is_refused(api, method):
    """A browser asks first, with OPTIONS, and sends nothing if that is refused."""
    headers = {"Origin": "http://example.com", "Access-Control-Request-Method": "PUT"}
    assert api.http(method, PATH, b"{}", headers).status == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via"])
def test_what_a_proxy_passed_on_is_refused(api, header):
    assert put(api, {}, {header: "for=192.0.2.1"}).status == 403


def test_an_error_does_not_repeat_all_that_was_sent(api):
    refused = put(api, {"latency": "x" * 1_000_000})
    assert refused.status == 400
    assert len(refused.body) < 1000


def status_from(peer, **headers):
    sent = {name.encode(): value.encode() for name, value in headers.items()}
    request = AdminRequest(b"GET", PATH.encode(), b"", sent, b"", b"", "application/json", "id")
    request.peer = peer
    realism = Realism(SharedMemory(), None, SERVICES, Switches())
    return answer(request, realism, OpenAuthenticator(), 0.0).status


SERVICES = type("Services", (), {"now": staticmethod(time.time)})()


@pytest.mark.parametrize(
    ("peer", "status"),
    [
        ("127.0.0.1", 200),
        ("127.8.8.8", 200),
        ("::1", 200),
        ("::ffff:127.0.0.1", 200),
        ("192.0.2.1", 403),
        ("::ffff:192.0.2.1", 403),
        ("2001:db8::1", 403),
        ("", 403),
    ],
)
def test_without_signatures_only_the_servers_own_machine_may(peer, status):
    assert status_from(peer) == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("Localhost:8000", 200),
        ("dynamodb.example.com", 403),
        ("127.0.0.1.example.com:8000", 403),
        ("192.0.2.1:8000", 403),
    ],
)
def test_without_signatures_it_must_be_sent_to_a_name_of_this_machine(host, status):
    """Else a web page whose name has been made to point here could read the switches."""
    assert status_from("127.0.0.1", host=host) == status


KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "a secret"


@pytest.fixture
def signing_server(durable_server, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text(f"[default]\naws_access_key_id={KEY}\naws_secret_access_key={SECRET}\n")
    server = durable_server("--auth", "sigv4", "--credentials-file", str(credentials))
    with Api(server.url) as api:
        yield api


def signed(api, method, body, secret=SECRET):
    plain = AWSRequest(method, api.url + PATH, data=body)
    SigV4Auth(Credentials(KEY, secret), "dynamodb", "us-east-1").add_auth(plain)
    return api.http(method, PATH, body, dict(plain.headers.items()))


def test_with_signatures_everyone_must_sign(signing_server):
    body = b'{"latency": "1ms"}'
    assert put(signing_server, body).status == 400
    assert signed(signing_server, "PUT", body, secret="another").status == 400
    assert signed(signing_server, "GET", b"").json == OFF
    assert signed(signing_server, "PUT", body).json == {**OFF, "latency": "1ms"}


def test_a_change_reaches_every_worker_within_a_second(durable_server):
    server = durable_server("--workers", "2")
    with Api(server.url) as api:
        put(api, {"faults": {"InternalServerError": 1}})
    time.sleep(1)
    statuses = set()
    for _ in range(20):
        with Api(server.url) as api:
            statuses.add(api.send("ListTables", {}).status)
            assert api.http("GET", PATH).json["faults"] == {"InternalServerError": 1.0}
    assert statuses == {500}


def test_a_lag_holds_whichever_worker_reads(durable_server):
    server = durable_server("--workers", "2", "--durability", "relaxed", "--read-lag", "1.5s")
    key = {"pk": S("a")}
    with Api(server.url) as api:
        tables.create(api, "lagging", tables.table("pk", types={"pk": "S"}))
        api("PutItem", TableName="lagging", Item=key)
        written = time.monotonic()
    found = []
    while time.monotonic() < written + 0.8:
        with Api(server.url) as api:
            found.append("Item" in api("GetItem", TableName="lagging", Key=key))
            assert "Item" in api("GetItem", TableName="lagging", Key=key, ConsistentRead=True)
    assert not any(found)
    time.sleep(0.9)
    for _ in range(8):
        with Api(server.url) as api:
            assert "Item" in api("GetItem", TableName="lagging", Key=key)


def test_a_worker_that_starts_later_takes_what_was_changed():
    memory = SharedMemory()
    first = Realism(memory, None, SERVICES, Switches())
    changed = Switches(seed=3)
    first.change(changed)
    assert Realism(memory, None, SERVICES, Switches()).state == changed


def test_a_process_follows_a_change_of_another():
    async def scenario() -> None:
        memory = SharedMemory()
        one, other = (Realism(memory, None, SERVICES, Switches()) for _ in range(2))
        told = asyncio.Event()
        other.follow(told.set)
        watching = asyncio.create_task(other.watch())
        one.change(Switches(seed=9))
        await asyncio.wait_for(told.wait(), 5)
        assert other.state.seed == 9
        watching.cancel()

    asyncio.run(scenario())
