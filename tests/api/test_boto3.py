"""The SDK as applications use it: resources, waiters, paginators, exceptions, the serializer."""

from __future__ import annotations

from decimal import Decimal

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def resource(endpoint):
    made = boto3.resource(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="secret",
    )
    yield made
    made.meta.client.close()


@pytest.fixture
def music(resource, fresh):
    table = resource.create_table(
        TableName=f"Music-{fresh()}",
        KeySchema=[
            {"AttributeName": "Artist", "KeyType": "HASH"},
            {"AttributeName": "SongTitle", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "Artist", "AttributeType": "S"},
            {"AttributeName": "SongTitle", "AttributeType": "S"},
            {"AttributeName": "Year", "AttributeType": "N"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-year",
                "KeySchema": [{"AttributeName": "Year", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    table.wait_until_exists()
    yield table
    table.delete()
    table.wait_until_not_exists()


def test_the_life_of_items(music):
    song = {
        "Artist": "Acme Band",
        "SongTitle": "Happy Day",
        "Year": 1998,
        "Price": Decimal("1.99"),
        "Tags": {"pop", "sunny"},
        "Sizes": {Decimal(1), Decimal("2.5")},
        "Cover": Binary(b"\x00\x01"),
        "Track": {"list": [1, None, True, "x"], "empty": ""},
    }
    music.put_item(Item=song)
    key = {"Artist": "Acme Band", "SongTitle": "Happy Day"}
    assert music.get_item(Key=key)["Item"] == song
    updated = music.update_item(
        Key=key,
        UpdateExpression="SET #y = #y + :one ADD Tags :more",
        ExpressionAttributeNames={"#y": "Year"},
        ExpressionAttributeValues={":one": 1, ":more": {"old"}},
        ReturnValues="UPDATED_NEW",
    )
    assert updated["Attributes"] == {"Year": 1999, "Tags": {"pop", "sunny", "old"}}
    with pytest.raises(music.meta.client.exceptions.ConditionalCheckFailedException):
        music.put_item(Item=key, ConditionExpression=Attr("Artist").not_exists())
    assert music.delete_item(Key=key, ReturnValues="ALL_OLD")["Attributes"]["Year"] == 1999
    assert "Item" not in music.get_item(Key=key)


def test_batches_queries_and_scans(music):
    with music.batch_writer() as batch:
        for n in range(60):
            batch.put_item(
                Item={"Artist": f"A{n % 3}", "SongTitle": f"S{n:02}", "Year": 1990 + n % 5}
            )
    page = music.query(
        KeyConditionExpression=Key("Artist").eq("A1") & Key("SongTitle").between("S10", "S30")
    )
    assert [item["SongTitle"] for item in page["Items"]] == [
        f"S{n:02}" for n in range(10, 31) if n % 3 == 1
    ]
    page = music.query(
        IndexName="by-year",
        KeyConditionExpression=Key("Year").eq(1992),
        FilterExpression=Attr("Artist").eq("A2") | Attr("SongTitle").begins_with("S0"),
    )
    assert page["ScannedCount"] == 12
    page = music.scan(
        FilterExpression=Attr("Year").is_in([1990, 1991]) & ~Attr("Artist").eq("A0"),
        ProjectionExpression="SongTitle",
    )
    assert page["Count"] == 16
    assert music.item_count == 60
    music.reload()
    assert music.item_count == 60


def test_paginators(client, music):
    with music.batch_writer() as batch:
        for n in range(25):
            batch.put_item(Item={"Artist": "P", "SongTitle": f"{n:02}"})
    pages = client.get_paginator("query").paginate(
        TableName=music.name,
        KeyConditionExpression="Artist = :a",
        ExpressionAttributeValues={":a": {"S": "P"}},
        PaginationConfig={"PageSize": 4},
    )
    titles = [item["SongTitle"]["S"] for page in pages for item in page["Items"]]
    assert titles == [f"{n:02}" for n in range(25)]
    scanned = client.get_paginator("scan").paginate(
        TableName=music.name, PaginationConfig={"PageSize": 4}
    )
    assert sum(page["Count"] for page in scanned) == 25
    names = client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2})
    assert music.name in [name for page in names for name in page["TableNames"]]


def test_transactions(client, music):
    def put(title, **more):
        item = {"Artist": {"S": "T"}, "SongTitle": {"S": title}}
        return {"Put": {"TableName": music.name, "Item": item, **more}}

    client.transact_write_items(TransactItems=[put("1"), put("2")])
    with pytest.raises(client.exceptions.TransactionCanceledException) as raised:
        client.transact_write_items(
            TransactItems=[
                put("3"),
                put("1", ConditionExpression="attribute_not_exists(Artist)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD"),
            ]
        )  # fmt: skip
    reasons = raised.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1]["Item"]["SongTitle"] == {"S": "1"}
    got = client.transact_get_items(
        TransactItems=[
            {"Get": {"TableName": music.name,
                     "Key": {"Artist": {"S": "T"}, "SongTitle": {"S": title}}}}
            for title in ("2", "3")
        ]
    )  # fmt: skip
    assert ["Item" in each for each in got["Responses"]] == [True, False]


def test_errors_come_as_the_sdks_exceptions(client, api):
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_table(TableName="nobody-made-this")
    with pytest.raises(ClientError) as raised:
        client.put_item(TableName="strings", Item={})
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_operations_that_sdks_call_on_their_own(client):
    """docs: DescribeLimits and DescribeEndpoints; a server may not have them, but must not fail."""
    for call in (client.describe_limits, client.describe_endpoints):
        try:
            status = call()["ResponseMetadata"]["HTTPStatusCode"]
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert status in (200, 400, 501)
