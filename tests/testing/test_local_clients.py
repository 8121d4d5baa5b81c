"""Clients of a local session: as over HTTP, without HTTP."""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from genset.testing import LocalSession, TestServer, local
from testing.music import BILLIE, MUSIC, NINA, count, is_there, put

ONE_TRY = Config(retries={"max_attempts": 0}, parameter_validation=False)


def test_what_is_put_is_there(client):
    put(client)
    assert is_there(client)


def test_the_session_is_a_boto3_session(session):
    assert isinstance(session, boto3.Session)
    assert session.region_name == "us-east-1"


def test_the_resource_has_the_same_tables(session, client):
    table = session.resource("dynamodb").Table("Music")
    table.put_item(Item={"Artist": "Nina Simone", "Song": "Sinnerman", "Minutes": Decimal("10.3")})
    assert table.scan()["Items"][0]["Minutes"] == Decimal("10.3")
    assert count(client) == 1


@pytest.mark.parametrize("account", ["", "12", "1234-5678-9012"])
def test_an_account_that_is_none_is_refused(account):
    with pytest.raises(ValueError, match="twelve digits"), local(account=account):
        pass


def test_waiters_and_paginators_work(session, client):
    client.create_table(**{**MUSIC, "TableName": "Notes"})
    client.get_waiter("table_exists").wait(TableName="Notes")
    pages = client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 1})
    assert [page["TableNames"] for page in pages] == [["Music"], ["Notes"]]


