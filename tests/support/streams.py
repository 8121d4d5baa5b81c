"""Reading streams over a raw connection: shards in order, records from any position."""

from __future__ import annotations

from typing import Any

from support.client import Api, Refused

TARGET = "DynamoDBStreams_20120810."
Record = dict[str, Any]


def call(api: Api, operation: str, **members: Any) -> dict[str, Any]:
    """The parsed answer of the Streams service; raises Refused for an error."""
    answer = api.send(operation, members, {"X-Amz-Target": TARGET + operation})
    if answer.status != 200:
        raise Refused(answer)
    parsed: dict[str, Any] = answer.json
    return parsed


def enabled(view: str = "NEW_AND_OLD_IMAGES") -> dict[str, Any]:
    """What CreateTable and UpdateTable take to enable a stream."""
    return {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}}


DISABLED = {"StreamSpecification": {"StreamEnabled": False}}


def latest_arn(api: Api, table: str) -> str:
    """The ARN of the table's latest stream."""
    arn: str = api("DescribeTable", TableName=table)["Table"]["LatestStreamArn"]
    return arn


def shards_of(api: Api, arn: str) -> list[dict[str, Any]]:
    """All shards of a stream, as DescribeStream orders them."""
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = call(api, "DescribeStream", StreamArn=arn, **after)["StreamDescription"]
        found += page["Shards"]
        if "LastEvaluatedShardId" not in page:
            return found
        after = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}


def iterator_of(api: Api, arn: str, shard: str, kind: str = "TRIM_HORIZON", **members: Any) -> str:
    """A shard iterator."""
    request = {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": kind, **members}
    text: str = call(api, "GetShardIterator", **request)["ShardIterator"]
    return text


def read_on(api: Api, iterator: str, **members: Any) -> tuple[list[Record], str | None]:
    """The records from an iterator to the present end, and where to go on (None: closed)."""
    records: list[Record] = []
    following: str | None = iterator
    while following is not None:
        page = call(api, "GetRecords", ShardIterator=following, **members)
        records += page["Records"]
        following = page.get("NextShardIterator")
        if not page["Records"]:
            break
    return records, following


def read_all(api: Api, arn: str) -> list[Record]:
    """All records of a stream, shard after shard, parents before their children."""
    records: list[Record] = []
    for shard in shards_of(api, arn):
        records += read_on(api, iterator_of(api, arn, shard["ShardId"]))[0]
    return records
