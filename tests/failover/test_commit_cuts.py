"""Connections that break in the middle of commits, again and again, lose and double nothing."""

from __future__ import annotations

import os
import time

from tools.local_postgres import SUPERUSER

from failover.callers import Nodes
from failover.load import Load
from support.client import Api
from support.postgres_proxy import Moment

SECONDS = float(os.environ.get("GENSET_FAILOVER_SECONDS", "5"))
SEED = int(os.environ.get("GENSET_FAILOVER_SEED", "1"))
# One commit holds many writes, so that even few of them are many writes.
SHARE = 0.1


def test_commits_that_are_cut_at_any_moment_lose_and_double_nothing(database, proxy, start_node):
    url = proxy.url(SUPERUSER, database)
    urls = [start_node(url).url, start_node(url, "--workers", "2").url]
    with Api(urls[0]) as api:
        with Load(api, Nodes(urls), seed=SEED) as load:
            load.wait_acknowledged(50)
            proxy.cut_commits(*Moment, share=SHARE, seed=SEED)
            time.sleep(SECONDS)
            proxy.cut_commits()
            load.wait_acknowledged(50)
        # The nodes find out what became of each, and the clients notice nothing.
        assert load.errors == []
        assert min(proxy.cuts[moment] for moment in Moment) > 0, proxy.cuts
        load.verify(api)
