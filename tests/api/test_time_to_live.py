"""UpdateTimeToLive and DescribeTimeToLive, and items that go after their time.

What the operations answer was observed on the service in October 2026; when an item expires is
from the developer guide, "Using time to live".
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

import pytest

from support import tables
from support.client import Api
from support.in_process import InProcess
from support.stores import Store
from support.values import N, S

SIMPLE = tables.table("pk", types={"pk": "S"})
NOW = 1_700_000_000.25
COOLING = "Time to live has been modified multiple times within a fixed interval"

own_server = pytest.mark.skipif(
    "GENSET_TEST_ENDPOINT" in os.environ, reason="the endpoint is somebody else's process"
)


def spec(attribute: str = "ttl", enabled: bool = True) -> dict[str, Any]:
    return {"TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": enabled}}


def described(api: Api, name: str) -> dict[str, str]:
    found: dict[str, str] = api("DescribeTimeToLive", TableName=name)["TimeToLiveDescription"]
    return found


class World:
    """A server in this process whose clock the test moves, with one table."""

    def __init__(self, store: Store, definition: dict[str, Any] = SIMPLE, **services: Any) -> None:
        self.store = store
        self.definition = definition
        self.services = services

    async def __aenter__(self) -> World:
        self.engine = await self.store.open_empty()
        self.server = InProcess(self.engine, now=NOW, **self.services)
        await self("CreateTable", self.definition)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.engine.close()

    async def __call__(self, operation: str, request: Any = None, /, **members: Any) -> Any:
        status, body = await self.server.send(
            operation, {"TableName": "table", **(request or {}), **members}
        )
        assert status == 200, body
        return body

    async def refusal(self, operation: str, request: Any = None, /) -> tuple[str, str]:
        status, body = await self.server.send(operation, {"TableName": "table", **(request or {})})
        assert status == 400, body
        return body["__type"].rpartition("#")[2], body["message"]

    async def status(self) -> dict[str, str]:
        answer: dict[str, Any] = await self("DescribeTimeToLive")
        return answer["TimeToLiveDescription"]

    async def left(self) -> set[str]:
        """The partition keys that are there after the background work of now."""
        await self.server.run_jobs()
        return {item["pk"]["S"] for item in (await self("Scan"))["Items"]}


# Switching it on and off.


def test_time_to_live_is_off_until_it_is_switched_on(client, create):
    name = create(SIMPLE)
    answer = client.describe_time_to_live(TableName=name)
    assert answer["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}
    answer = client.update_time_to_live(TableName=name, **spec("until"))
    assert answer["TimeToLiveSpecification"] == {"AttributeName": "until", "Enabled": True}
    answer = client.describe_time_to_live(TableName=name)
    assert answer["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "until",
    }


def test_a_table_may_be_named_by_its_arn(api, create):
    name = create(SIMPLE)
    arn = api("DescribeTable", TableName=name)["Table"]["TableArn"]
    api("UpdateTimeToLive", spec(), TableName=arn)
    assert described(api, arn) == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}


def test_a_key_attribute_may_be_the_time(api, create):
    name = create(SIMPLE)
    api("UpdateTimeToLive", spec("pk"), TableName=name)
    assert described(api, name)["AttributeName"] == "pk"


def test_the_description_of_a_table_says_nothing_of_it(api, create):
    name = create(SIMPLE)
    before = api("DescribeTable", TableName=name)
    api("UpdateTimeToLive", spec(), TableName=name)
    assert api("DescribeTable", TableName=name) == before


def test_what_is_set_is_not_set_again(api, create):
    name = create(SIMPLE)
    refused = api.refused("UpdateTimeToLive", spec(enabled=False), TableName=name)
    refused.must_be("ValidationException")
    assert refused.message == "TimeToLive is already disabled"
    api("UpdateTimeToLive", spec(), TableName=name)
    refused = api.refused("UpdateTimeToLive", spec(), TableName=name)
    refused.must_be("ValidationException")
    assert refused.message == "TimeToLive is already enabled"


@pytest.mark.parametrize("enabled", [True, False])
def test_only_the_attribute_in_use_may_be_named(api, create, enabled):
    name = create(SIMPLE)
    api("UpdateTimeToLive", spec("first"), TableName=name)
    refused = api.refused("UpdateTimeToLive", spec("second", enabled), TableName=name)
    refused.must_be("ValidationException")
    assert refused.message == (
        "TimeToLive is active on a different AttributeName: current AttributeName is first"
    )


def test_a_second_change_has_to_wait(api, create):
    name = create(SIMPLE)
    api("UpdateTimeToLive", spec(), TableName=name)
    refused = api.refused("UpdateTimeToLive", spec(enabled=False), TableName=name)
    refused.must_be("ValidationException")
    assert refused.message == COOLING
    assert described(api, name)["TimeToLiveStatus"] == "ENABLED"


def test_each_change_starts_the_wait_anew_and_a_refused_one_does_not(store):
    """Observed: refused after 1812 seconds, accepted after 1872."""

    async def scenario():
        async with World(store) as world:
            await world("UpdateTimeToLive", spec())
            world.server.now = NOW + 1812
            off = spec(enabled=False)
            assert await world.refusal("UpdateTimeToLive", off) == ("ValidationException", COOLING)
            world.server.now = NOW + 1872
            await world("UpdateTimeToLive", off)
            assert await world.status() == {"TimeToLiveStatus": "DISABLED"}
            # What the change is comes before when it comes.
            assert (await world.refusal("UpdateTimeToLive", off))[1] == (
                "TimeToLive is already disabled"
            )
            again = await world.refusal("UpdateTimeToLive", spec("other"))
            assert again == ("ValidationException", COOLING)
            world.server.now += 1872
            await world("UpdateTimeToLive", spec("other"))

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            {"TimeToLiveSpecification": {"Enabled": True}},
            "1 validation error detected: Value null at 'timeToLiveSpecification.attributeName' "
            "failed to satisfy constraint: Member must not be null",
        ),
        (
            {"TimeToLiveSpecification": {"AttributeName": "ttl"}},
            "1 validation error detected: Value null at 'timeToLiveSpecification.enabled' failed "
            "to satisfy constraint: Member must not be null",
        ),
        (
            spec("x" * 256),
            f"1 validation error detected: Value '{'x' * 256}' at "
            "'timeToLiveSpecification.attributeName' failed to satisfy constraint: "
            "Member must have length less than or equal to 255",
        ),
        (spec(""), "TimeToLiveSpecification.AttributeName must be non empty"),
    ],
)
def test_a_malformed_request_is_refused_before_its_table_is_looked_for(api, request_, message):
    refused = api.refused("UpdateTimeToLive", request_, TableName="no-such-table")
    refused.must_be("ValidationException")
    assert refused.message == message


def test_an_attribute_name_has_up_to_255_characters(api, create):
    name = create(SIMPLE)
    api("UpdateTimeToLive", spec("x" * 255), TableName=name)
    assert described(api, name)["AttributeName"] == "x" * 255


@pytest.mark.parametrize("operation", ["UpdateTimeToLive", "DescribeTimeToLive"])
def test_a_table_that_is_not_there(api, operation):
    request = spec() if operation == "UpdateTimeToLive" else {}
    refused = api.refused(operation, request, TableName="no-such-table")
    refused.must_be("ResourceNotFoundException")
    assert refused.message == "Requested resource not found: Table: no-such-table not found"


def test_a_table_between_two_states(store):
    async def scenario():
        async with World(store, transition_s=5.0) as world:
            assert await world.refusal("UpdateTimeToLive", spec()) == (
                "ResourceInUseException",
                "Attempt to change a resource which is still in use: Table table is being created",
            )
            assert await world.refusal("DescribeTimeToLive") == (
                "ValidationException",
                "Cannot describe time to live while table is in CREATING state: "
                "Current table state is CREATING",
            )
            world.server.now += 5
            # A table that is being updated is as good as one that is not.
            await world("UpdateTable", TableClass="STANDARD_INFREQUENT_ACCESS")
            await world("UpdateTimeToLive", spec())
            world.server.now += 5
            await world("DeleteTable")
            assert await world.refusal("DescribeTimeToLive") == (
                "ValidationException",
                "Cannot describe time to live while table is in DELETING state: "
                "Current table state is DELETING",
            )
            world.server.now += 2000
            assert (await world.refusal("DescribeTimeToLive"))[0] == "ResourceNotFoundException"

    asyncio.run(scenario())


def test_a_table_that_is_being_deleted_accepts_the_change(store):
    async def scenario():
        async with World(store, transition_s=5.0) as world:
            world.server.now += 5
            await world("DeleteTable")
            await world("UpdateTimeToLive", spec())
            await world.server.run_jobs()
            assert await world.refusal("PutItem", {"Item": {"pk": S("a")}}) == (
                "ResourceNotFoundException",
                "Requested resource not found",
            )

    asyncio.run(scenario())


def test_a_change_shows_while_it_is_under_way(store):
    async def scenario():
        async with World(store, transition_s=5.0) as world:
            world.server.now += 5
            await world("UpdateTimeToLive", spec())
            named = {"AttributeName": "ttl"}
            assert await world.status() == {"TimeToLiveStatus": "ENABLING", **named}
            world.server.now += 5
            assert await world.status() == {"TimeToLiveStatus": "ENABLED", **named}
            world.server.now += 1860
            await world("UpdateTimeToLive", spec(enabled=False))
            assert await world.status() == {"TimeToLiveStatus": "DISABLING", **named}
            world.server.now += 5
            assert await world.status() == {"TimeToLiveStatus": "DISABLED"}

    asyncio.run(scenario())


# Which items expire.


FIVE_YEARS = 5 * 365 * 86_400
VALUES: dict[str, tuple[dict[str, Any] | None, bool]] = {
    "none": (None, False),
    "past": (N("1699999999"), True),
    "this second": (N("1700000000"), False),
    "a fraction of the last second": (N("1699999999.999"), True),
    "a fraction of this second": (N("1700000000.1"), False),
    "a fraction long past": (N("1699999000.5"), True),
    "exponent": (N("169999999e1"), True),
    "future": (N("1700000001"), False),
    "milliseconds": (N("1700000000000"), False),
    "38 digits": (N("9" * 38), False),
    "125 zeros": (N("1e125"), False),
    "five years": (N(1_700_000_000 - FIVE_YEARS), True),
    "over five years": (N(1_700_000_000 - FIVE_YEARS - 1), False),
    "epoch": (N("0"), False),
    "negative": (N("-1699999999"), False),
    "negative fraction": (N("-0.5"), False),
    "string": (S("1699999999"), False),
    "set": ({"NS": ["1699999999"]}, False),
    "map": ({"M": {"ttl": N("1699999999")}}, False),
    "null": ({"NULL": True}, False),
}


@pytest.mark.parametrize("before", [True, False], ids=["items first", "time to live first"])
def test_an_item_expires_by_a_number_of_seconds_of_the_last_five_years(store, before):
    async def scenario():
        async with World(store) as world:
            if not before:
                await world("UpdateTimeToLive", spec())
            for name, (value, _) in VALUES.items():
                item = {"pk": S(name), **({"ttl": value} if value else {})}
                await world("PutItem", Item=item)
            if before:
                await world("UpdateTimeToLive", spec())
            expected = {name for name, (_, expires) in VALUES.items() if not expires}
            assert await world.left() == expected
            world.server.now += 2
            expected -= {"this second", "a fraction of this second", "future"}
            assert await world.left() == expected

    asyncio.run(scenario())


def test_a_key_attribute_of_type_number_expires(store):
    definition = tables.table("pk", "sk", types={"pk": "S", "sk": "N"})

    async def scenario():
        async with World(store, definition) as world:
            await world("UpdateTimeToLive", spec("sk"))
            for name, second in (("past", NOW - 9), ("future", NOW + 9)):
                await world("PutItem", Item={"pk": S(name), "sk": N(int(second))})
            assert await world.left() == {"future"}

    asyncio.run(scenario())


def test_an_expired_item_is_there_until_it_is_deleted(store):
    async def scenario():
        async with World(store) as world:
            await world("UpdateTimeToLive", spec())
            old = {"pk": S("a"), "ttl": N(int(NOW - 60))}
            await world("PutItem", Item=old)
            assert (await world("GetItem", Key={"pk": S("a")}))["Item"] == old
            assert (await world("Scan"))["Count"] == 1
            await world(
                "UpdateItem",
                Key={"pk": S("a")},
                ConditionExpression="attribute_exists(#t)",
                UpdateExpression="SET #t = :t",
                ExpressionAttributeNames={"#t": "ttl"},
                ExpressionAttributeValues={":t": N(int(NOW + 60))},
            )
            assert await world.left() == {"a"}

    asyncio.run(scenario())


LATER: dict[str, tuple[str, dict[str, Any]]] = {
    "put": ("PutItem", {"Item": {"pk": S("a"), "ttl": N(int(NOW) + 600)}}),
    "put without": ("PutItem", {"Item": {"pk": S("a")}}),
    "remove": (
        "UpdateItem",
        {
            "Key": {"pk": S("a")},
            "UpdateExpression": "REMOVE #t",
            "ExpressionAttributeNames": {"#t": "ttl"},
        },
    ),
}


@pytest.mark.parametrize("change", LATER)
def test_an_item_that_is_given_more_time_stays(store, change):
    async def scenario():
        async with World(store) as world:
            await world("UpdateTimeToLive", spec())
            await world("PutItem", Item={"pk": S("a"), "ttl": N(int(NOW) + 5)})
            await world(*LATER[change])
            world.server.now += 100
            assert await world.left() == {"a"}

    asyncio.run(scenario())


def test_batches_and_transactions_set_the_time_too(store):
    async def scenario():
        async with World(store) as world:
            await world("UpdateTimeToLive", spec())
            gone = {"ttl": N(int(NOW - 60))}
            request: Any = {"table": [{"PutRequest": {"Item": {"pk": S("batch"), **gone}}}]}
            assert (await world.server.send("BatchWriteItem", {"RequestItems": request}))[0] == 200
            put = {"TableName": "table", "Item": {"pk": S("transaction"), **gone}}
            request = {"TransactItems": [{"Put": put}]}
            assert (await world.server.send("TransactWriteItems", request))[0] == 200
            await world("PutItem", Item={"pk": S("stays")})
            assert (await world("Scan"))["Count"] == 3
            assert await world.left() == {"stays"}

    asyncio.run(scenario())


def test_items_stay_once_it_is_off_and_another_attribute_may_take_over(store):
    async def scenario():
        async with World(store, ttl_cooldown_s=0) as world:
            await world("UpdateTimeToLive", spec("one"))
            for n in range(250):
                times = {"one": N(int(NOW) + 10), "two": N(int(NOW) + 10 + n % 2 * 90)}
                await world("PutItem", Item={"pk": S(f"{n}"), **times})
            await world("UpdateTimeToLive", spec("one", enabled=False))
            world.server.now += 60
            assert len(await world.left()) == 250
            # Off and on with no background work in between: the old attribute is forgotten.
            await world("UpdateTimeToLive", spec("one"))
            await world("UpdateTimeToLive", spec("one", enabled=False))
            await world("UpdateTimeToLive", spec("two"))
            assert await world.left() == {f"{n}" for n in range(250) if n % 2}
            world.server.now += 60
            assert await world.left() == set()

    asyncio.run(scenario())


def test_what_an_earlier_attribute_said_deletes_nothing(store):
    """The deletion comes before anything else has taken note of the other attribute."""

    async def scenario():
        async with World(store, ttl_cooldown_s=0) as world:
            await world("UpdateTimeToLive", spec("one"))
            item = {"pk": S("a"), "one": N(int(NOW) + 5), "two": N(int(NOW) + 500)}
            await world("PutItem", Item=item)
            await world.server.run_jobs()
            await world("UpdateTimeToLive", spec("one", enabled=False))
            await world("UpdateTimeToLive", spec("two"))
            world.server.now += 100
            await world.server.run_jobs(backwards=True)
            assert await world.left() == {"a"}
            world.server.now += 500
            assert await world.left() == set()

    asyncio.run(scenario())


def test_an_item_that_two_attributes_have_expire_goes_but_once(store):
    # Found by simulation: it was counted out twice, and its removal recorded twice.
    async def scenario():
        async with World(store, ttl_cooldown_s=0) as world:
            await world("UpdateTimeToLive", spec("one"))
            await world("PutItem", Item={"pk": S("a"), "one": N(int(NOW) + 5)})
            await world("PutItem", Item={"pk": S("b")})
            await world.server.run_jobs()
            await world("UpdateTimeToLive", spec("one", enabled=False))
            await world("UpdateTimeToLive", spec("two"))
            item = {"pk": S("a"), "one": N(int(NOW) + 5), "two": N(int(NOW) + 6)}
            await world("PutItem", Item=item)
            world.server.now += 100
            await world.server.run_jobs(backwards=True)
            assert await world.left() == {"b"}
            assert (await world("DescribeTable"))["Table"]["ItemCount"] == 1

    asyncio.run(scenario())


def test_a_table_of_the_same_name_inherits_nothing(store):
    async def scenario():
        async with World(store) as world:
            await world("UpdateTimeToLive", spec())
            await world("PutItem", Item={"pk": S("a"), "ttl": N(int(NOW) + 5)})
            await world("DeleteTable")
            await world("CreateTable", SIMPLE)
            assert await world.status() == {"TimeToLiveStatus": "DISABLED"}
            await world("PutItem", Item={"pk": S("a"), "ttl": N(int(NOW) - 5)})
            world.server.now += 100
            assert await world.left() == {"a"}

    asyncio.run(scenario())


# The sweeper of a real server.


def wait_count(api: Api, name: str, count: int, *, index: str | None = None) -> None:
    deadline = time.monotonic() + 20
    while True:
        table = api("DescribeTable", TableName=name)["Table"]
        if table["ItemCount"] == count:
            return
        assert time.monotonic() < deadline, f"{name} still has {table['ItemCount']} items"
        time.sleep(0.02)


def test_expired_items_go_from_the_table_its_indexes_and_its_counts(api, create):
    name = create(tables.INDEXED)
    for n in range(120):
        seconds = int(time.time()) + (-60 if n % 4 else 3600)
        item = {"pk": S("a"), "sk": S(f"{n:03}"), "l": S(f"{n}"), "g": S("x"), "h": N(n),
                "ttl": N(seconds)}  # fmt: skip
        api("PutItem", TableName=name, Item=item)
    api("UpdateTimeToLive", spec(), TableName=name)
    wait_count(api, name, 30)
    rest = [f"{n:03}" for n in range(0, 120, 4)]
    described = api("DescribeTable", TableName=name)["Table"]
    indexes = described["LocalSecondaryIndexes"] + described["GlobalSecondaryIndexes"]
    for index in (None, *(index["IndexName"] for index in indexes)):
        where = {} if index is None else {"IndexName": index}
        items = api("Scan", where, TableName=name)["Items"]
        assert sorted(item["sk"]["S"] for item in items) == rest
    assert {index["ItemCount"] for index in indexes} == {30}
    api("PutItem", TableName=name, Item={"pk": S("a"), "sk": S("last"), "ttl": N(1)})
    items = api("Scan", TableName=name)["Items"]
    assert len(items) == 31


@own_server
def test_the_sweep_and_the_wait_can_be_switched_off(durable_server):
    server = durable_server("--ttl-sweep-seconds", "0", "--ttl-cooldown-seconds", "0")
    with Api(server.url) as api:
        tables.create(api, "kept", SIMPLE)
        for enabled in (True, False, True):
            api("UpdateTimeToLive", spec(enabled=enabled), TableName="kept")
        api("PutItem", TableName="kept", Item={"pk": S("a"), "ttl": N(int(time.time()) - 60)})
        # Each change of a table wakes all background work.
        for _ in range(2):
            time.sleep(0.1)
            tables.create(api, "other", SIMPLE)
            api("DeleteTable", TableName="other")
        time.sleep(0.1)
        assert api("Scan", TableName="kept")["Count"] == 1
