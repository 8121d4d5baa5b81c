"""What the features of a table cost: streams, PartiQL, an index made later, items that expire.

Each server is alone, on an empty folder. A cost is a pair of rows whose rounds take turns, so
that both meet the same machine; the rest are rates of what the server does by itself.
"""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.client import Client, RequestFailed
from bench.dataset import Dataset, Item, create_table, scan_count, seed, write_all
from bench.processes import ServerFailed, ServerProcess
from bench.results import Features, Series
from bench.servers import Server, start
from bench.settings import Settings
from bench.throughput import describe, measure_round
from bench.workloads import (
    Members,
    Workload,
    WrongAnswer,
    check_get_item,
    get_item_requests,
    put_item_requests,
    require,
    workload_named,
)

# Rows of a feature, by the names of the report.
PUT_PLAIN = "PutItem, no stream"
PUT_STREAM = "PutItem, stream"
GET_RECORDS = "GetRecords"
GET_ITEM = "GetItem"
PARTIQL = "ExecuteStatement"
# Features that are rates; their tables have the same names.
BACKFILL = "backfill"
EXPIRY = "expiry"

STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}
PLAIN_TABLE = "bench-plain"
STREAM_TABLE = "bench-stream"
READ_TABLE = "bench-read"
INDEX = "by-status"
# Items of the stream's writes: few, since those that a round begins with may be no change.
CHANGED_ITEMS = 2_000
LASTING_ITEMS = 100
DAY_SECONDS = 86_400

RATE_SECONDS_MAX = 600
POLL_SECONDS = 0.02
EMPTY_PAGES_MAX = 3


@dataclasses.dataclass(frozen=True)
class Expiring(Dataset):
    """Items whose time to live, in the attribute `expires`, ends at one moment."""

    expires: int = 0

    def item(self, number: int, version: int = 0) -> Item:
        """The item with its end."""
        return {**super().item(number, version), "expires": {"N": str(self.expires)}}


@dataclasses.dataclass(frozen=True)
class Lasting(Expiring):
    """Items beside the others, in partitions of their own."""

    def partition_key(self, partition: int) -> Item:
        """The partition key value of one partition."""
        return {"S": f"lasting#{partition:06d}"}


@dataclasses.dataclass(frozen=True)
class _Run:
    """One server's features, as they are measured."""

    process: ServerProcess
    dataset: Dataset
    settings: Settings
    features: Features

    def rows(self, *workloads: Workload) -> None:
        """Measure rows whose rounds take turns."""
        for workload in workloads:
            self.features.rows[workload.name] = Series()
        for number in range(self.settings.rounds):
            for workload in workloads:
                series = self.features.rows[workload.name]
                measure_round(
                    series, workload, self.process, self.dataset, self.settings, warm=number > 0
                )
        for workload in workloads:
            series = self.features.rows[workload.name]
            print(f"  {workload.name:20} {describe(series)}", flush=True)

    def rate(self, name: str, count: int, seconds: float) -> None:
        """Keep one round of a rate."""
        self.features.rates.setdefault(name, []).append(count / seconds)
        print(f"  {name:20} {count / seconds:9,.0f} items/s", flush=True)


def measure_features(
    server: Server, dataset: Dataset, settings: Settings, folder: Path
) -> Features:
    """Start a server and measure the features asked for, one after the other.

    A failure is part of the result, not an exception; the other features are measured all the
    same, unless the server is gone.
    """
    features = Features()
    place = folder / f"{server.name}-features"
    try:
        with start(server, place, settings.peers_directory) as process:
            process.wait_for_first_answer()
            run = _Run(process, dataset, settings, features)
            for name in settings.features:
                if name == EXPIRY and not server.is_genset:
                    features.failures[name] = "left out: expired items go at the peer's own pace"
                else:
                    _measure(name, run)
                    process.ensure_running()
    except (ServerFailed, OSError, RequestFailed) as error:
        for name in settings.features:
            features.failures.setdefault(name, f"the server failed: {error}")
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return features


