"""Marks of a whole database, and the way back to them."""

from __future__ import annotations

import apsw
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from genset.storage._connections import PAGE_BYTES
from testing.music import BILLIE, MUSIC, NINA, count, is_there, put


def test_items_are_as_they_were(session, client):
    put(client)
    mark = session.mark()
    client.delete_item(TableName="Music", Key=NINA)
    put(client, BILLIE)
    session.rollback(mark)
    assert is_there(client, NINA)
    assert not is_there(client, BILLIE)


def test_tables_are_as_they_were(session, client):
    mark = session.mark()
    client.create_table(**{**MUSIC, "TableName": "Notes"})
    client.delete_table(TableName="Music")
    session.rollback(mark)
    assert client.list_tables()["TableNames"] == ["Music"]
    put(client)


def test_a_table_may_be_another_one_after_each_return(session, client):
    mark = session.mark()
    for name in ("Kind", "Sort"):
        schema = [{"AttributeName": name, "KeyType": "HASH"}]
        types = [{"AttributeName": name, "AttributeType": "S"}]
        client.create_table(
            **{**MUSIC, "TableName": "Notes", "KeySchema": schema, "AttributeDefinitions": types}
        )
        client.put_item(TableName="Notes", Item={name: {"S": "x"}})
        session.rollback(mark)


def test_one_mark_serves_many_times(session, client):
    mark = session.mark()
    for _ in range(3):
        assert count(client) == 0
        put(client)
        session.rollback(mark)


def test_marks_are_nested(session, client):
    outer = session.mark()
    put(client, NINA)
    inner = session.mark()
    put(client, BILLIE)
    session.rollback(inner)
    assert count(client) == 1
    session.rollback(outer)
    assert count(client) == 0
    with pytest.raises(KeyError):
        session.rollback(inner)


def test_rollback_alone_leaves_nothing(session, client):
    put(client)
    session.rollback()
    assert client.list_tables()["TableNames"] == []


def test_a_block_may_be_undone(session, client):
    with session.undone():
        put(client)
    assert count(client) == 0


def test_a_block_that_fails_is_undone(session, client):
    def fail() -> None:
        with session.undone():
            put(client)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert count(client) == 0


def test_marking_the_same_state_often_costs_nothing(session, client):
    """Each further mark of the engine's would make all later writes slower."""
    first = session.mark()
    for _ in range(3):
        mark = session.mark()
        assert mark.tables == first.tables
        put(client)
        session.rollback(mark)


def test_blocks_that_were_undone_keep_no_memory(session, client):
    def undo_some() -> None:
        for _ in range(20):
            with session.undone():
                put(client)

    undo_some()
    before = apsw.memory_used()
    undo_some()
    assert apsw.memory_used() - before < 20 * PAGE_BYTES / 2


def test_the_clock_goes_back(session):
    before = session.clock.time()
    mark = session.mark()
    session.clock.advance(days=2)
    session.clock.freeze()
    session.rollback(mark)
    assert 0 <= session.clock.time() - before < 60


def test_a_frozen_clock_stands_where_it_stood(session):
    session.clock.freeze(2_000_000_000)
    mark = session.mark()
    session.clock.resume()
    session.rollback(mark)
    assert session.clock.time() == 2_000_000_000


def test_switches_and_planned_failures_go_back(session, client):
    mark = session.mark()
    session.switches.set(latency="1s", faults={"InternalServerError": 1.0}, wait=True)
    session.switches.fail_next("Scan", "InternalServerError")
    session.rollback(mark)
    assert count(client) == 0
    assert not session.switches.waits


def test_a_failure_planned_before_the_mark_is_planned_again(session):
    client = session.client("dynamodb", config=Config(retries={"max_attempts": 0}))
    session.switches.fail_next("Scan", "InternalServerError")
    mark = session.mark()
    for _ in range(2):
        with pytest.raises(ClientError, match="InternalServerError"):
            count(client)
        assert count(client) == 0
        session.rollback(mark)


def test_what_throttling_remembers_goes_back(session, client):
    """A table that has used up its capacity has it again."""
    client.create_table(
        **{**MUSIC, "TableName": "Small", "BillingMode": "PROVISIONED"},
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    session.clock.freeze()
    session.switches.set(throttling=True)
    mark = session.mark()
    for _ in range(3):
        client.put_item(TableName="Small", Item={**NINA, "Text": {"S": "x" * 310_000}})
        session.rollback(mark)


def test_contributor_insights_go_back(session, client):
    client.update_contributor_insights(TableName="Music", ContributorInsightsAction="ENABLE")
    put(client)
    before = session.database.contributor_insights("Music")
    mark = session.mark()
    for _ in range(3):
        put(client)
    assert session.database.contributor_insights("Music") != before
    session.rollback(mark)
    assert session.database.contributor_insights("Music") == before


def test_a_mark_is_of_all_regions_and_accounts(session):
    there = session.elsewhere(region="eu-west-1", account="123456789012").client("dynamodb")
    mark = session.mark()
    there.create_table(**MUSIC)
    session.rollback(mark)
    assert there.list_tables()["TableNames"] == []
