"""Eventually consistent reads come from a real replica, which is behind, and then gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from tools.local_postgres import missing

from failover.postgres_pair import PostgresPair
from support import tables
from support.client import Api
from support.process import ServerProcess
from support.values import N, S

pytestmark = pytest.mark.timeout(90)

KEYED = tables.table("pk", types={"pk": "S", "g": "S"}, everywhere=[tables.index("gsi", "g")])
KEY = {"pk": S("a")}
GET = {"TableName": "items", "Key": KEY}
QUERY = {
    "TableName": "items",
    "IndexName": "gsi",
    "KeyConditionExpression": "g = :g",
    "ExpressionAttributeValues": {":g": S("x")},
}
SECONDS_MAX = 20.0


@pytest.fixture
def pair() -> Iterator[PostgresPair]:
    """A primary and its standby."""
    if (reason := missing()) is not None:
        pytest.skip(reason)
    with PostgresPair() as started:
        started.create_database("replicated")
        yield started


@pytest.fixture
def api(pair: PostgresPair, start_node: Callable[..., ServerProcess]) -> Iterator[Api]:
    """A node that reads from the standby where it may."""
    follower = pair.standby.url("replicated")
    node = start_node(pair.primary.url("replicated"), "--read-replica", follower)
    with Api(node.url) as api:
        tables.create(api, "items", KEYED)
        put(api, 1)
        wait_for(api, 1)
        yield api


def put(api: Api, version: int) -> None:
    api("PutItem", TableName="items", Item={**KEY, "g": S("x"), "n": N(version)})


def wait_for(api: Api, version: int) -> None:
    """Wait until the replica has it."""
    deadline = time.monotonic() + SECONDS_MAX
    while versions(api) != [version, version]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def versions(api: Api, **members: bool) -> list[int]:
    """The versions that a read by key and a Query of the index see."""
    seen = [api("GetItem", GET, **members).get("Item"), *api("Query", QUERY)["Items"]]
    return [int(item["n"]["N"]) for item in seen if item is not None]


def test_reads_without_consistency_see_what_the_replica_has(pair: PostgresPair, api: Api) -> None:
    pair.standby.sql("SELECT pg_wal_replay_pause()", "replicated")
    put(api, 2)
    assert versions(api) == [1, 1]
    assert versions(api, ConsistentRead=True) == [2, 1]

    # What is ACTIVE is found, though the replica has not heard of it.
    tables.create(api, "younger", KEYED)
    assert api("GetItem", TableName="younger", Key=KEY) == {}
    statement = {"Statement": "SELECT * FROM younger WHERE pk = 'a'"}
    assert api("BatchExecuteStatement", Statements=[statement]) == {
        "Responses": [{"TableName": "younger"}]
    }

    pair.standby.sql("SELECT pg_wal_replay_resume()", "replicated")
    wait_for(api, 2)


def test_reads_go_on_without_the_replica(pair: PostgresPair, api: Api) -> None:
    # Or commits would wait for it.
    pair.primary.sql("ALTER SYSTEM SET synchronous_standby_names = ''")
    pair.primary.sql("SELECT pg_reload_conf()")
    pair.standby.kill()
    put(api, 2)
    began = time.monotonic()
    for _ in range(20):
        assert versions(api) == [2, 2]
    assert time.monotonic() - began < 3, "each read waits for the replica"