def test_streams_show_changes(session, client):
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    client.update_table(TableName="Music", StreamSpecification=stream)
    put(client)
    streams = session.client("dynamodbstreams")
    arn = streams.list_streams(TableName="Music")["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = streams.get_records(ShardIterator=iterator)["Records"]
    assert [record["dynamodb"]["NewImage"] for record in records] == [NINA]


def test_an_index_made_on_a_live_table_is_filled_at_once(client):
    put(client, {**NINA, "Label": {"S": "Philips"}})
    index = {
        "IndexName": "by-label",
        "KeySchema": [{"AttributeName": "Label", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    client.update_table(
        TableName="Music",
        AttributeDefinitions=[{"AttributeName": "Label", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": index}],
    )
    assert client.scan(TableName="Music", IndexName="by-label", Select="COUNT")["Count"] == 1


def test_errors_are_botocores(client):
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as refused:
        client.put_item(
            TableName="Music", Item=NINA, ConditionExpression="attribute_exists(Artist)"
        )
    assert refused.value.response["Error"]["Message"] == "The conditional request failed"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_two_sessions_share_nothing(client):
    put(client)
    with local() as other:
        assert other.client("dynamodb").list_tables()["TableNames"] == []


@pytest.mark.parametrize("elsewhere", [{"region": "eu-west-1"}, {"account": "123456789012"}])
def test_regions_and_accounts_are_apart(session, client, elsewhere):
    there = session.elsewhere(**elsewhere).client("dynamodb")
    there.create_table(**MUSIC)
    put(there)
    assert count(client) == 0
    arn = there.describe_table(TableName="Music")["Table"]["TableArn"]
    region, account = elsewhere.get("region", "us-east-1"), elsewhere.get("account", "0" * 12)
    assert arn == f"arn:aws:dynamodb:{region}:{account}:table/Music"


def test_a_clients_own_region_counts(session):
    client = session.client("dynamodb", region_name="eu-central-1")
    assert client.list_tables()["TableNames"] == []
    client.create_table(**MUSIC)
    assert ":eu-central-1:" in client.describe_table(TableName="Music")["Table"]["TableArn"]


def test_nothing_is_sent_over_a_socket(session, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    put(session.client("dynamodb"))


def test_no_thread_is_started(client, monkeypatch):
    monkeypatch.setattr(threading.Thread, "start", lambda _: pytest.fail("a thread"))
    put(client)
    assert count(client) == 1


def test_it_works_within_an_event_loop(client):
    async def main() -> bool:
        put(client)
        return is_there(client)

    assert asyncio.run(main())


def test_several_threads_use_one_session(session):
    # Making clients is not for several threads at once, says boto3; using them is.
    clients = [session.client("dynamodb") for _ in range(2)]

    def add(number: int) -> None:
        client = clients[number % 2]
        for _ in range(5):
            client.update_item(
                TableName="Music",
                Key=NINA,
                UpdateExpression="ADD Plays :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add, range(8)))
    item = clients[0].get_item(TableName="Music", Key=NINA)["Item"]
    assert item["Plays"] == {"N": "40"}


def test_a_closed_session_answers_no_more():
    with local() as session:
        client = session.client("dynamodb", config=ONE_TRY)
    with pytest.raises(RuntimeError, match="its session has ended"):
        client.list_tables()


# The same requests to a session and to a real server.

WRONG = [
    ("put_item", {"TableName": "Music", "Item": {"Artist": {"S": ""}}}),
    ("put_item", {"TableName": "Nowhere", "Item": NINA}),
    ("put_item", {"TableName": "Music", "Item": {**NINA, "Year": {"N": "x"}}}),
    ("update_item", {"TableName": "Music", "Key": NINA, "UpdateExpression": "SET Year"}),
    ("create_table", {"TableName": "x"}),
    ("query", {"TableName": "Music"}),
    ("batch_get_item", {"RequestItems": {}}),
    ("export_table_to_point_in_time", {"TableArn": "arn:x", "S3Bucket": "bucket"}),
    ("put_item", {"TableName": "Music", "Item": {**NINA, "Text": {"S": "x" * 17_000_000}}}),
]


@pytest.fixture(scope="module")
def over_http():
    with TestServer() as server:
        client = server.client(config=ONE_TRY)
        client.create_table(**MUSIC)
        yield client
        client.close()


@pytest.fixture
def in_process(session):
    return session.client("dynamodb", config=ONE_TRY)


@pytest.mark.parametrize(("method", "request_"), WRONG)
def test_wrong_requests_are_refused_as_over_http(in_process, over_http, method, request_):
    answers = []
    for client in (in_process, over_http):
        with pytest.raises(ClientError) as refused:
            getattr(client, method)(**request_)
        answer = refused.value.response
        metadata = answer.pop("ResponseMetadata")
        answers.append((metadata["HTTPStatusCode"], set(metadata["HTTPHeaders"]), answer))
    assert answers[0] == answers[1]


def test_answers_have_the_headers_that_they_have_over_http(in_process, over_http):
    def varying(headers: dict[str, str]) -> dict[str, str]:
        return {**headers, "date": "", "x-amzn-requestid": ""}

    key = {"TableName": "Music", "Key": BILLIE}
    here, there = (client.get_item(**key) for client in (in_process, over_http))
    headers = here["ResponseMetadata"]["HTTPHeaders"], there["ResponseMetadata"]["HTTPHeaders"]
    assert varying(headers[0]) == varying(headers[1])


def test_endpoints_are_described_as_over_http(session, in_process, over_http):
    address = in_process.describe_endpoints()["Endpoints"][0]["Address"]
    assert f"https://{address}" == in_process.meta.endpoint_url
    assert over_http.describe_endpoints()["Endpoints"][0]["Address"] in over_http.meta.endpoint_url


def test_an_unsigned_request_is_refused(session):
    client = session.client("dynamodb", config=Config(signature_version=UNSIGNED))
    with pytest.raises(ClientError, match="MissingAuthenticationToken"):
        client.list_tables()


def test_a_request_says_who_sends_it_though_it_is_not_signed(session):
    sent = []
    client = session.elsewhere(region="eu-west-1", account="123456789012").client("dynamodb")
    client.meta.events.register_first(
        "before-send.dynamodb", lambda request, **_: sent.append(dict(request.headers.items()))
    )
    client.list_tables()
    stated = sent[0]["Authorization"].decode()
    day = sent[0]["X-Amz-Date"].decode()[:8]
    assert stated.startswith(
        f"AWS4-HMAC-SHA256 Credential=123456789012/{day}/eu-west-1/dynamodb/aws4_request, "
    )


def test_presigned_addresses_are_signed_as_ever(client):
    address = client.generate_presigned_url("list_tables")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in address


def test_what_is_tried_again_is_counted(session, client):
    session.switches.fail_next("GetItem", "InternalServerError")
    answer = client.get_item(TableName="Music", Key=NINA)
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


def test_a_damaged_answer_is_asked_for_again(client):
    """botocore compares the checksum of each answer of DynamoDB with its header."""
    damaged = []

    def damage_once(response_dict, **_: object) -> None:
        if not damaged:
            damaged.append(response_dict["headers"]["x-amz-crc32"])
            response_dict["headers"]["x-amz-crc32"] = "1"

    client.meta.events.register("before-parse.dynamodb.GetItem", damage_once)
    answer = client.get_item(TableName="Music", Key=NINA)
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-crc32"] == damaged[0]


def test_local_needs_no_settings_of_aws(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with local(region="ap-south-1") as session:
        assert isinstance(session, LocalSession)
        session.client("dynamodb").create_table(**MUSIC)


def test_a_client_states_whose_it_is_and_signs_nothing(session):
    sent = []
    account, token = "111122223333", "of no use"
    client = session.client(
        "dynamodb",
        region_name="eu-west-1",
        aws_access_key_id=account,
        aws_secret_access_key="local",
        aws_session_token=token,
    )
    client.meta.events.register_first("before-send", lambda request, **_: sent.append(request))
    assert client.list_tables()["TableNames"] == []
    headers = sent[0].headers
    assert f"Credential={account}/".encode() in headers["Authorization"]
    assert b"/eu-west-1/dynamodb/aws4_request" in headers["Authorization"]
    assert b"Signature=" + b"0" * 64 in headers["Authorization"]
    assert headers["X-Amz-Security-Token"] == token.encode()


def test_a_presigned_url_is_signed(client):
    url = client.generate_presigned_url("list_tables")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url
    assert "X-Amz-Signature=" + "0" * 64 not in url
