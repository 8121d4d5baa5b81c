"""The stored form of a table, of this version and of earlier ones."""

from __future__ import annotations

import dataclasses

import orjson

from genset.model.insights import Insights
from genset.model.tables import (
    Index,
    KeyAttribute,
    Keys,
    Table,
    TimeToLive,
    decode_table,
    encode_table,
)

TABLE = Table(
    account="0",
    region="r",
    name="table",
    number=7,
    table_id="id",
    salt=bytes(16),
    keys=Keys((KeyAttribute("pk", "S"),), ()),
)
LIVE = TimeToLive(attribute="ttl", enabled=True, changed_at=1.5, settled_at=2.5)


def test_a_table_with_time_to_live_is_read_back():
    table = dataclasses.replace(TABLE, time_to_live=LIVE)
    assert decode_table(encode_table(table)) == table


def test_a_record_from_before_time_to_live_is_read():
    record = orjson.loads(encode_table(TABLE))
    del record["time_to_live"]
    assert decode_table(orjson.dumps(record)) == TABLE


def test_only_time_to_live_that_is_on_makes_a_table_follow_its_items():
    on = dataclasses.replace(TABLE, time_to_live=LIVE)
    off = dataclasses.replace(TABLE, time_to_live=dataclasses.replace(LIVE, enabled=False))
    assert (on.ttl, on.follows_items) == ("ttl", True)
    assert (off.ttl, off.follows_items) == (None, False)


def test_contributor_insights_of_a_table_and_an_index_are_read_back():
    insights = Insights(
        mode="THROTTLED_KEYS", enabled=True, created_at=1.5, changed_at=2.5, settled_at=3.5
    )
    index = Index(
        name="index",
        number=1,
        kind="GLOBAL",
        keys=TABLE.keys,
        projection_type="ALL",
        insights=insights,
    )
    table = dataclasses.replace(TABLE, insights=insights, indexes=(index,))
    assert decode_table(encode_table(table)) == table


def test_a_record_from_before_contributor_insights_is_read():
    record = orjson.loads(encode_table(TABLE))
    del record["insights"]
    assert decode_table(orjson.dumps(record)) == TABLE
