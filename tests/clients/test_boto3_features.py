"""What else an application asks of a table through boto3: each test is one feature of a table."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.tables import definitions, index, table

ASK_SECONDS_MAX = 30


def eventually(ask: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
    """The first answer that holds, for what a service does in its own time."""
    deadline = time.monotonic() + ASK_SECONDS_MAX
    while not holds(answer := ask()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.05)
    return answer


Make = Callable[..., str]


@pytest.fixture
def client(connect: Any) -> Any:
    return connect("dynamodb")


@pytest.fixture
def make(client: Any, fresh: Any) -> Iterator[Make]:
    """Creates a table with the hash key `pk` and the range key `sk`; returns its name."""
    names: list[str] = []

    def create(**members: Any) -> str:
        name = f"features-{fresh()}"
        client.create_table(TableName=name, **table("pk", "sk", types={"pk": "S", "sk": "N"}),
                            **members)  # fmt: skip
        names.append(name)
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
        return name

    yield create
    for name in names:
        client.delete_table(TableName=name)


def item(pk: str, sk: int, **more: Any) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"N": str(sk)}, **more}


def write(client: Any, name: str, items: list[dict[str, Any]]) -> None:
    for start in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": each}} for each in items[start : start + 25]]
        assert client.batch_write_item(RequestItems={name: puts})["UnprocessedItems"] == {}


def arn_of(client: Any, name: str) -> str:
    return str(client.describe_table(TableName=name)["Table"]["TableArn"])


def test_a_stream_tells_every_change_once_and_in_order(
    client: Any, make: Make, connect: Any
) -> None:
    name = make(StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    arn = client.describe_table(TableName=name)["Table"]["LatestStreamArn"]
    write(client, name, [item(f"p{n % 7}", n) for n in range(60)])
    key = item("p1", 1)
    client.update_item(
        TableName=name,
        Key=key,
        UpdateExpression="SET v = :v",
        ExpressionAttributeValues={":v": {"BOOL": True}},
    )
    client.transact_write_items(
        TransactItems=[
            {"Delete": {"TableName": name, "Key": key}},
            {"Put": {"TableName": name, "Item": item("p1", 1000)}},
        ]
    )
    streams = connect("dynamodbstreams")
    assert [s["StreamArn"] for s in streams.list_streams(TableName=name)["Streams"]] == [arn]
    iterators = [
        streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    ]
    records: list[Any] = []

    def read() -> int:
        pages = [streams.get_records(ShardIterator=each, Limit=10) for each in iterators]
        records.extend(record for page in pages for record in page["Records"])
        iterators[:] = [p["NextShardIterator"] for p in pages if p.get("NextShardIterator")]
        return len(records)

    eventually(read, lambda count: count >= 63)
    assert len({record["eventID"] for record in records}) == len(records) == 63
    of_key = [each for each in records if each["dynamodb"]["Keys"] == key]
    assert [each["eventName"] for each in of_key] == ["INSERT", "MODIFY", "REMOVE"]
    assert of_key[1]["dynamodb"]["OldImage"] == key
    assert of_key[2]["dynamodb"]["OldImage"] == {**key, "v": {"BOOL": True}}
    with pytest.raises(streams.exceptions.ResourceNotFoundException):
        streams.describe_stream(StreamArn=arn[:-3] + "000")


def test_expired_items_are_deleted_and_others_are_not(client: Any, make: Make) -> None:
    name = make()
    client.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    description = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert description["AttributeName"] == "until"
    now = int(time.time())
    ages = {1: -5, 2: 3600, 3: -6 * 365 * 86_400}
    write(client, name, [item("p", sk, until={"N": str(now + age)}) for sk, age in ages.items()])
    write(client, name, [item("p", 4, until={"S": str(now - 5)}), item("p", 5)])

    def left() -> list[str]:
        return [each["sk"]["N"] for each in client.scan(TableName=name)["Items"]]

    assert eventually(left, lambda keys: "1" not in keys) == ["2", "3", "4", "5"]


def test_partiql_reads_and_writes_what_the_other_operations_do(client: Any, make: Make) -> None:
    name = make()

    def run(statement: str, *parameters: Any, **more: Any) -> Any:
        given = {"Parameters": list(parameters)} if parameters else {}
        return client.execute_statement(Statement=statement.format(t=f'"{name}"'), **given, **more)

    for sk in range(8):
        run("INSERT INTO {t} VALUE {{'pk': 'p', 'sk': ?, 'v': ?}}", {"N": str(sk)}, {"L": []})
    with pytest.raises(client.exceptions.DuplicateItemException):
        run("INSERT INTO {t} VALUE {{'pk': 'p', 'sk': 0}}")
    by_key = "SELECT * FROM {t} WHERE pk = ? AND sk = ?"
    first = item("p", 0)
    answer = run(by_key, first["pk"], first["sk"], ConsistentRead=True)
    assert answer["Items"] == [client.get_item(TableName=name, Key=first)["Item"]]
    run("UPDATE {t} SET v = list_append(v, ?) WHERE pk = 'p' AND sk = 0", {"L": [{"S": "x"}]})
    assert run(by_key, *first.values())["Items"][0]["v"] == {"L": [{"S": "x"}]}
    run("DELETE FROM {t} WHERE pk = 'p' AND sk = 7")
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = run("SELECT sk FROM {t} WHERE pk = 'p' AND sk > 2", Limit=3, **token)
        found += [each["sk"]["N"] for each in page["Items"]]
        if not page.get("NextToken"):
            break
        token = {"NextToken": page["NextToken"]}
    assert found == ["3", "4", "5", "6"]
    statements = [{"Statement": f"SELECT sk FROM \"{name}\" WHERE pk = 'p' AND sk = {n}"}
                  for n in (1, 7)]  # fmt: skip
    batch = client.batch_execute_statement(Statements=statements)["Responses"]
    assert ["Item" in each for each in batch] == [True, False]
    with pytest.raises(client.exceptions.TransactionCanceledException) as raised:
        client.execute_transaction(
            TransactStatements=[
                {"Statement": f"DELETE FROM \"{name}\" WHERE pk = 'p' AND sk = 1"},
                {"Statement": f"INSERT INTO \"{name}\" VALUE {{'pk': 'p', 'sk': 2}}"},
            ]
        )
    reasons = raised.value.response["CancellationReasons"]
    assert [each["Code"] for each in reasons] == ["None", "DuplicateItem"]
    with pytest.raises(ClientError) as refused:
        run("SELECT FROM WHERE")
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_an_index_is_made_from_the_items_that_are_there(client: Any, make: Make) -> None:
    name = make()
    write(client, name, [item(f"p{n}", n, kind={"S": f"k{n % 3}"}) for n in range(100)])
    client.update_table(
        TableName=name,
        AttributeDefinitions=definitions(pk="S", sk="N", kind="S"),
        GlobalSecondaryIndexUpdates=[{"Create": index("by-kind", "kind", "sk")}],
    )
    write(client, name, [item("late", 1000, kind={"S": "k1"})])

    def described() -> Any:
        return client.describe_table(TableName=name)["Table"]

    eventually(
        described,
        lambda made: (
            made["TableStatus"] == made["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE"
        ),
    )
    pages = client.get_paginator("query").paginate(
        TableName=name,
        IndexName="by-kind",
        KeyConditionExpression="kind = :kind",
        ExpressionAttributeValues={":kind": {"S": "k1"}},
        PaginationConfig={"PageSize": 10},
    )
    numbers = [int(each["sk"]["N"]) for page in pages for each in page["Items"]]
    assert numbers == [*range(1, 100, 3), 1000]
    client.update_table(
        TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-kind"}}]
    )
    eventually(
        described,
        lambda made: made["TableStatus"] == "ACTIVE" and "GlobalSecondaryIndexes" not in made,
    )


def test_a_table_has_the_tags_it_was_given(client: Any, make: Make) -> None:
    name = make(Tags=[{"Key": "team", "Value": "web"}])
    arn = arn_of(client, name)

    def tags() -> dict[str, str]:
        pages = client.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
        return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}

    assert tags() == {"team": "web"}
    more = [{"Key": f"key-{n:02}", "Value": str(n)} for n in range(15)]
    client.tag_resource(ResourceArn=arn, Tags=[*more, {"Key": "team", "Value": "api"}])
    eventually(tags, lambda now: len(now) == 16 and now["team"] == "api")
    client.untag_resource(ResourceArn=arn, TagKeys=[tag["Key"] for tag in more])
    eventually(tags, lambda now: now == {"team": "api"})


def test_a_policy_is_kept_under_a_revision(client: Any, make: Make) -> None:
    arn = arn_of(client, make())
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{arn.split(':')[4]}:root"},
                "Action": ["dynamodb:GetItem", "dynamodb:Query"],
                "Resource": arn,
            }
        ],
    }
    with pytest.raises(client.exceptions.PolicyNotFoundException):
        client.get_resource_policy(ResourceArn=arn)
    revision = client.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))["RevisionId"]

    def stored() -> Any:
        try:
            return client.get_resource_policy(ResourceArn=arn)
        except client.exceptions.PolicyNotFoundException:
            return {}

    found = eventually(stored, lambda answer: answer.get("RevisionId") == revision)
    assert json.loads(found["Policy"]) == policy
    with pytest.raises(client.exceptions.PolicyNotFoundException):
        client.put_resource_policy(
            ResourceArn=arn, Policy=json.dumps(policy), ExpectedRevisionId="1"
        )
    client.delete_resource_policy(ResourceArn=arn)


def test_what_an_account_may_have_is_told(client: Any) -> None:
    limits = client.describe_limits()
    assert 0 < limits["TableMaxWriteCapacityUnits"] <= limits["AccountMaxWriteCapacityUnits"]
    endpoint = client.describe_endpoints()["Endpoints"][0]
    assert endpoint["CachePeriodInMinutes"] > 0
