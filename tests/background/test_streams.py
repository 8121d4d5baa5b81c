"""What happens to streams as time goes by: iterators expire, shards roll and split, records go."""

from __future__ import annotations

import pytest

from genset.background.streams import ShardPolicy
from genset.storage import keyspace
from support import tables
from support.client import Refused
from support.in_process import InProcess
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
from support.values import N, S

KEYED = tables.table("pk", types={"pk": "S"})
HOUR = 3600.0
DAY = 24 * HOUR
SPLITTING = ShardPolicy(hot_records=20, hot_within_s=60, open_shards_max=4)


@pytest.fixture
def server(still):
    return still()


def streamed(server, name="tab", view="NEW_IMAGE"):
    tables.create(server, name, {**KEYED, **enabled(view)})
    return latest_arn(server, name)


def put(server, *names, table="tab"):
    for name in names:
        server("PutItem", TableName=table, Item={"pk": S(name)})


def names_in(records):
    return [record["dynamodb"]["Keys"]["pk"]["S"] for record in records]


def refusal(server, operation, **members):
    with pytest.raises(Refused) as caught:
        call(server, operation, **members)
    return caught.value.type, caught.value.message


def open_shards(server, arn):
    return [
        shard
        for shard in shards_of(server, arn)
        if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
    ]


TRIMMED = ("TrimmedDataAccessException", "The data you are trying to access has been trimmed")


def test_an_iterator_expires_after_fifteen_minutes(server):
    arn = streamed(server)
    iterator = iterator_of(server, arn, shards_of(server, arn)[0]["ShardId"])
    server.wait(15 * 60)
    following = call(server, "GetRecords", ShardIterator=iterator)["NextShardIterator"]
    server.wait(1)
    assert refusal(server, "GetRecords", ShardIterator=iterator) == (
        "ExpiredIteratorException",
        "The provided iterator exceeds the maximum age allowed.",
    )
    call(server, "GetRecords", ShardIterator=following)


def test_records_are_kept_for_a_day_and_then_trimmed(server):
    arn = streamed(server)
    put(server, *(f"old{n}" for n in range(250)))
    server.wait(HOUR)
    put(server, "young")
    (shard,) = shards_of(server, arn)
    server.wait(DAY - HOUR)
    never = ShardPolicy(roll_after_s=10 * DAY)
    server.tend(never)
    old = names_in(read_all(server, arn))
    assert len(old) == 251
    first, oldest = (
        iterator_of(server, arn, shard["ShardId"], kind, **more)
        for kind, more in (
            ("TRIM_HORIZON", {}),
            ("AT_SEQUENCE_NUMBER", {"SequenceNumber": number_of(server, arn, 100)}),
        )
    )
    numbers = [number_of(server, arn, place) for place in (0, 249, 250)]
    server.wait(1)
    server.tend(never)
    assert names_in(read_all(server, arn)) == ["young"]
    for iterator in (first, oldest):
        assert refusal(server, "GetRecords", ShardIterator=iterator) == TRIMMED
    request = {"StreamArn": arn, "ShardId": shard["ShardId"]}
    for kind, number in (("AT", numbers[1]), ("AFTER", numbers[0])):
        kind = f"{kind}_SEQUENCE_NUMBER"
        found = refusal(
            server, "GetShardIterator", ShardIteratorType=kind, SequenceNumber=number, **request
        )
        assert found == TRIMMED
    # A reader that was up to the last trimmed record has missed nothing.
    for kind, number in (("AFTER", numbers[1]), ("AT", numbers[2])):
        kind = f"{kind}_SEQUENCE_NUMBER"
        iterator = iterator_of(server, arn, shard["ShardId"], kind, SequenceNumber=number)
        assert names_in(read_on(server, iterator)[0]) == ["young"]


def number_of(server, arn, place):
    return read_all(server, arn)[place]["dynamodb"]["SequenceNumber"]


