"""Of all nodes of a database one does the background work; when it is killed, another does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

import pytest
from tools.local_postgres import LocalPostgres

from support import tables
from support.client import Api
from support.process import ServerProcess
from support.values import S

pytestmark = [pytest.mark.crash, pytest.mark.timeout(90)]

KEYED = tables.table("pk", types={"pk": "S"})
ITEMS = 20
# The lease of a node that is killed lasts for so long, and the next asks and looks each second.
TAKEOVER_S = 5 + 2
LEADS = re.compile(r"process \d+ does the background work")


def leaders(nodes: Sequence[ServerProcess]) -> list[ServerProcess]:
    """The nodes that have begun to do the background work."""
    return [node for node in nodes if LEADS.search(node.log)]


def filled(api: Api, name: str) -> bool:
    (index,) = (
        each
        for each in api("DescribeTable", TableName="items")["Table"]["GlobalSecondaryIndexes"]
        if each["IndexName"] == name
    )
    return bool(index["IndexStatus"] == "ACTIVE")


def build_index(node: ServerProcess, name: str) -> float:
    """Create an index through a node; how many seconds until it is filled."""
    with Api(node.url) as api:
        api(
            "UpdateTable",
            TableName="items",
            AttributeDefinitions=tables.definitions(pk="S", g="S"),
            GlobalSecondaryIndexUpdates=[{"Create": tables.index(name, "g")}],
        )
        began = time.monotonic()
        while not filled(api, name):
            assert time.monotonic() - began < 30, "nobody fills the index"
            time.sleep(0.05)
        took = time.monotonic() - began
        query = {"KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": S("x")}}
        assert api("Query", query, TableName="items", IndexName=name)["Count"] == ITEMS
    return took


def test_another_node_takes_over_the_work_of_one_that_is_killed(
    postgres: LocalPostgres, database: str, start_node: Callable[..., ServerProcess]
) -> None:
    url = postgres.url(database)
    nodes = [start_node(url, "--log-level", "info") for _ in range(3)]
    with Api(nodes[0].url) as api:
        tables.create(api, "items", KEYED)
        for n in range(ITEMS):
            api("PutItem", TableName="items", Item={"pk": S(f"{n}"), "g": S("x")})
    assert leaders(nodes) == nodes[:1]
    assert build_index(nodes[1], "one") < 3

    nodes[0].kill()
    assert build_index(nodes[1], "two") < TAKEOVER_S + 3
    (second,) = leaders(nodes[1:])
    (third,) = (node for node in nodes[1:] if node is not second)

    # One that stops in good order leaves the lead to another at once.
    second.stop()
    assert build_index(third, "three") < 5
    assert leaders([third])
