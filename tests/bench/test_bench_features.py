"""The features' requests, the checks of their answers, and their rows in the report."""

from __future__ import annotations

from typing import Any

import pytest
from bench.dataset import Dataset
from bench.features import (
    BACKFILL,
    EXPIRY,
    GET_ITEM,
    GET_RECORDS,
    MEASURES,
    PARTIQL,
    PARTIQL_ROW,
    PUT_PLAIN,
    PUT_STREAM,
    Expiring,
    Lasting,
    put_row,
    stream_pages,
)
from bench.report import render
from bench.results import Features, Measurement, Results, Series
from bench.settings import FEATURE_NAMES, parse_settings
from bench.signing import Signer
from bench.workloads import WrongAnswer
from bench.wrk import WrkResult

DATASET = Dataset(300)


class Stream:
    """A server with one table's stream: an iterator is the position it reads from.

    The second shard is closed, so that its last page has no next iterator.
    """

    def __init__(self, *shards: list[Any], page: int = 2) -> None:
        self.shards = shards
        self.page = page

    def call(self, operation: str, members: dict[str, Any]) -> Any:
        match operation:
            case "DescribeTable":
                return {"Table": {"LatestStreamArn": "arn"}}
            case "DescribeStream":
                first = int(members.get("ExclusiveStartShardId", "-1")) + 1
                more = first + 1 < len(self.shards)
                described = {"Shards": [{"ShardId": str(first)}]}
                last = {"LastEvaluatedShardId": str(first)} if more else {}
                return {"StreamDescription": described | last}
            case "GetShardIterator":
                assert members["ShardIteratorType"] == "TRIM_HORIZON"
                return {"ShardIterator": f"{members['ShardId']}:0"}
            case "GetRecords":
                shard, position = map(int, members["ShardIterator"].split(":"))
                records = self.shards[shard][position : position + self.page]
                end = position + len(records)
                closed = shard == 1 and end == len(self.shards[shard])
                following = {} if closed else {"NextShardIterator": f"{shard}:{end}"}
                return {"Records": records, **following}
        raise AssertionError(operation)


def record(number: int, name: str = "INSERT") -> Any:
    return {"eventName": name, "dynamodb": {"Keys": DATASET.key(number)}}


def test_the_pages_of_all_shards_are_read_once() -> None:
    stream = Stream([record(0), record(1), record(2)], [record(3), record(4)])
    pages = stream_pages(stream, "t", 5)  # type: ignore[arg-type]
    assert pages == [("0:0", 2), ("0:2", 1), ("1:0", 2)]


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([record(0)], "1 records instead of 2"),
        ([record(0), record(0)], "an item twice"),
        ([record(0), record(1, "MODIFY")], "not an INSERT"),
    ],
)
def test_a_stream_that_is_not_one_record_an_item_is_refused(
    records: list[Any], reason: str
) -> None:
    with pytest.raises(WrongAnswer, match=reason):
        stream_pages(Stream(records), "t", 2)  # type: ignore[arg-type]


def test_every_put_of_a_stream_is_a_change() -> None:
    row = put_row("x", "t", recorded=False)
    stored: dict[str, str] = {}
    unchanged = 0
    for _ in range(2):
        requests = row.requests(None, DATASET)  # type: ignore[arg-type]
        for request in (*requests, *requests):
            item = request["Item"]
            key = f"{item['pk']}{item['sk']}"
            unchanged += stored.get(key) == item["round"]["S"]
            stored[key] = item["round"]["S"]
    assert len(stored) == DATASET.count
    assert unchanged == 0


def test_a_statement_must_answer_the_item_alone() -> None:
    request = PARTIQL_ROW.requests(None, DATASET)[0]  # type: ignore[arg-type]
    pk, sk = request["Parameters"]
    number = next(n for n in range(300) if DATASET.key(n) == {"pk": pk, "sk": sk})
    right, other = DATASET.item(number), DATASET.item((number + 1) % 300)
    PARTIQL_ROW.check(None, DATASET, request, {"Items": [right]})  # type: ignore[arg-type]
    for wrong in ([], [other], [right, right], [DATASET.key(number)]):
        with pytest.raises(WrongAnswer):
            PARTIQL_ROW.check(None, DATASET, request, {"Items": wrong})  # type: ignore[arg-type]