def _measure(name: str, run: _Run) -> None:
    try:
        MEASURES[name](run)
    except RequestFailed as error:
        run.features.failures[name] = str(error)
    except WrongAnswer as error:
        run.features.failures[name] = f"wrong answer: {error}"
    except (KeyError, IndexError, TypeError, ValueError) as error:
        run.features.failures[name] = f"wrong answer, of another shape: {error!r}"
    if name in run.features.failures:
        print(f"  {name:20} not measured: {run.features.failures[name][:120]}", flush=True)
    run.process.wait_until_quiet()


def measure_stream_writes(run: _Run) -> None:
    """PutItem of the same items on a table without a stream and on one with it."""
    seed(run.process.port, run.dataset, PLAIN_TABLE)
    seed(run.process.port, run.dataset, STREAM_TABLE, **STREAM)
    run.rows(
        put_row(PUT_PLAIN, PLAIN_TABLE, recorded=False),
        put_row(PUT_STREAM, STREAM_TABLE, recorded=True),
    )


def put_row(name: str, table: str, *, recorded: bool) -> Workload:
    """PutItem on another table, where every write is a change, as only changes leave a record.

    The requests go through the items twice with other values, and again and again in this order.
    A recorded write must be in the table's stream.
    """
    rounds = iter(range(10_000))
    latest: list[str] = []

    def requests(client: Client, dataset: Dataset) -> list[Members]:
        number = next(rounds)
        items = [each["Item"] for each in put_item_requests(client, dataset)[:CHANGED_ITEMS]]
        if recorded:
            latest[:] = _latest_iterators(client, table)
        return [
            {"TableName": table, "Item": {**item, "round": {"S": f"{number:04d}{turn}"}}}
            for turn in "ab"
            for item in items
        ]

    def check(client: Client, _: Dataset, request: Members, answer: Members) -> None:
        require(not any(answer.values()), f"PutItem answered {answer}")
        item = request["Item"]
        key = {"pk": item["pk"], "sk": item["sk"]}
        stored = client.call("GetItem", {"TableName": table, "Key": key, "ConsistentRead": True})
        require(stored.get("Item", {}).get("round") == item["round"], "PutItem is lost")
        if recorded:
            records = _read_all(client, latest)
            rounds_read = [each["dynamodb"]["NewImage"].get("round") for each in records]
            require(rounds_read == [item["round"]], f"the stream has {len(records)} records of it")

    return Workload(name=name, operation="PutItem", bar=0, requests=requests, check=check)


def _latest_iterators(client: Client, table: str) -> list[str]:
    stream = _stream_of(client, table)
    latest = {**stream, "ShardIteratorType": "LATEST"}
    return [
        client.call("GetShardIterator", {**latest, "ShardId": shard})["ShardIterator"]
        for shard in _shards(client, stream)
    ]


def _read_all(client: Client, iterators: list[str]) -> list[Any]:
    pages = [client.call("GetRecords", {"ShardIterator": each}) for each in iterators]
    return [record for page in pages for record in page["Records"]]


def _stream_of(client: Client, table: str) -> Members:
    described = client.call("DescribeTable", {"TableName": table})["Table"]
    return {"StreamArn": described["LatestStreamArn"]}


def measure_stream_reads(run: _Run) -> None:
    """GetRecords over a stream that holds one record of each item, its pages again and again."""
    seed(run.process.port, run.dataset, READ_TABLE, **STREAM)
    with Client(run.process.port) as client:
        pages = stream_pages(client, READ_TABLE, run.dataset.count)
    run.features.records_a_page = sum(count for _, count in pages) / len(pages)

    def requests(_: Client, __: Dataset) -> list[Members]:
        return [{"ShardIterator": iterator} for iterator, _ in pages]

    def check(_: Client, __: Dataset, request: Members, answer: Members) -> None:
        expected = dict(pages)[request["ShardIterator"]]
        require(len(answer["Records"]) == expected, "an iterator read other records than before")

    run.rows(
        Workload(name=GET_RECORDS, operation="GetRecords", bar=0, requests=requests, check=check)
    )


