"""The database is killed under load: started again, or replaced by its synchronous standby."""

from __future__ import annotations

import time

import pytest

from failover.callers import Nodes
from failover.conftest import BY_HAND
from failover.load import RECOVERY_S_MAX, Load, wait_until
from support.client import Api


def must_have_noticed(nodes):
    """So that a test cannot pass because nothing has happened.

    A node that was asked for nothing in the moment of an outage has nothing to tell.
    """
    assert any("the database does not serve" in node.log for node in nodes)


def test_nodes_recover_from_the_crash_of_their_database(postgres, database, start_node):
    nodes = [start_node(postgres.url(database)) for _ in range(2)]
    with Api(nodes[0].url) as api:
        with Load(api, Nodes([node.url for node in nodes])) as load:
            for _ in range(2):
                load.wait_acknowledged(100)
                postgres.kill()
                postgres.start()
            load.wait_acknowledged(100)
        must_have_noticed(nodes)
        load.verify(api)


def test_nodes_move_to_the_promoted_standby_by_themselves(pair, start_node):
    pair.create_database("genset")
    nodes = [start_node(pair.url("genset")) for _ in range(2)]
    with Api(nodes[0].url) as api:
        with Load(api, Nodes([node.url for node in nodes])) as load:
            load.wait_acknowledged(100)
            pair.fail_over()
            load.wait_acknowledged(100)
        must_have_noticed(nodes)
        load.verify(api)
    # A node that is started later finds the primary where it is.
    with Api(start_node(pair.url("genset")).url) as api:
        load.verify(api)


@pytest.mark.parametrize("pair", [BY_HAND], indirect=True)
def test_nothing_is_acknowledged_that_the_standby_has_not_got(pair, start_node):
    """Commits wait for the standby longer than requests may take, and then the primary is lost.

    To cancel such a commit, or to take what the primary shows for the outcome, would be wrong: the
    commit is there, but on the primary alone.
    """
    pair.create_database("genset")
    urls = [start_node(pair.url("genset")).url for _ in range(2)]
    with Api(urls[0]) as api:
        with Load(api, Nodes(urls)) as load:
            load.wait_acknowledged(100)
            pair.link.hold()
            time.sleep(1)
            held = time.monotonic()
            wait_until(lambda: len(load.errors) > 2, RECOVERY_S_MAX)
            time.sleep(1)
            assert not load.acknowledged(held)
            pair.fail_over()
            load.wait_acknowledged(100)
        load.verify(api)