def test_lasting_items_are_none_of_those_that_expire() -> None:
    expiring = Expiring(100, expires=7).item(5)
    lasting = Lasting(100, expires=9).item(5)
    assert expiring["pk"] != lasting["pk"]
    assert (expiring["expires"], lasting["expires"]) == ({"N": "7"}, {"N": "9"})


def test_requests_to_streams_go_to_their_own_service() -> None:
    def target(operation: str) -> str:
        return Signer(8000).sign(operation, {}).headers["X-Amz-Target"]

    assert target("GetRecords") == "DynamoDBStreams_20120810.GetRecords"
    assert target("GetItem") == "DynamoDB_20120810.GetItem"


def test_features_are_chosen_on_the_command_line() -> None:
    assert tuple(MEASURES) == FEATURE_NAMES == parse_settings([]).features
    assert parse_settings(["--features", "none"]).features == ()
    chosen = parse_settings(["--features", "expiry,partiql", "--servers", "genset-2,moto"])
    assert chosen.features == ("partiql", "expiry")
    assert chosen.feature_servers == ("genset-2",)
    assert parse_settings(["--quick"]).feature_items < chosen.feature_items


def series(throughput: int) -> Series:
    result = WrkResult(
        requests=throughput * 2, seconds=2.0, bytes_read=1, p50_ms=1.0, p99_ms=2.0, errors={}
    )
    return Series(rounds=[Measurement(wrk=result, cpu_seconds=1.0)])


def report(**features: Features) -> str:
    named = {name.replace("_", "-"): each for name, each in features.items()}
    settings = parse_settings(["--servers", "genset-1,genset-2,dynamodb-local"])
    return render(Results(features=named), settings, {}, {})


def line(text: str, start: str) -> str:
    return next(each for each in text.splitlines() if each.startswith(start))


MEASURED = Features(
    rows={
        PUT_PLAIN: series(1200),
        PUT_STREAM: series(1000),
        GET_ITEM: series(3000),
        PARTIQL: series(2000),
        GET_RECORDS: series(100),
    },
    records_a_page=400.0,
    rates={BACKFILL: [900.0, 1000.0, 5000.0], EXPIRY: [25_000.0]},
)


def test_each_feature_has_its_bar() -> None:
    peer = Features(rows={GET_RECORDS: series(50)}, records_a_page=100.0, rates={BACKFILL: [500.0]})
    text = report(genset_1=MEASURED, dynamodb_local=peer)
    expected = {
        "PutItem with a stream": "1.20x slower (genset, 1 worker) | - |  | <= 1.25 | met |",
        "GetRecords": "40,000 records/s (genset, 1 worker) | 5,000 records/s (DynamoDB Local) "
        "| 8.00 | >= 50,000 | not met |",
        "PartiQL by key": "1.50x slower (genset, 1 worker) | - |  | <= 1.3 | not met |",
        "Index backfill": "1,000 items/s (genset, 1 worker) | 500 items/s (DynamoDB Local) "
        "| 2.00 | none |  |",
        "Expired items": "25,000 items/s (genset, 1 worker) | - | - | >= 20,000 | met |",
    }
    for start, cells in expected.items():
        assert line(text, f"| {start}").endswith(cells)


def test_the_better_of_the_workers_is_judged() -> None:
    slower = Features(rows={PUT_PLAIN: series(3000), PUT_STREAM: series(1000)})
    row = line(report(genset_1=slower, genset_2=MEASURED), "| PutItem with a stream")
    assert "1.20x slower (genset, 2 workers)" in row


def test_what_failed_is_not_measured_and_is_told() -> None:
    failed = Features(
        rows={GET_ITEM: series(10), PARTIQL: Series(failure="no PartiQL")},
        rates={EXPIRY: [30_000.0]},
        failures={EXPIRY: "7 items are left"},
    )
    text = report(genset_1=failed)
    for start in ("PutItem with a stream", "PartiQL by key", "Index backfill", "Expired items"):
        assert line(text, f"| {start}").endswith("not measured |")
    assert "- genset, 1 worker: ExecuteStatement: no PartiQL" in text
    assert "- genset, 1 worker: expiry: 7 items are left" in text
