"""A node that is killed takes nothing along: neither acknowledged writes nor background work."""

from __future__ import annotations

import time

from failover.callers import Nodes
from failover.load import Load, scan, wait_until
from support import tables
from support.client import Api
from support.values import N, S

# The lease of a dead leader ends after 5 s; the rest is for a busy machine.
MOVE_S_MAX = 15.0
EXPIRING = tables.table("pk", types={"pk": "S"})


def expire(api, name):
    """Put items that have expired, and wait until the background work has deleted them."""
    for number in range(20):
        item = {"pk": S(f"{name} {number}"), "ttl": N(int(time.time()) - 100)}
        api("PutItem", TableName="expiring", Item=item)
    wait_until(lambda: not scan(api, "expiring"), MOVE_S_MAX, lambda: f"{name} stay for ever")


def test_a_node_that_is_killed_under_load_loses_nothing_and_its_work_goes_on(
    postgres, database, start_node
):
    # The first one leads, since it was alone.
    nodes = [start_node(postgres.url(database)) for _ in range(3)]
    targets = Nodes([node.url for node in nodes])
    with Api(nodes[1].url) as api:
        tables.create(api, "expiring", EXPIRING)
        specification = {"AttributeName": "ttl", "Enabled": True}
        api("UpdateTimeToLive", TableName="expiring", TimeToLiveSpecification=specification)
        with Load(api, targets) as load:
            expire(api, "items of the first leader")
            load.wait_acknowledged(50)
            nodes[0].kill()
            targets.remove(nodes[0].url)
            expire(api, "items of the next leader")
            load.wait_acknowledged(50)
        load.verify(api)
