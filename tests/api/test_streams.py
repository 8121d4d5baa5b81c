"""DynamoDB Streams: what is recorded, and how it is read."""

from __future__ import annotations

import re
import threading
import time
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from support import tables
from support.client import Api, Refused
from support.streams import (
    DISABLED,
    call,
    enabled,
    iterator_of,
    latest_arn,
    read_all,
    read_on,
    shards_of,
)
from support.values import L, M, N, S

KEYED = tables.table("pk", types={"pk": "S"})
RANGED = tables.table("pk", "sk", types={"pk": "S", "sk": "N"})
VIEWS = ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")


def changes(records):
    """What the records say happened: name, keys, old and new image."""
    return [
        (r["eventName"], r["dynamodb"]["Keys"], r["dynamodb"].get("OldImage"),
         r["dynamodb"].get("NewImage"))
        for r in records
    ]  # fmt: skip


@pytest.fixture
def streamed(api, create):
    """Makes a table with a stream; returns its name and the stream's ARN."""

    def make(view="NEW_AND_OLD_IMAGES", definition=KEYED):
        name = create(definition, **enabled(view))
        return name, latest_arn(api, name)

    return make


# What is recorded


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_type_shows_its_images(api, streamed, view):
    """Developer guide, "Enabling a stream"; an image that is not there is left out."""
    table, arn = streamed(view)
    key, first, second = {"pk": S("a")}, {"pk": S("a"), "v": N(1)}, {"pk": S("a"), "v": N(2)}
    api("PutItem", TableName=table, Item=first)
    api("PutItem", TableName=table, Item=second)
    api("DeleteItem", TableName=table, Key=key)
    old, new = "OLD" in view, "NEW" in view
    assert changes(read_all(api, arn)) == [
        ("INSERT", key, None, first if new else None),
        ("MODIFY", key, first if old else None, second if new else None),
        ("REMOVE", key, second if old else None, None),
    ]


