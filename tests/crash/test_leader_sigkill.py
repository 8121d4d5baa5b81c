"""Of the workers of one server, one does the background work; when it is killed, another does."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable

import pytest

from support import tables
from support.client import Api
from support.process import ServerProcess
from support.values import S

pytestmark = [pytest.mark.crash, pytest.mark.timeout(60)]

KEYED = tables.table("pk", types={"pk": "S"})
# The lead changes hands within a second on SQLite, and on PostgreSQL when the lease is over, within
# six. The work is found within another.
SOON_S = {"sqlite": 4.0, "postgres": 10.0}


def leaders(server: ServerProcess) -> list[int]:
    """The processes that have begun to do the background work, in order."""
    return [int(pid) for pid in re.findall(r"process (\d+) does the background work", server.log)]


Wait = Callable[[str, Callable[[], bool]], None]


@pytest.fixture
def wait(engine_kind: str) -> Wait:
    """Waits until something is so, but not for long."""
    soon_s = SOON_S[engine_kind]

    def wait(what: str, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + soon_s
        while not is_so():
            assert time.monotonic() < deadline, f"{what} takes more than {soon_s} seconds"
            time.sleep(0.02)

    return wait


def kill(server: ServerProcess, worker: int, wait: Wait) -> None:
    """Kill it, and wait until no connection can come to it."""
    os.kill(worker, signal.SIGKILL)
    wait("the end of a worker", lambda: f"worker {worker} died" in server.log)


def create_index(url: str, name: str, wait: Wait) -> None:
    """Create an index through any worker, and wait until it is filled."""
    with Api(url) as api:
        api(
            "UpdateTable",
            TableName="items",
            AttributeDefinitions=tables.definitions(pk="S", g="S"),
            GlobalSecondaryIndexUpdates=[{"Create": tables.index(name, "g")}],
        )

        def is_filled() -> bool:
            table = api("DescribeTable", TableName="items")["Table"]
            statuses = {each["IndexStatus"] for each in table["GlobalSecondaryIndexes"]}
            return statuses == {"ACTIVE"}

        wait("the filling of an index", is_filled)
        query = {
            "KeyConditionExpression": "g = :g",
            "ExpressionAttributeValues": {":g": S("x")},
        }
        assert api("Query", query, TableName="items", IndexName=name)["Count"] == 20


def test_the_work_goes_on_when_the_worker_that_does_it_is_killed(durable_server, wait):
    server = durable_server("--workers", "3", "--log-level", "info")
    wait("the first election", lambda: len(leaders(server)) == 1)
    with Api(server.url) as api:
        tables.create(api, "items", KEYED)
        for n in range(20):
            api("PutItem", TableName="items", Item={"pk": S(f"{n}"), "g": S("x")})
    # Several connections, so that most are not to the worker that does the work.
    for name in ("one", "two"):
        create_index(server.url, name, wait)
    (first,) = leaders(server)

    kill(server, first, wait)
    create_index(server.url, "three", wait)
    wait("the second election", lambda: len(leaders(server)) == 2)
    second = leaders(server)[1]
    assert second != first

    kill(server, second, wait)
    create_index(server.url, "four", wait)
    # One at a time does it: the others leave it alone, those in the place of the killed ones too.
    time.sleep(1.5)
    assert len(leaders(server)) == 3
    assert len(set(leaders(server))) == 3
