"""A database that does not answer, or takes no writes: clear errors in time, then recovery."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tools.local_postgres import SUPERUSER

from failover.callers import Nodes
from failover.load import RECOVERY_S_MAX, Load, wait_until
from support import tables
from support.client import Api, Refused
from support.values import N, S

# The deadline of a call is 5 s, to which the time may come in which a connection is tried (3 s).
ANSWER_S_MAX = 9.0
TABLE = "items"
# Longer than the deadline: what is held arrives when its outcome was decided.
HELD_S = 6.5
KEY = {"pk": S("a")}
READS = (
    ("GetItem", {"TableName": TABLE, "Key": KEY, "ConsistentRead": True}),
    ("Scan", {"TableName": TABLE}),
    ("TransactGetItems", {"TransactItems": [{"Get": {"TableName": TABLE, "Key": KEY}}]}),
)
WRITES = (
    ("PutItem", {"TableName": TABLE, "Item": {**KEY, "n": N(1)}}),
    ("UpdateItem", {"TableName": TABLE, "Key": KEY, "UpdateExpression": "ADD n :n",
                    "ExpressionAttributeValues": {":n": N(1)}}),
    ("TransactWriteItems", {"TransactItems": [{"Delete": {"TableName": TABLE, "Key": KEY}}]}),
)  # fmt: skip


def answer_in_time(api, call):
    """The answer, which must have come within the deadline."""
    begun = time.monotonic()
    answer = api.send(*call)
    assert time.monotonic() - begun < ANSWER_S_MAX, f"{call[0]} was answered late"
    return answer


def must_fail(api, *calls):
    """Send all at once: each must be refused in time, and as what a client may send again."""
    with ThreadPoolExecutor(len(calls)) as pool:
        answers = list(pool.map(lambda call: answer_in_time(api, call), calls))
    for (operation, _), answer in zip(calls, answers, strict=True):
        assert answer.status != 200, f"{operation} was answered"
        refused = Refused(answer)
        assert refused.type in ("InternalServerError", "ThrottlingException"), str(refused)


def must_recover(api):
    for call in (*READS, *WRITES):
        wait_until(lambda call=call: api.send(*call).status == 200, RECOVERY_S_MAX)


@pytest.fixture
def api(database, proxy, start_node):
    """A node behind the proxy, with a table."""
    with Api(start_node(proxy.url(SUPERUSER, database)).url) as made:
        tables.create(made, TABLE, tables.table("pk", types={"pk": "S"}))
        yield made


@pytest.mark.parametrize("answers", ["answers are lost", "nobody listens"])
def test_requests_to_an_unreachable_database_fail_in_time(proxy, api, answers):
    cut, restore = {
        "nobody listens": (proxy.close, proxy.open),
        "answers are lost": (lambda: proxy.hold(requests=False), proxy.release),
    }[answers]
    cut()
    must_fail(api, *READS, *WRITES)
    restore()
    must_recover(api)


def test_requests_to_a_database_that_takes_no_writes_fail_in_time(postgres, database, api):
    """Reads as well: what takes no writes may be behind the one that does."""
    set_default(postgres, database, "SET default_transaction_read_only = on")
    must_fail(api, *READS, *WRITES)
    set_default(postgres, database, "RESET default_transaction_read_only")
    must_recover(api)


def set_default(postgres, database, setting):
    """Change a setting for all connections to a database, which are ended for that."""
    postgres.sql(f"ALTER DATABASE {database} {setting}")
    postgres.sql(
        f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{database}'"
    )


def test_writes_that_arrive_after_a_silence_are_there_once_or_not_at_all(
    database, proxy, start_node
):
    url = proxy.url(SUPERUSER, database)
    urls = [start_node(url).url for _ in range(2)]
    with Api(urls[0]) as api:
        with Load(api, Nodes(urls)) as load:
            load.wait_acknowledged(50)
            proxy.hold()
            time.sleep(HELD_S)
            proxy.release()
            load.wait_acknowledged(50)
        assert load.slowest_s < ANSWER_S_MAX
        load.verify(api)
