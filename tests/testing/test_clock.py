"""Moving the clock of a session, and what follows from it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from genset.testing import local
from testing.music import MUSIC, NINA, is_there, put

TTL = {"Enabled": True, "AttributeName": "Until"}
BY_SONG = {
    "IndexName": "BySong",
    "KeySchema": [{"AttributeName": "Song", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}


def expiring(seconds: float) -> dict[str, dict[str, str]]:
    return {**NINA, "Until": {"N": str(int(time.time() + seconds))}}


@pytest.fixture
def client_with_ttl(client):
    client.update_time_to_live(TableName="Music", TimeToLiveSpecification=TTL)
    return client


def records(session) -> list[str]:
    """What the records of the table's stream tell."""
    streams = session.client("dynamodbstreams")
    arn = streams.list_streams(TableName="Music")["Streams"][0]["StreamArn"]
    found = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        read = streams.get_records(ShardIterator=iterator)["Records"]
        found += [record["eventName"] for record in read]
    return found


def test_it_goes_with_the_systems(session):
    before = time.time()
    assert before <= session.clock.time() <= time.time()
    assert abs(session.clock.now - datetime.now(UTC)) < timedelta(seconds=5)


def test_advance_moves_it_by_so_much(session):
    session.clock.freeze()
    before = session.clock.now
    session.clock.advance(weeks=1, days=1, hours=2, minutes=3, seconds=4.5)
    assert session.clock.now - before == timedelta(days=8, hours=2, minutes=3, seconds=4.5)


def test_set_moves_it_forward_and_back(session):
    for when in (datetime(2031, 5, 1, tzinfo=UTC), datetime(2021, 5, 1, tzinfo=UTC)):
        session.clock.set(when)
        assert timedelta(0) <= session.clock.now - when < timedelta(seconds=5)


def test_tables_stay_what_they_are_when_it_is_set_back(session, client_with_ttl):
    client, now = client_with_ttl, session.clock.now
    client.update_contributor_insights(TableName="Music", ContributorInsightsAction="ENABLE")
    client.update_table(
        TableName="Music",
        AttributeDefinitions=[{"AttributeName": "Song", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": BY_SONG}],
    )
    session.clock.set(datetime(2020, 1, 1, tzinfo=UTC))
    put(client)
    table = client.describe_table(TableName="Music")["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert [index["IndexStatus"] for index in table["GlobalSecondaryIndexes"]] == ["ACTIVE"]
    live = client.describe_time_to_live(TableName="Music")["TimeToLiveDescription"]
    assert live["TimeToLiveStatus"] == "ENABLED"
    insights = client.describe_contributor_insights(TableName="Music")
    assert insights["ContributorInsightsStatus"] == "ENABLED"
    assert abs(insights["LastUpdateDateTime"] - now) < timedelta(seconds=5)


def test_set_takes_seconds_too(session):
    session.clock.freeze(1_900_000_000)
    assert session.clock.time() == 1_900_000_000


def test_a_datetime_without_a_zone_is_refused(session):
    with pytest.raises(ValueError, match="must have a zone"):
        session.clock.set(datetime(2031, 5, 1))


def test_it_stands_still_and_goes_on(session, monkeypatch):
    session.clock.freeze()
    frozen = session.clock.time()
    monkeypatch.setattr(time, "time", lambda: frozen + 100)
    assert session.clock.time() == frozen
    session.clock.resume()
    monkeypatch.setattr(time, "time", lambda: frozen + 101)
    assert session.clock.time() == frozen + 1


def test_tables_have_the_clocks_time(session, client):
    session.clock.freeze(datetime(2031, 5, 1, 12, tzinfo=UTC))
    client.create_table(**{**MUSIC, "TableName": "Later"})
    created = client.describe_table(TableName="Later")["Table"]["CreationDateTime"]
    assert created == datetime(2031, 5, 1, 12, tzinfo=UTC)


def test_an_expired_item_goes_when_the_clock_is_moved_past_it(session, client_with_ttl):
    put(client_with_ttl, expiring(3600))
    session.clock.advance(minutes=59)
    assert is_there(client_with_ttl)
    session.clock.advance(minutes=2)
    assert not is_there(client_with_ttl)


def test_an_expired_item_does_not_go_by_itself(session, client_with_ttl):
    """As on AWS, where that takes hours; and so that tests find what they have put."""
    put(client_with_ttl, expiring(-10))
    client_with_ttl.create_table(**{**MUSIC, "TableName": "Notes"})
    client_with_ttl.delete_table(TableName="Notes")
    assert is_there(client_with_ttl)
    session.clock.advance()
    assert not is_there(client_with_ttl)


def test_expiry_is_in_the_stream(session, client_with_ttl):
    client_with_ttl.update_table(
        TableName="Music",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    put(client_with_ttl, expiring(3600))
    session.clock.advance(hours=2)
    assert records(session) == ["INSERT", "REMOVE"]


def test_stream_records_go_after_a_day(session, client):
    client.update_table(
        TableName="Music",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    put(client)
    session.clock.advance(hours=23)
    assert records(session) == ["INSERT"]
    session.clock.advance(hours=2)
    assert records(session) == []


def test_a_client_token_is_forgotten_after_ten_minutes(session, client):
    def write(song: str) -> None:
        item = {**NINA, "Song": {"S": song}}
        client.transact_write_items(
            TransactItems=[{"Put": {"TableName": "Music", "Item": item}}],
            ClientRequestToken="one",
        )

    write("Sinnerman")
    session.clock.advance(minutes=9)
    with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
        write("Four Women")
    session.clock.advance(minutes=2)
    write("Four Women")


def test_time_to_live_may_be_changed_again_after_an_hour(session, client_with_ttl):
    off = {"Enabled": False, "AttributeName": "Until"}
    with pytest.raises(ClientError, match="Time to live has been modified"):
        client_with_ttl.update_time_to_live(TableName="Music", TimeToLiveSpecification=off)
    session.clock.advance(hours=1)
    client_with_ttl.update_time_to_live(TableName="Music", TimeToLiveSpecification=off)


def test_tables_take_their_time_if_they_are_to():
    with local(transition_seconds=10) as session:
        client = session.client("dynamodb")
        client.create_table(**MUSIC)
        assert client.describe_table(TableName="Music")["Table"]["TableStatus"] == "CREATING"
        session.clock.advance(seconds=11)
        assert client.describe_table(TableName="Music")["Table"]["TableStatus"] == "ACTIVE"
        client.delete_table(TableName="Music")
        session.clock.advance(seconds=11)
        assert client.list_tables()["TableNames"] == []
