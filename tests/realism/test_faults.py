"""Requests that fail though nothing is wrong with them."""

from __future__ import annotations

import gzip
import http.client
import itertools
import json
import random
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import boto3
import botocore
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from genset.realism.faults import DROPPED, NAMES, may_meet
from genset.wire import shapes
from support import tables
from support.client import Api, Refused
from support.lab import Lab
from support.values import S

TABLE = tables.table("pk", types={"pk": "S"})
GET = {"TableName": "table-1", "Key": {"pk": S("a")}}
PUT = {"TableName": "table-1", "Item": {"pk": S("a")}}


def open_table(lab):
    lab.change()
    lab("CreateTable", TABLE, TableName="table-1")


def outcome(lab, operation="GetItem", request=GET):
    answer = lab.send(operation, request)
    return "answered" if answer.status == 200 else Refused(answer).type


FAILURES = [
    ("InternalServerError", 500, "Internal server error"),
    (
        "ServiceUnavailable",
        503,
        "DynamoDB is currently unavailable. (This should be a temporary state.)",
    ),
    (
        "ProvisionedThroughputExceededException",
        400,
        "The level of configured provisioned throughput for the table was exceeded. Consider "
        "increasing your provisioning level with the UpdateTable API.",
    ),
    (
        "RequestLimitExceeded",
        400,
        "Throughput exceeds the current throughput limit for your account. Please contact AWS "
        "Support at https://aws.amazon.com/support request a limit increase",
    ),
    ("TransactionConflictException", 400, "Transaction is ongoing for the item"),
]


@pytest.mark.parametrize(("name", "status", "message"), FAILURES)
def test_a_fault_has_the_services_words_and_nothing_is_done(name, status, message):
    with Lab() as lab:
        open_table(lab)
        lab.change(faults={name: 1})
        refused = lab.refused("PutItem", PUT)
        assert (refused.type, refused.status, refused.message) == (name, status, message)
        lab.change()
        assert lab("GetItem", GET) == {}


def test_a_conflict_cancels_a_transaction():
    with Lab() as lab:
        open_table(lab)
        lab.change(faults={"TransactionConflictException": 1})
        puts = [{"Put": {"TableName": "table-1", "Item": {"pk": S(name)}}} for name in "ab"]
        refused = lab.refused("TransactWriteItems", TransactItems=puts)
        assert refused.type == "TransactionCanceledException"
        assert refused.body["CancellationReasons"] == [
            {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"},
            {"Code": "None"},
        ]


def test_only_operations_that_may_answer_so_fail():
    with Lab() as lab:
        open_table(lab)
        lab.change(faults={"TransactionInProgressException": 1})
        assert outcome(lab) == "answered"
        put = {"TransactItems": [{"Put": PUT}]}
        assert outcome(lab, "TransactWriteItems", put) == "TransactionInProgressException"
        lab.change(faults={"ThrottlingException": 1})
        assert outcome(lab) == "ThrottlingException"
        assert outcome(lab, "DescribeTable", {"TableName": "table-1"}) == "answered"


def test_a_wrong_request_is_told_what_is_wrong_with_it():
    with Lab() as lab:
        open_table(lab)
        lab.change(faults={"InternalServerError": 1})
        assert outcome(lab, "GetItem", {"TableName": "table-1"}) == "ValidationException"


def test_the_share_that_fails_is_the_one_asked_for():
    with Lab() as lab:
        open_table(lab)
        lab.change(faults={"InternalServerError": 0.2, "ThrottlingException": 0.1})
        counts = Counter(outcome(lab) for _ in range(2000))
        assert counts["InternalServerError"] == pytest.approx(400, abs=60)
        assert counts["ThrottlingException"] == pytest.approx(200, abs=45)
        assert set(counts) == {"InternalServerError", "ThrottlingException", "answered"}


def outcomes(seed, count=200):
    with Lab() as lab:
        open_table(lab)
        lab.change(faults={"InternalServerError": 0.3, "ThrottlingException": 0.3}, seed=seed)
        return [outcome(lab) for _ in range(count)]


def test_the_same_seed_lets_the_same_requests_fail():
    assert outcomes(1) == outcomes(1)
    assert outcomes(1) != outcomes(2)


def test_a_change_of_the_switches_starts_again():
    with Lab() as lab:
        open_table(lab)
        runs = []
        for _ in range(2):
            lab.change(faults={"InternalServerError": 0.5}, seed=3)
            runs.append([outcome(lab) for _ in range(50)])
        assert runs[0] == runs[1]


def test_workers_share_one_sequence(durable_server):
    """Which worker a request comes to makes no difference."""
    sequences = []
    for workers in ("1", "2"):
        server = durable_server(
            "--workers", workers, "--faults", "InternalServerError=0.5", "--realism-seed", "5"
        )
        found = []
        for _ in range(40):
            with Api(server.url) as api:
                found.append(api.send("ListTables", {}).status)
        sequences.append(found)
        server.stop()
    assert sequences[0] == sequences[1]
    assert set(sequences[0]) == {200, 500}


def test_a_dropped_connection_has_no_answer(durable_server):
    server = durable_server("--faults", f"{DROPPED}=1")
    with Api(server.url) as api, pytest.raises((http.client.HTTPException, OSError)):
        api.send("ListTables", {})
    with Api(server.url) as api:
        assert api.http("GET", "/").status == 200


def new_client(url, **retries):
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="secret",
        config=Config(retries=retries),
    )