def test_a_reader_of_a_shard_that_was_trimmed_to_its_end_goes_on(server):
    arn = streamed(server)
    put(server, "a")
    (shard,) = shards_of(server, arn)
    number = number_of(server, arn, 0)
    server.wait(DAY + 1)
    server.tend(ShardPolicy(roll_after_s=10 * DAY))
    more = {"SequenceNumber": number}
    after = iterator_of(server, arn, shard["ShardId"], "AFTER_SEQUENCE_NUMBER", **more)
    put(server, "b")
    assert names_in(read_on(server, after)[0]) == ["b"]
    found = refusal(
        server,
        "GetShardIterator",
        StreamArn=arn,
        ShardId=shard["ShardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        **more,
    )
    assert found == TRIMMED


def test_timestamps_find_the_first_record_of_then_or_later(server):
    """API reference, GetShardIterator."""
    arn = streamed(server)
    began = server.now
    for n in range(10):
        put(server, f"{n}a", f"{n}b")
        server.wait(10)
    (shard,) = shards_of(server, arn)
    for seconds, first in ((-5, "0a"), (0, "0a"), (0.5, "1a"), (10, "1a"), (85, "9a"), (91, None)):
        iterator = iterator_of(
            server, arn, shard["ShardId"], "AT_TIMESTAMP", Timestamp=began + seconds
        )
        found = names_in(read_on(server, iterator)[0])
        assert (found[0] if found else None) == first, seconds


def test_a_shard_is_rolled_over_after_four_hours(server):
    arn = streamed(server)
    put(server, "a")
    (parent,) = shards_of(server, arn)
    waiting = iterator_of(server, arn, parent["ShardId"], "LATEST")
    server.wait(4 * HOUR - 1)
    server.tend()
    assert len(shards_of(server, arn)) == 1
    server.wait(1)
    waiting = call(server, "GetRecords", ShardIterator=iterator_of(
        server, arn, parent["ShardId"], "LATEST"))["NextShardIterator"]  # fmt: skip
    server.tend()
    server.tend()
    put(server, "b")
    parent, child = shards_of(server, arn)
    assert child["ParentShardId"] == parent["ShardId"]
    assert "ParentShardId" not in parent
    ending = int(parent["SequenceNumberRange"]["EndingSequenceNumber"])
    assert ending < int(child["SequenceNumberRange"]["StartingSequenceNumber"])
    assert call(server, "GetRecords", ShardIterator=waiting) == {"Records": []}
    before, after = (
        read_on(server, iterator_of(server, arn, shard["ShardId"]))[0] for shard in (parent, child)
    )
    assert (names_in(before), names_in(after)) == (["a"], ["b"])
    assert int(after[0]["dynamodb"]["SequenceNumber"]) > ending


def test_a_hot_shard_is_split_up_to_a_bound(server):
    arn = streamed(server)
    for second in range(8):
        put(server, *(f"{second}-{n}" for n in range(120)))
        server.wait(1)
        server.tend(SPLITTING)
    shards = shards_of(server, arn)
    assert len(open_shards(server, arn)) == 4
    assert len(shards) == 7
    children = {}
    for shard in shards[1:]:
        children.setdefault(shard["ParentShardId"], []).append(shard)
    assert {len(pair) for pair in children.values()} == {2}
    # The shards divide the items between them, and each child goes on where its parent ended.
    put(server, *(f"after{n}" for n in range(100)))
    newest = [
        set(names_in(read_on(server, iterator_of(server, arn, shard["ShardId"]))[0]))
        for shard in open_shards(server, arn)
    ]
    later = [{name for name in names if name.startswith("after")} for names in newest]
    assert sum(map(len, later)) == 100
    assert min(map(len, later)) > 5
    records = read_all(server, arn)
    assert len({record["eventID"] for record in records}) == len(records) == 8 * 120 + 100


def test_a_calm_shard_is_not_split(server):
    arn = streamed(server)
    for _ in range(5):
        put(server, *(f"{server.now}-{n}" for n in range(19)))
        server.wait(61)
        server.tend(SPLITTING)
    assert len(shards_of(server, arn)) == 1


def test_children_of_a_shard_can_be_asked_for_and_shards_come_in_pages(server):
    arn = streamed(server)
    for _ in range(3):
        put(server, *(f"{server.now}-{n}" for n in range(150)))
        server.wait(1)
        server.tend(SPLITTING)
    shards = shards_of(server, arn)
    assert [shard["ShardId"] for shard in shards] == sorted(s["ShardId"] for s in shards)
    asked = {"Type": "CHILD_SHARDS", "ShardId": shards[0]["ShardId"]}
    found = call(server, "DescribeStream", StreamArn=arn, ShardFilter=asked)["StreamDescription"]
    expected = [s for s in shards if s.get("ParentShardId") == shards[0]["ShardId"]]
    assert found["Shards"] == expected
    assert len(expected) == 2
    paged, after = [], {}
    while True:
        page = call(server, "DescribeStream", StreamArn=arn, Limit=2, **after)["StreamDescription"]
        paged += page["Shards"]
        if "LastEvaluatedShardId" not in page:
            break
        assert page["LastEvaluatedShardId"] == page["Shards"][-1]["ShardId"]
        after = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}
    assert paged == shards
    last = {"ExclusiveStartShardId": shards[-1]["ShardId"]}
    assert (
        call(server, "DescribeStream", StreamArn=arn, **last)["StreamDescription"]["Shards"] == []
    )


