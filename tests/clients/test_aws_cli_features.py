"""Streams, time to live, PartiQL, indexes and tags by AWS CLI commands: a test for each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from clients.aws_cli import COMMAND, AwsCli, Failed
from clients.conftest import Connect
from support.tables import table

pytestmark = pytest.mark.skipif(not COMMAND.exists(), reason="the AWS CLI is not installed")

PUT = {"id": {"S": "one"}, "kind": {"S": "van"}}


@pytest.fixture(scope="module")
def aws(endpoint: str, aws_environment: dict[str, str]) -> AwsCli:
    return AwsCli(endpoint, aws_environment)


Make = Callable[..., str]


@pytest.fixture
def make(connect: Connect, fresh: Callable[[], str]) -> Iterator[Make]:
    """Creates a table by boto3, since each command of the CLI takes half a second."""
    client = connect("dynamodb")
    names: list[str] = []

    def create(**members: Any) -> str:
        name = f"features-{fresh()}"
        client.create_table(TableName=name, **table("id", types={"id": "S"}), **members)
        names.append(name)
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
        return name

    yield create
    for name in names:
        client.delete_table(TableName=name)


def test_a_stream(aws: AwsCli, make: Make) -> None:
    name = make(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    aws("dynamodb", "put-item", "--table-name", name, "--item", json.dumps(PUT))
    listed = aws("dynamodbstreams", "list-streams", "--table-name", name)
    arn = listed["Streams"][0]["StreamArn"]
    described = aws("dynamodbstreams", "describe-stream", "--stream-arn", arn)
    records = []
    for shard in described["StreamDescription"]["Shards"]:
        iterator = aws(
            *("dynamodbstreams", "get-shard-iterator", "--stream-arn", arn),
            *("--shard-id", shard["ShardId"], "--shard-iterator-type", "TRIM_HORIZON"),
            *("--query", "ShardIterator"),
            output="text",
        )
        records += aws("dynamodbstreams", "get-records", "--shard-iterator", iterator)["Records"]
    assert [(r["eventName"], r["dynamodb"]["Keys"]) for r in records] == [
        ("INSERT", {"id": {"S": "one"}})
    ]
    assert "NewImage" not in records[0]["dynamodb"]


def test_time_to_live(aws: AwsCli, make: Make) -> None:
    name = make()
    enabled = aws(
        *("dynamodb", "update-time-to-live", "--table-name", name),
        *("--time-to-live-specification", "Enabled=true,AttributeName=until"),
    )
    assert enabled["TimeToLiveSpecification"] == {"Enabled": True, "AttributeName": "until"}
    told = aws("dynamodb", "describe-time-to-live", "--table-name", name)
    assert told["TimeToLiveDescription"]["AttributeName"] == "until"


def test_partiql(aws: AwsCli, make: Make) -> None:
    name = make()
    statement = f"INSERT INTO \"{name}\" VALUE {{'id': ?, 'kind': 'van'}}"
    insert = ("dynamodb", "execute-statement", "--statement", statement,
              "--parameters", '[{"S": "one"}]')  # fmt: skip
    aws(*insert)
    with pytest.raises(Failed, match="DuplicateItemException"):
        aws(*insert)
    select = f"SELECT * FROM \"{name}\" WHERE id = 'one'"
    assert aws("dynamodb", "execute-statement", "--statement", select)["Items"] == [PUT]


def test_an_index_added_later(aws: AwsCli, make: Make) -> None:
    name = make()
    aws("dynamodb", "put-item", "--table-name", name, "--item", json.dumps(PUT))
    create = {
        "IndexName": "by-kind",
        "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    aws(
        *("dynamodb", "update-table", "--table-name", name),
        *("--attribute-definitions", "AttributeName=kind,AttributeType=S"),
        *("--global-secondary-index-updates", json.dumps([{"Create": create}])),
    )
    query = ("dynamodb", "query", "--table-name", name, "--index-name", "by-kind",
             "--key-condition-expression", "kind = :kind",
             "--expression-attribute-values", '{":kind": {"S": "van"}}')  # fmt: skip
    status = ("dynamodb", "describe-table", "--table-name", name,
              "--query", "Table.GlobalSecondaryIndexes[0].IndexStatus")  # fmt: skip
    for _ in range(20):
        if aws(*status, output="text") == "ACTIVE":
            break
    assert aws(*query)["Items"] == [PUT]


def test_tags(aws: AwsCli, make: Make) -> None:
    name = make(Tags=[{"Key": "team", "Value": "web"}])
    arn = aws("dynamodb", "describe-table", "--table-name", name,
              "--query", "Table.TableArn", output="text")  # fmt: skip
    aws("dynamodb", "tag-resource", "--resource-arn", arn, "--tags", "Key=stage,Value=test")
    aws("dynamodb", "untag-resource", "--resource-arn", arn, "--tag-keys", "team")
    listed = aws("dynamodb", "list-tags-of-resource", "--resource-arn", arn)
    assert listed["Tags"] == [{"Key": "stage", "Value": "test"}]
