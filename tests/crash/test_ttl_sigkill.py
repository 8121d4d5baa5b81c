"""A server is killed with SIGKILL while it fills the queue of expiring items and while it deletes.

After each start the work goes on where it was; in the end exactly the expired items are gone.
"""

from __future__ import annotations

import threading
import time

import pytest

from support import tables
from support.client import Api
from support.engines import with_one_and_two_workers
from support.values import N, S

pytestmark = [pytest.mark.crash, pytest.mark.timeout(120)]

ITEMS = 3000
# On PostgreSQL the work goes on when the lease of the killed process is over.
KILLS = {"sqlite": 4, "postgres": 2}
INDEXED = tables.table(
    "pk",
    "sk",
    types={"pk": "S", "sk": "N", "l": "S", "g": "S"},
    local=[tables.index("lsi", "pk", "l", projection="KEYS_ONLY")],
    everywhere=[tables.index("gsi", "g")],
)


def fill(api: Api, past: int) -> None:
    """Items of which those of even numbers have expired."""
    for first in range(0, ITEMS, 25):
        puts = [
            {"PutRequest": {"Item": {
                "pk": S(f"p{n % 7}"), "sk": N(n), "l": S(f"{n % 3}"), "g": S(f"{n % 5}"),
                "ttl": N(past + n % 2 * 10**6),
            }}}
            for n in range(first, first + 25)
        ]  # fmt: skip
        api("BatchWriteItem", RequestItems={"items": puts})


def scan(api: Api, index: str | None = None) -> list[int]:
    request = {"TableName": "items", **({"IndexName": index} if index else {})}
    found: list[int] = []
    while True:
        page = api("Scan", request)
        found += [int(item["sk"]["N"]) for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return sorted(found)
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def counts(api: Api) -> dict[str, int]:
    table = api("DescribeTable", TableName="items")["Table"]
    indexes = table["LocalSecondaryIndexes"] + table["GlobalSecondaryIndexes"]
    return {"": table["ItemCount"], **{each["IndexName"]: each["ItemCount"] for each in indexes}}


def wait_count(api: Api, count: int) -> None:
    deadline = time.monotonic() + 30
    while counts(api)[""] != count:
        assert time.monotonic() < deadline, counts(api)
        time.sleep(0.02)


def wake_jobs(api: Api) -> None:
    """Have the background work begin now: a table is deleted."""
    tables.create(api, "deleted", tables.table("pk", types={"pk": "S"}))
    api("DeleteTable", TableName="deleted")


def check_rest(api: Api, expected: list[int]) -> None:
    for index in (None, "lsi", "gsi"):
        assert scan(api, index) == expected
    assert counts(api) == {"": len(expected), "lsi": len(expected), "gsi": len(expected)}


@with_one_and_two_workers
def test_a_sweep_that_is_killed_goes_on(durable_server, engine_kind, workers):
    options = ("--workers", workers, "--durability", "relaxed")
    server = durable_server(*options)
    with Api(server.url) as api:
        tables.create(api, "items", INDEXED)
        fill(api, int(time.time()) - 100)
        specification = {"AttributeName": "ttl", "Enabled": True}
        api("UpdateTimeToLive", TableName="items", TimeToLiveSpecification=specification)
    # The first kill meets the filling of the queue, each other one a deletion.
    middles, left = 0, ITEMS
    for _ in range(KILLS[engine_kind]):
        server.kill()
        server = durable_server(*options)
        with Api(server.url) as api:
            found = counts(api)
            assert ITEMS // 2 <= found[""] <= left
            assert len(set(found.values())) == 1
            left = found[""]
            middles += left not in (ITEMS, ITEMS // 2)
            wake_jobs(api)
            deadline = time.monotonic() + 30
            while counts(api)[""] == left > ITEMS // 2:
                assert time.monotonic() < deadline, "the work does not go on"
    with Api(server.url) as api:
        wait_count(api, ITEMS // 2)
        check_rest(api, list(range(1, ITEMS, 2)))
    assert middles, "no kill came into a deletion"


def test_items_written_while_they_are_swept(durable_server):
    """Each of these items is given more time, or is put again, while the sweep is at it."""
    server = durable_server("--workers", "2", "--durability", "relaxed")
    with Api(server.url) as api:
        tables.create(api, "items", INDEXED)
        now = int(time.time())
        fill(api, now - 100)
        specification = {"AttributeName": "ttl", "Enabled": True}
        api("UpdateTimeToLive", TableName="items", TimeToLiveSpecification=specification)
        kept: set[int] = set()

        def write(first: int) -> None:
            with Api(server.url) as own:
                for n in range(first, ITEMS, 40):
                    item = {"pk": S(f"p{n % 7}"), "sk": N(n), "l": S("new"), "g": S("new")}
                    if n % 80 < 40:
                        own("PutItem", TableName="items", Item={**item, "ttl": N(now + 9999)})
                        kept.add(n)
                    else:
                        own("PutItem", TableName="items", Item={**item, "ttl": N(now - 50)})

        threads = [threading.Thread(target=write, args=(first,)) for first in (0, 1, 2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        written = {n for first in (0, 1, 2, 3) for n in range(first, ITEMS, 40)}
        expected = sorted({n for n in range(1, ITEMS, 2) if n not in written} | kept)
        wait_count(api, len(expected))
        check_rest(api, expected)