def test_shards_go_a_day_after_they_closed_and_their_children_stay(server):
    arn = streamed(server)
    put(server, "a")
    server.wait(4 * HOUR)
    server.tend()
    parent, child = shards_of(server, arn)
    iterator = iterator_of(server, arn, parent["ShardId"])
    server.wait(DAY)
    server.tend(ShardPolicy(roll_after_s=10 * DAY))
    assert [shard["ShardId"] for shard in shards_of(server, arn)] == [
        parent["ShardId"],
        child["ShardId"],
    ]
    server.wait(1)
    iterator = iterator_of(server, arn, parent["ShardId"])
    server.tend(ShardPolicy(roll_after_s=10 * DAY))
    (left,) = shards_of(server, arn)
    assert left == child
    gone = ("ResourceNotFoundException", "Requested resource not found: Shard does not exist")
    assert refusal(server, "GetRecords", ShardIterator=iterator) == gone
    put(server, "b")
    assert names_in(read_all(server, arn)) == ["b"]


@pytest.mark.parametrize("ends", ["disabled", "deleted"])
def test_a_stream_goes_a_day_after_it_ended_and_leaves_nothing(server, ends):
    arn = streamed(server)
    put(server, "a", "b")
    if ends == "disabled":
        server("UpdateTable", TableName="tab", **DISABLED)
    else:
        server("DeleteTable", TableName="tab")
    server.wait(DAY)
    server.tend()
    assert names_in(read_all(server, arn)) == ["a", "b"]
    iterator = iterator_of(server, arn, shards_of(server, arn)[0]["ShardId"])
    server.wait(1)
    server.tend()
    gone = ("ResourceNotFoundException", f"Requested resource not found: Stream: {arn} not found")
    assert refusal(server, "DescribeStream", StreamArn=arn) == gone
    assert refusal(server, "GetRecords", ShardIterator=iterator) == gone
    assert call(server, "ListStreams") == {"Streams": []}

    async def left(snapshot):
        pairs = await snapshot.scan(b"\x09", b"\x0b", limit=10)
        return pairs, await snapshot.get_counters(keyspace.sequence_key(1, 0))

    assert server.run(server.engine.read(left)) == ([], ())


def test_a_round_with_nothing_to_do_writes_nothing(server):
    streamed(server)
    put(server, "a")

    async def refuse(*_):
        raise AssertionError("an idle round wrote")

    server.engine.write = refuse
    server.tend()


def test_streams_enabled_in_one_millisecond_have_different_labels(server):
    arns = [streamed(server)]
    for _ in range(3):
        server("UpdateTable", TableName="tab", **DISABLED)
        server("UpdateTable", TableName="tab", **enabled("KEYS_ONLY"))
        arns.append(latest_arn(server, "tab"))
    server("DeleteTable", TableName="tab")
    arns.append(streamed(server))
    put(server, "a")
    assert len(set(arns)) == 5
    listed = call(server, "ListStreams", TableName="tab")["Streams"]
    assert {each["StreamArn"] for each in listed} == set(arns)
    assert [names_in(read_all(server, arn)) for arn in arns] == [[], [], [], [], ["a"]]


def test_a_stream_is_enabling_and_disabling_while_its_table_changes(still):
    server = still(transition_s=5)
    server("CreateTable", TableName="tab", **KEYED, **enabled())
    arn = latest_arn(server, "tab")
    seen = [status(server, arn)]
    server.wait(5)
    seen.append(status(server, arn))
    put(server, "a")
    server("UpdateTable", TableName="tab", **DISABLED)
    put(server, "unseen")
    seen.append(status(server, arn))
    server.wait(5)
    seen.append(status(server, arn))
    assert seen == ["ENABLING", "ENABLED", "DISABLING", "DISABLED"]
    server("UpdateTable", TableName="tab", **enabled())
    again = latest_arn(server, "tab")
    server.wait(5)
    server("DeleteTable", TableName="tab")
    assert status(server, again) == "DISABLING"
    server.wait(5)
    assert (status(server, again), names_in(read_all(server, arn))) == ("DISABLED", ["a"])