def test_a_record_has_all_members_of_the_api(api, streamed):
    """SizeBytes: 26, 59 and 38 in the developer guide's example of these three changes."""
    table, arn = streamed(definition=tables.table("Id", types={"Id": "N"}))
    api("PutItem", TableName=table, Item={"Id": N(101), "Message": S("New item!")})
    api("PutItem", TableName=table, Item={"Id": N(101), "Message": S("This item has changed")})
    api("DeleteItem", TableName=table, Key={"Id": N(101)})
    records = read_all(api, arn)
    assert [record["dynamodb"]["SizeBytes"] for record in records] == [26, 59, 38]
    record = records[0]
    assert set(record) == {
        "eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb"
    }  # fmt: skip
    assert re.fullmatch("[0-9a-f]{32}", record["eventID"])
    assert (record["eventVersion"], record["eventSource"]) == ("1.1", "aws:dynamodb")
    assert record["awsRegion"] == "us-east-1"
    made = record["dynamodb"]["ApproximateCreationDateTime"]
    assert type(made) is int
    assert abs(made - time.time()) < 60
    assert record["dynamodb"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert re.fullmatch("[0-9]{21,40}", record["dynamodb"]["SequenceNumber"])
    assert len({each["eventID"] for each in records}) == 3
    assert read_all(api, arn) == records


def test_an_update_inserts_or_modifies(api, streamed):
    table, arn = streamed(definition=RANGED)
    key = {"pk": S("a"), "sk": N(1)}
    add = {"UpdateExpression": "ADD n :n", "ExpressionAttributeValues": {":n": N(1)}}
    api("UpdateItem", add, TableName=table, Key=key)
    api("UpdateItem", add, TableName=table, Key=key)
    api("UpdateItem", TableName=table, Key={"pk": S("b"), "sk": N(1)})
    assert changes(read_all(api, arn)) == [
        ("INSERT", key, None, {**key, "n": N(1)}),
        ("MODIFY", key, {**key, "n": N(1)}, {**key, "n": N(2)}),
        ("INSERT", {"pk": S("b"), "sk": N(1)}, None, {"pk": S("b"), "sk": N(1)}),
    ]


def test_a_write_that_changes_nothing_leaves_no_record(api, streamed):
    """Values count: neither the order of attributes and sets nor the spelling of a number."""
    table, arn = streamed()
    item = {"pk": S("a"), "s": {"SS": ["x", "y"]}, "l": L(M(p=N(1), q={"NS": ["1", "20"]}))}
    api("PutItem", TableName=table, Item=item)
    written = len(read_all(api, arn))
    same = {"l": L(M(q={"NS": ["20.0", "1e0"]}, p=N("1.0"))), "s": {"SS": ["y", "x"]}}
    api("PutItem", TableName=table, Item={**same, "pk": S("a")})
    api(
        "UpdateItem",
        TableName=table,
        Key={"pk": S("a")},
        UpdateExpression="SET s = :s",
        ExpressionAttributeValues={":s": {"SS": ["y", "x"]}},
    )
    api("UpdateItem", TableName=table, Key={"pk": S("a")})
    api("UpdateItem", TableName=table, Key={"pk": S("gone")}, UpdateExpression="REMOVE n")
    api("DeleteItem", TableName=table, Key={"pk": S("gone")})
    with pytest.raises(Refused):
        api("PutItem", TableName=table, Item={"pk": S("a")},
            ConditionExpression="attribute_not_exists(pk)")  # fmt: skip
    assert len(read_all(api, arn)) == written == 1
    api("PutItem", TableName=table, Item={**item, "l": L(M(p=N(2), q={"NS": ["1", "20"]}))})
    assert len(read_all(api, arn)) == 2, "an item of the same size that differs"


def test_batches_record_each_of_their_writes(api, streamed):
    table, arn = streamed()
    api("PutItem", TableName=table, Item={"pk": S("old")})
    puts = [{"PutRequest": {"Item": {"pk": S(f"k{n}")}}} for n in range(20)]
    gone = {"DeleteRequest": {"Key": {"pk": S("old")}}}
    nothing = {"DeleteRequest": {"Key": {"pk": S("never")}}}
    api("BatchWriteItem", RequestItems={table: [*puts, gone, nothing]})
    happened = [(r["eventName"], r["dynamodb"]["Keys"]["pk"]["S"]) for r in read_all(api, arn)]
    assert sorted(happened[1:]) == sorted(
        [("REMOVE", "old"), *(("INSERT", f"k{n}") for n in range(20))]
    )


def test_transactions_record_what_they_write_once_and_nothing_if_cancelled(api, streamed):
    table, arn = streamed()
    api("PutItem", TableName=table, Item={"pk": S("d")})
    api("PutItem", TableName=table, Item={"pk": S("c")})
    actions = [
        {"Put": {"TableName": table, "Item": {"pk": S("p")}}},
        {"Update": {"TableName": table, "Key": {"pk": S("u")}, "UpdateExpression": "SET n = :n",
                    "ExpressionAttributeValues": {":n": N(1)}}},
        {"Delete": {"TableName": table, "Key": {"pk": S("d")}}},
        {"ConditionCheck": {"TableName": table, "Key": {"pk": S("c")},
                            "ConditionExpression": "attribute_exists(pk)"}},
    ]  # fmt: skip
    for _ in range(2):  # the second is the first again, by its token
        api("TransactWriteItems", TransactItems=actions, ClientRequestToken=f"token-{table}")
    refused = {**actions[3]["ConditionCheck"], "ConditionExpression": "attribute_not_exists(pk)"}
    with pytest.raises(Refused):
        api("TransactWriteItems", TransactItems=[
            {"Put": {"TableName": table, "Item": {"pk": S("never")}}}, {"ConditionCheck": refused},
        ])  # fmt: skip
    happened = [(r["eventName"], r["dynamodb"]["Keys"]["pk"]["S"]) for r in read_all(api, arn)]
    assert sorted(happened[2:]) == [("INSERT", "p"), ("INSERT", "u"), ("REMOVE", "d")]


def test_the_records_of_an_indexed_table_are_those_of_its_items(api, streamed):
    table, arn = streamed(definition=tables.INDEXED)
    item = {"pk": S("a"), "sk": S("b"), "l": S("c"), "g": S("d"), "h": N(1)}
    api("PutItem", TableName=table, Item=item)
    keys = {"pk": S("a"), "sk": S("b")}
    assert changes(read_all(api, arn)) == [("INSERT", keys, None, item)]


# How it is read


@pytest.fixture(scope="module")
def boto(endpoint):
    made = boto3.client(
        "dynamodbstreams",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="secret",
        config=Config(retries={"max_attempts": 0}),
    )
    yield made
    made.close()


def test_boto3_reads_a_stream_from_end_to_end(api, boto, streamed):
    table, arn = streamed()
    api("PutItem", TableName=table, Item={"pk": S("a"), "b": {"B": "AAE="}})
    listed = boto.list_streams(TableName=table)["Streams"]
    label = arn.rpartition("/")[2]
    assert listed == [{"StreamArn": arn, "TableName": table, "StreamLabel": label}]
    described = boto.describe_stream(StreamArn=arn)["StreamDescription"]
    age = datetime.now(UTC) - described.pop("CreationRequestDateTime")
    assert age < timedelta(minutes=2)
    (shard,) = described.pop("Shards")
    assert described == {
        "StreamArn": arn,
        "StreamLabel": label,
        "StreamStatus": "ENABLED",
        "StreamViewType": "NEW_AND_OLD_IMAGES",
        "TableName": table,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    }
    assert re.fullmatch(r"shardId-[0-9]{20}-[0-9a-f]{8}", shard["ShardId"])
    assert set(shard["SequenceNumberRange"]) == {"StartingSequenceNumber"}
    iterator = boto.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    page = boto.get_records(ShardIterator=iterator)
    (record,) = page["Records"]
    assert record["dynamodb"]["NewImage"] == {"pk": {"S": "a"}, "b": {"B": b"\x00\x01"}}
    assert record["dynamodb"]["ApproximateCreationDateTime"].tzinfo is not None
    assert boto.get_records(ShardIterator=page["NextShardIterator"])["Records"] == []
    with pytest.raises(boto.exceptions.ResourceNotFoundException):
        boto.describe_stream(StreamArn=arn.replace(label, "2015-05-11T21:21:33.291"))
    with pytest.raises(ClientError, match="Invalid ShardIterator"):
        boto.get_records(ShardIterator="x")


def test_iterators_of_every_type_begin_where_they_say(api, streamed):
    table, arn = streamed()
    (shard,) = shards_of(api, arn)
    begin = lambda kind, **more: iterator_of(api, arn, shard["ShardId"], kind, **more)  # noqa: E731
    start = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    early = [
        begin("AT_SEQUENCE_NUMBER", SequenceNumber=start),
        begin("AFTER_SEQUENCE_NUMBER", SequenceNumber=start),
        begin("TRIM_HORIZON"),
        begin("LATEST"),
    ]
    for n in range(5):
        api("PutItem", TableName=table, Item={"pk": S(f"k{n}")})
    all_five = read_on(api, begin("TRIM_HORIZON"))[0]
    assert [r["dynamodb"]["Keys"]["pk"]["S"] for r in all_five] == [f"k{n}" for n in range(5)]
    for iterator in early:
        assert read_on(api, iterator)[0] == all_five
    third = all_five[2]["dynamodb"]["SequenceNumber"]
    assert read_on(api, begin("AT_SEQUENCE_NUMBER", SequenceNumber=third))[0] == all_five[2:]
    assert read_on(api, begin("AFTER_SEQUENCE_NUMBER", SequenceNumber=third))[0] == all_five[3:]
    last = all_five[4]["dynamodb"]["SequenceNumber"]
    for iterator in (begin("LATEST"), begin("AFTER_SEQUENCE_NUMBER", SequenceNumber=last)):
        assert read_on(api, iterator)[0] == []
    long_ago = begin("AT_TIMESTAMP", Timestamp=time.time() - 3600)
    assert read_on(api, long_ago)[0] == all_five
    numbers = [int(r["dynamodb"]["SequenceNumber"]) for r in all_five]
    assert sorted(set(numbers)) == numbers
    assert int(start) < numbers[0]


def test_an_empty_open_shard_answers_an_iterator_that_goes_on(api, streamed):
    table, arn = streamed()
    (shard,) = shards_of(api, arn)
    iterator = iterator_of(api, arn, shard["ShardId"], "LATEST")
    for _ in range(3):
        page = call(api, "GetRecords", ShardIterator=iterator)
        assert page["Records"] == []
        iterator = page["NextShardIterator"]
    api("PutItem", TableName=table, Item={"pk": S("a")})
    assert len(call(api, "GetRecords", ShardIterator=iterator)["Records"]) == 1


def test_a_page_ends_at_its_limit_at_a_thousand_records_and_at_a_megabyte(api, streamed):
    table, arn = streamed("NEW_IMAGE")
    (shard,) = shards_of(api, arn)
    for batch in range(41):
        api("BatchWriteItem", RequestItems={table: [
            {"PutRequest": {"Item": {"pk": S(f"{batch}-{n}")}}} for n in range(25)
        ]})  # fmt: skip
    iterator = iterator_of(api, arn, shard["ShardId"])
    page = call(api, "GetRecords", ShardIterator=iterator)
    assert len(page["Records"]) == 1000
    rest = call(api, "GetRecords", ShardIterator=page["NextShardIterator"])
    assert len(rest["Records"]) == 25
    assert len(call(api, "GetRecords", ShardIterator=iterator, Limit=7)["Records"]) == 7
    for n in range(4):
        api("PutItem", TableName=table, Item={"pk": S(f"large{n}"), "v": S("x" * 399_000)})
    page = call(api, "GetRecords", ShardIterator=rest["NextShardIterator"])
    assert len(page["Records"]) == 2
    records, _ = read_on(api, page["NextShardIterator"])
    assert [r["dynamodb"]["Keys"]["pk"]["S"] for r in records] == ["large2", "large3"]


def test_streams_are_listed_in_pages(api, streamed):
    arns = {streamed()[1] for _ in range(5)}
    found, after = [], {}
    while True:
        page = call(api, "ListStreams", Limit=2, **after)
        assert len(page["Streams"]) <= 2
        found += [each["StreamArn"] for each in page["Streams"]]
        if "LastEvaluatedStreamArn" not in page:
            break
        after = {"ExclusiveStartStreamArn": page["LastEvaluatedStreamArn"]}
    assert arns <= set(found)
    assert len(found) == len(set(found))
    assert call(api, "ListStreams", TableName="strings") == {"Streams": []}
    assert call(api, "ListStreams", TableName="there-is-none") == {"Streams": []}


# A stream's life


def test_a_disabled_stream_stays_readable_and_a_new_one_has_its_own_label(api, create):
    table = create(KEYED, **enabled())
    first = latest_arn(api, table)
    api("PutItem", TableName=table, Item={"pk": S("a")})
    api("UpdateTable", TableName=table, **DISABLED)
    tables.wait_active(api, table)
    api("PutItem", TableName=table, Item={"pk": S("unseen")})
    described = api("DescribeTable", TableName=table)["Table"]
    assert "StreamSpecification" not in described
    assert described["LatestStreamArn"] == first
    api("UpdateTable", TableName=table, **enabled("KEYS_ONLY"))
    tables.wait_active(api, table)
    second = latest_arn(api, table)
    api("PutItem", TableName=table, Item={"pk": S("b")})
    statuses = {
        arn: call(api, "DescribeStream", StreamArn=arn)["StreamDescription"]["StreamStatus"]
        for arn in (first, second)
    }
    assert statuses == {first: "DISABLED", second: "ENABLED"}
    listed = call(api, "ListStreams", TableName=table)["Streams"]
    assert {each["StreamArn"] for each in listed} == {first, second}
    assert [r["dynamodb"]["Keys"]["pk"]["S"] for r in read_all(api, first)] == ["a"]
    assert [r["dynamodb"]["Keys"]["pk"]["S"] for r in read_all(api, second)] == ["b"]


def test_a_closed_shard_ends_without_an_iterator(api, create):
    table = create(KEYED, **enabled())
    arn = latest_arn(api, table)
    for n in range(3):
        api("PutItem", TableName=table, Item={"pk": S(f"k{n}")})
    (shard,) = shards_of(api, arn)
    waiting = iterator_of(api, arn, shard["ShardId"], "LATEST")
    api("UpdateTable", TableName=table, **DISABLED)
    (shard,) = shards_of(api, arn)
    bounds = shard["SequenceNumberRange"]
    iterator = iterator_of(api, arn, shard["ShardId"])
    page = call(api, "GetRecords", ShardIterator=iterator, Limit=2)
    assert len(page["Records"]) == 2
    page = call(api, "GetRecords", ShardIterator=page["NextShardIterator"])
    assert len(page["Records"]) == 1
    assert "NextShardIterator" not in page
    last = int(page["Records"][0]["dynamodb"]["SequenceNumber"])
    assert int(bounds["StartingSequenceNumber"]) < last <= int(bounds["EndingSequenceNumber"])
    ended = [
        waiting,
        iterator_of(api, arn, shard["ShardId"], "LATEST"),
        *(
            iterator_of(api, arn, shard["ShardId"], kind,
                        SequenceNumber=bounds["EndingSequenceNumber"])
            for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")
        ),
    ]  # fmt: skip
    for iterator in ended:
        assert call(api, "GetRecords", ShardIterator=iterator) == {"Records": []}


def test_the_stream_of_a_deleted_table_stays_readable(api, fresh):
    name = f"deleted-{fresh()}"
    tables.create(api, name, {**KEYED, **enabled()})
    arn = latest_arn(api, name)
    api("PutItem", TableName=name, Item={"pk": S("a")})
    api("DeleteTable", TableName=name)
    tables.wait_gone(api, name)
    tables.create(api, name, {**KEYED, **enabled()})
    assert latest_arn(api, name) != arn
    described = call(api, "DescribeStream", StreamArn=arn)["StreamDescription"]
    assert described["StreamStatus"] == "DISABLED"
    assert [r["eventName"] for r in read_all(api, arn)] == ["INSERT"]
    assert read_all(api, latest_arn(api, name)) == []
    api("DeleteTable", TableName=name)


# What is refused


def refusal(api, operation, **members):
    with pytest.raises(Refused) as caught:
        call(api, operation, **members)
    return caught.value.body["__type"], caught.value.message


VALIDATION = "com.amazon.coral.validate#ValidationException"
NOT_FOUND = "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"


def test_unknown_streams_and_shards_are_not_found(api, streamed):
    _, arn = streamed()
    unknown = arn[:-3] + ("123" if arn[-3:] != "123" else "124")
    words = f"Requested resource not found: Stream: {unknown} not found"
    assert refusal(api, "DescribeStream", StreamArn=unknown) == (NOT_FOUND, words)
    shard = "shardId-00000001446500994480-a69421f6"
    request = {"ShardId": shard, "ShardIteratorType": "LATEST"}
    assert refusal(api, "GetShardIterator", StreamArn=unknown, **request) == (NOT_FOUND, words)
    words = "Requested resource not found: Shard does not exist"
    assert refusal(api, "GetShardIterator", StreamArn=arn, **request) == (NOT_FOUND, words)
    other = arn.replace("us-east-1", "eu-west-1")
    words = f"Requested resource not found: Stream: {other} not found"
    assert refusal(api, "DescribeStream", StreamArn=other) == (NOT_FOUND, words)


@pytest.mark.parametrize("operation", ["DescribeStream", "ListStreams", "GetShardIterator"])
def test_a_text_that_is_no_stream_arn_is_refused(api, operation):
    member = "ExclusiveStartStreamArn" if operation == "ListStreams" else "StreamArn"
    request = {member: "a text that is long enough to be an ARN, and is none"}
    if operation == "GetShardIterator":
        request |= {"ShardId": "s" * 28, "ShardIteratorType": "LATEST"}
    assert refusal(api, operation, **request) == (VALIDATION, "Invalid StreamArn")


def test_iterator_types_want_their_members_and_no_others(api, streamed):
    _, arn = streamed()
    (shard,) = shards_of(api, arn)
    number = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    request = {"StreamArn": arn, "ShardId": shard["ShardId"]}
    invalid = "One or more parameter values were invalid: "
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        found = refusal(api, "GetShardIterator", ShardIteratorType=kind, **request)
        assert found == (VALIDATION, f"{invalid}Invalid SequenceNumber")
    for kind in ("TRIM_HORIZON", "LATEST"):
        words = f"{invalid}SequenceNumber should not be passed for this iterator type"
        found = refusal(
            api, "GetShardIterator", ShardIteratorType=kind, SequenceNumber=number, **request
        )
        assert found == (VALIDATION, words)
    for wrong, words in (
        ("x" * 21, "Invalid SequenceNumber"),
        (str(int(number) + 10**12), "Invalid SequenceNumber"),
        ("9" * 40, "Invalid SequenceNumber"),
        ("0" * 21, "Invalid SequenceNumber for the shard"),
        (str(int(number) - 1), "Invalid SequenceNumber for the shard"),
    ):
        for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
            found = refusal(
                api, "GetShardIterator", ShardIteratorType=kind, SequenceNumber=wrong, **request
            )
            assert found == (VALIDATION, words)
    found = refusal(
        api,
        "GetShardIterator",
        ShardIteratorType="AT_TIMESTAMP",
        Timestamp=time.time() + 3600,
        **request,
    )
    assert found == (VALIDATION, f"{invalid}Timestamp must not be in the future")


def test_shapes_are_checked_as_the_model_says(api, streamed):
    _, arn = streamed()
    found = refusal(api, "GetRecords", ShardIterator="x", Limit=0)
    assert found == (
        VALIDATION,
        "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1",
    )
    (shard,) = shards_of(api, arn)
    found = refusal(api, "DescribeStream", StreamArn="short")
    assert found[0] == VALIDATION
    assert "at 'streamArn' failed to satisfy constraint" in found[1]
    for operation, most in (("GetRecords", 1000), ("DescribeStream", 100), ("ListStreams", 100)):
        request = {
            "GetRecords": {"ShardIterator": iterator_of(api, arn, shard["ShardId"])},
            "DescribeStream": {"StreamArn": arn},
            "ListStreams": {},
        }[operation]
        kind, words = refusal(api, operation, Limit=most + 1, **request)
        assert kind == VALIDATION
        start = "One or more parameter values were invalid: "
        assert words == f"{start}Limit should be less than or equal to {most}"


def test_forged_iterators_are_refused_whatever_they_hold(api, streamed):
    table, arn = streamed()
    api("PutItem", TableName=table, Item={"pk": S("a")})
    (shard,) = shards_of(api, arn)
    good = iterator_of(api, arn, shard["ShardId"])
    name, version, payload = good.split("|")
    forged = [
        "x", "|", "||", "|||", f"{name}|{version}|", f"{name}|{version}", f"{name}|2|{payload}",
        f"{name}|{version}|{payload}|", f"{name}|{version}|{payload[:-4]}",
        f"{name}|{version}|B{payload[1:]}", f"{name}x|{version}|{payload}",
        f"{name}|{version}|{payload[:-1]}é", f"{name}|{version}|{payload}AAAA", "é|1|\ud7ff",
        f"nothing|{version}|{payload}", payload,
    ]  # fmt: skip
    for text in forged:
        found = refusal(api, "GetRecords", ShardIterator=text)
        assert found == (VALIDATION, "Invalid ShardIterator"), text
    assert len(call(api, "GetRecords", ShardIterator=good)["Records"]) == 1


def test_each_service_has_its_own_target_prefix(api):
    with pytest.raises(Refused) as caught:
        api("ListStreams")
    caught.value.must_be("UnknownOperationException")
    answer = api.send("ListTables", {}, {"X-Amz-Target": "DynamoDBStreams_20120810.ListTables"})
    assert answer.json["__type"].endswith("#UnknownOperationException")


# Several writers


def test_with_two_processes_every_write_is_recorded_once_and_in_its_items_order(durable_server):
    written, threads = 60, 6
    server = durable_server("--workers", "2")
    with Api(server.url) as api:
        tables.create(api, "busy", {**KEYED, **enabled("NEW_IMAGE")})
        arn = latest_arn(api, "busy")

    def write(number):
        with Api(server.url) as own:
            for n in range(written):
                own("UpdateItem", TableName="busy", Key={"pk": S(f"k{n % 3}")},
                    UpdateExpression="ADD n :one SET w = :w",
                    ExpressionAttributeValues={":one": N(1), ":w": N(number)})  # fmt: skip

    running = [threading.Thread(target=write, args=(n,)) for n in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    with Api(server.url) as api:
        records = read_all(api, arn)
    assert len({record["eventID"] for record in records}) == len(records) == written * threads
    for key in ("k0", "k1", "k2"):
        counts = [
            int(r["dynamodb"]["NewImage"]["n"]["N"])
            for r in records
            if r["dynamodb"]["Keys"]["pk"] == S(key)
        ]
        assert counts == list(range(1, written * threads // 3 + 1))