def stream_pages(client: Client, table: str, count: int) -> list[tuple[str, int]]:
    """The iterators of a table's stream that read records, each with how many it reads.

    Raises WrongAnswer unless they read so many insertions, each of another item.
    """
    stream = _stream_of(client, table)
    pages: list[tuple[str, int]] = []
    keys: list[str] = []
    for shard in _shards(client, stream):
        for iterator, records in _shard_pages(client, stream, shard):
            require(all(each["eventName"] == "INSERT" for each in records), "not an INSERT")
            keys += [str(sorted(each["dynamodb"]["Keys"].items())) for each in records]
            pages.append((iterator, len(records)))
    require(len(keys) == count, f"the stream holds {len(keys)} records instead of {count}")
    require(len(set(keys)) == count, "the stream holds an item twice")
    return pages


def _shards(client: Client, stream: Members) -> list[str]:
    shards: list[str] = []
    request = dict(stream)
    while True:
        described = client.call("DescribeStream", request)["StreamDescription"]
        shards += [shard["ShardId"] for shard in described["Shards"]]
        if not described.get("LastEvaluatedShardId"):
            return shards
        request["ExclusiveStartShardId"] = described["LastEvaluatedShardId"]


def _shard_pages(client: Client, stream: Members, shard: str) -> list[tuple[str, list[Any]]]:
    """The pages of a shard that hold records; an open shard ends where several hold none."""
    start_of_shard = {**stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    iterator = client.call("GetShardIterator", start_of_shard)["ShardIterator"]
    pages = []
    empty = 0
    while iterator and empty < EMPTY_PAGES_MAX:
        answer = client.call("GetRecords", {"ShardIterator": iterator})
        if answer["Records"]:
            pages.append((iterator, answer["Records"]))
            empty = 0
        else:
            empty += 1
        iterator = answer.get("NextShardIterator")
    return pages


def measure_partiql(run: _Run) -> None:
    """The same items by GetItem and by a statement with their whole key."""
    seed(run.process.port, run.dataset)
    run.rows(workload_named("GetItem"), PARTIQL_ROW)


def partiql_requests(client: Client, dataset: Dataset) -> list[Members]:
    """The statement for each of the items that GetItem reads."""
    return [
        {
            "Statement": f'SELECT * FROM "{each["TableName"]}" WHERE pk=? AND sk=?',
            "Parameters": [each["Key"]["pk"], each["Key"]["sk"]],
        }
        for each in get_item_requests(client, dataset)
    ]


def check_partiql(client: Client, dataset: Dataset, request: Members, answer: Members) -> None:
    """Exactly the item that GetItem answers."""
    require(len(answer["Items"]) == 1, f"the statement found {len(answer['Items'])} items")
    pk, sk = request["Parameters"]
    check_get_item(client, dataset, {"Key": {"pk": pk, "sk": sk}}, {"Item": answer["Items"][0]})


PARTIQL_ROW = Workload(
    name=PARTIQL,
    operation="ExecuteStatement",
    bar=0,
    requests=partiql_requests,
    check=check_partiql,
)


def measure_backfill(run: _Run) -> None:
    """From UpdateTable with a new index to its ACTIVE, over a table of many items."""
    dataset = Dataset(run.settings.feature_items)
    seed(run.process.port, dataset, BACKFILL)
    for _ in range(run.settings.rounds):
        run.process.wait_until_quiet()
        with Client(run.process.port) as client:
            started = time.monotonic()
            _update_index(client, "Create")
            _wait_until(lambda: _index_status(client) == "ACTIVE", "the index was not ACTIVE")
            seconds = time.monotonic() - started
            found = scan_count(client, {"TableName": BACKFILL, "IndexName": INDEX})
            require(found == dataset.count, f"the index holds {found} items")
            _update_index(client, "Delete")
            _wait_until(lambda: _index_status(client) is None, "the index was not deleted")
        run.rate(BACKFILL, dataset.count, seconds)


def _update_index(client: Client, change: str) -> None:
    index: Members = {"IndexName": INDEX}
    request: Members = {"TableName": BACKFILL, "GlobalSecondaryIndexUpdates": [{change: index}]}
    if change == "Create":
        index["KeySchema"] = [
            {"AttributeName": "status", "KeyType": "HASH"},
            {"AttributeName": "created", "KeyType": "RANGE"},
        ]
        index["Projection"] = {"ProjectionType": "ALL"}
        request["AttributeDefinitions"] = [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": "status", "AttributeType": "S"},
            {"AttributeName": "created", "AttributeType": "N"},
        ]
    client.call("UpdateTable", request)


def _index_status(client: Client) -> str | None:
    table = client.call("DescribeTable", {"TableName": BACKFILL})["Table"]
    statuses = [each["IndexStatus"] for each in table.get("GlobalSecondaryIndexes", ())]
    return statuses[0] if statuses else None


def measure_expiry(run: _Run) -> None:
    """From the moment that many items expire until all of them are gone."""
    with Client(run.process.port) as client:
        # How long writing takes is measured first: the moment must come after it.
        written = seed(run.process.port, Dataset(run.settings.feature_items), f"{EXPIRY}-trial")
        client.call("DeleteTable", {"TableName": f"{EXPIRY}-trial"})
    for number in range(run.settings.rounds):
        run.process.wait_until_quiet()
        table = f"{EXPIRY}-{number}"
        moment = int(time.time() + 2 * written + 3)
        dataset = Expiring(run.settings.feature_items, expires=moment)
        with Client(run.process.port) as client:
            create_table(client, table)
            specification = {"Enabled": True, "AttributeName": "expires"}
            request = {"TableName": table, "TimeToLiveSpecification": specification}
            client.call("UpdateTimeToLive", request)
        port = run.process.port
        write_all(port, Lasting(LASTING_ITEMS, expires=moment + DAY_SECONDS), table)
        write_all(port, dataset, table)
        run.rate(EXPIRY, dataset.count, _seconds_until_gone(port, table, moment))


def _seconds_until_gone(port: int, table: str, moment: int) -> float:
    """How long after the moment only the lasting items are there."""
    if time.time() >= moment:
        raise RequestFailed("the items were written only after their time to live had ended")
    time.sleep(max(0.0, moment - time.time()))
    # One item more than those that stay, so that the question costs the server little.
    page = {"TableName": table, "Select": "COUNT", "Limit": LASTING_ITEMS + 1}
    with Client(port) as client:
        _wait_until(
            lambda: client.call("Scan", page)["Count"] <= LASTING_ITEMS, "items had not expired"
        )
        seconds = time.time() - moment
        left = scan_count(client, {"TableName": table, "ConsistentRead": True})
    require(left == LASTING_ITEMS, f"{left} items are left instead of {LASTING_ITEMS}")
    return seconds


def _wait_until(holds: Callable[[], bool], message: str) -> None:
    deadline = time.monotonic() + RATE_SECONDS_MAX
    while not holds():
        if time.monotonic() > deadline:
            raise RequestFailed(f"{message} after {RATE_SECONDS_MAX} s")
        time.sleep(POLL_SECONDS)


# In the order and by the names of the settings.
MEASURES: dict[str, Callable[[_Run], None]] = {
    "stream-writes": measure_stream_writes,
    "stream-reads": measure_stream_reads,
    "partiql": measure_partiql,
    BACKFILL: measure_backfill,
    EXPIRY: measure_expiry,
}