REPEATED = [
    "InternalServerError",
    "ServiceUnavailable",
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    DROPPED,
]


def seed_that_fails_once():
    """A seed with which the first request fails and the second does not, at a share of a half."""
    for seed in itertools.count():
        first, second = (random.Random(f"{seed}/{number}").random() for number in (0, 1))
        if first < 0.5 <= second:
            return seed
    raise AssertionError


def test_boto3_repeats_what_it_takes_for_temporary(durable_server, monkeypatch):
    """A conflict is not among that: it is the application's to repeat."""
    # The pauses of boto3 between its attempts are its own affair.
    never_waits = SimpleNamespace(sleep=lambda _: None)
    monkeypatch.setattr("botocore.endpoint.time", never_waits)
    server = durable_server("--durability", "relaxed")
    client = new_client(server.url, max_attempts=5)
    client.create_table(TableName="table-1", **TABLE)
    for name in REPEATED:
        with Api(server.url) as api:
            switches = {"faults": {name: 0.5}, "seed": seed_that_fails_once()}
            body = json.dumps(switches).encode()
            assert api.http("PUT", "/_genset/realism", body).status == 200
        answer = client.put_item(TableName="table-1", Item={"pk": S(name)})
        assert answer["ResponseMetadata"]["RetryAttempts"] == 1, name
    client.close()


def test_boto3_raises_a_conflict_as_its_own_exception(durable_server):
    server = durable_server("--faults", "TransactionConflictException=1")
    client = new_client(server.url, total_max_attempts=1)
    client.create_table(TableName="table-1", **TABLE)
    with pytest.raises(client.exceptions.TransactionConflictException):
        client.put_item(TableName="table-1", Item={"pk": S("a")})
    with pytest.raises(ClientError) as raised:
        client.transact_write_items(TransactItems=[{"Put": PUT}])
    assert raised.value.response["CancellationReasons"][0]["Code"] == "TransactionConflict"
    client.close()


def published_errors():
    """The errors of each operation in the published service model."""
    folder = Path(botocore.__file__).parent / "data" / "dynamodb" / "2012-08-10"
    model = json.loads(gzip.decompress((folder / "service-2.json.gz").read_bytes()))
    return {
        name: {error["shape"] for error in operation.get("errors", [])}
        for name, operation in model["operations"].items()
    }


@pytest.mark.parametrize("name", [name for name in NAMES if name[:4] not in ("Serv", "Drop")])
def test_the_operations_that_may_meet_a_fault_are_those_of_the_service_model(name):
    """Vectors are searched nowhere here; and a transaction's conflict is a cancellation."""
    published = published_errors()
    ours = set(shapes.operations("DynamoDB_20120810"))
    listed = {operation for operation in ours if name in published[operation]}
    if name == "TransactionConflictException":
        listed |= {o for o in ours if "TransactionCanceledException" in published[o]}
    met = {operation for operation in ours if may_meet(name, operation)}
    assert met - {"SearchVectors"} == listed - {"SearchVectors"}