def test_a_table_whose_stream_is_being_switched_refuses_what_the_service_refuses(still):
    """Observed on the service, October 2026."""
    server = still(transition_s=5)
    server("CreateTable", TableName="tab", **KEYED)
    server.wait(5)
    server("UpdateTable", TableName="tab", **enabled())
    label = server("DescribeTable", TableName="tab")["Table"]["LatestStreamLabel"]
    change = f"Table: tab Stream: {label} Operation: ENABLE"
    in_use = "Attempt to change a resource which is still in use: "
    refused = {
        f"A stream status change is currently in progress. {change}": DISABLED,
        f"Can't update table class when stream status is being updated. {change}": {
            "TableClass": "STANDARD_INFREQUENT_ACCESS"
        },
        "OnDemandThroughput cannot be updated while stream status update is in progress": {
            "OnDemandThroughput": {"MaxReadRequestUnits": 5}
        },
    }
    for words, members in refused.items():
        found = refusal(server, "UpdateTable", TableName="tab", **members)
        assert found == ("ResourceInUseException", in_use + words)
    words = f"{in_use}Cannot delete table while stream is being enabled/disabled."
    found = refusal(server, "DeleteTable", TableName="tab")
    assert found == ("ResourceInUseException", words)
    server("UpdateTable", TableName="tab", DeletionProtectionEnabled=True)
    server("UpdateTable", TableName="tab", DeletionProtectionEnabled=False)
    server.wait(5)
    server("DeleteTable", TableName="tab")


def status(server, arn):
    return call(server, "DescribeStream", StreamArn=arn)["StreamDescription"]["StreamStatus"]


def test_a_removal_by_time_to_live_names_the_service(server):
    """Developer guide, "DynamoDB Streams and Time to Live"."""
    arn = streamed(server, view="OLD_IMAGE")
    live = {"Enabled": True, "AttributeName": "expires"}
    server("UpdateTimeToLive", TableName="tab", TimeToLiveSpecification=live)
    item = {"pk": S("a"), "expires": N(int(server.now) + 100)}
    server("PutItem", TableName="tab", Item=item)
    server.run_jobs()
    assert len(read_all(server, arn)) == 1
    server.wait(110)
    server.run_jobs()
    server.run_jobs()
    inserted, removed = read_all(server, arn)
    assert "userIdentity" not in inserted
    assert removed["eventName"] == "REMOVE"
    assert removed["userIdentity"] == {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
    assert removed["dynamodb"]["OldImage"] == item


@pytest.mark.parametrize(("small", "large_read_max"), [(0, 12), (5, 20), (150, 100)])
def test_a_page_of_large_records_reads_little_more_than_it_answers(server, small, large_read_max):
    """However small the records before the large ones are."""
    arn = streamed(server)
    put(server, *(f"small{n}" for n in range(small)))
    for n in range(300):
        server("PutItem", TableName="tab", Item={"pk": S(f"large{n}"), "v": S("x" * 100_000)})
    iterator = iterator_of(server, arn, shards_of(server, arn)[0]["ShardId"])
    found = []
    server.server = InProcess(CountingEngine(server.engine, found), now=server.now)
    page = call(server, "GetRecords", ShardIterator=iterator)
    assert len(page["Records"]) == small + 10
    assert 1_000_000 < sum(found) <= large_read_max * 100_500


class CountingEngine:
    """An engine that puts the size of each value that a read scans into `found`."""

    lags = False

    def __init__(self, engine, found):
        self.engine, self.found, self.write = engine, found, engine.write

    async def read(self, body, **members):
        return await self.engine.read(
            lambda snapshot: body(CountedSnapshot(snapshot, self.found)), **members
        )


class CountedSnapshot:
    """A snapshot of it."""

    def __init__(self, snapshot, found):
        self.snapshot, self.found = snapshot, found

    def __getattr__(self, name):
        return getattr(self.snapshot, name)

    async def scan(self, *range_, **members):
        pairs = await self.snapshot.scan(*range_, **members)
        self.found.extend(len(value) for _, value in pairs)
        return pairs
