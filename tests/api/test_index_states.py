"""The states of tables and their indexes, on a clock that the test moves.

Observed on the service in October 2026, where no other source is named. A state lasts ten seconds
here; the backfill does its work when the test says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from genset.background.backfill import fill_indexes_round
from support import tables
from support.in_process import InProcess
from support.stores import Store
from support.values import N, S

TRANSITION_S = 10.0
IN_USE = "Attempt to change a resource which is still in use: "
ONE_ONLY = (
    "LimitExceededException",
    "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per "
    "table",
)
UNITS = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
MORE = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 2}
STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}
CLASS = {"TableClass": "STANDARD_INFREQUENT_ACCESS"}
CEILING = {"OnDemandThroughput": {"MaxReadRequestUnits": 9}}


class Machine:
    """A server in this process, with a table `games` that has the index `old`."""

    def __init__(self, server: InProcess, engine: Any) -> None:
        self.server = server
        self.engine = engine

    async def call(self, operation: str, **members: Any) -> dict[str, Any]:
        status, body = await self.server.send(operation, {"TableName": "games", **members})
        assert status == 200, body
        return body

    async def update(self, **members: Any) -> dict[str, Any]:
        return (await self.call("UpdateTable", **members))["TableDescription"]

    async def refused(self, operation: str, **members: Any) -> tuple[str, str]:
        status, body = await self.server.send(operation, {"TableName": "games", **members})
        assert status == 400, body
        return body["__type"].rpartition("#")[2], body.get("message") or body["Message"]

    async def in_use(self, operation: str = "UpdateTable", **members: Any) -> str:
        """What is in use, for a call that is refused for that."""
        kind, message = await self.refused(operation, **members)
        assert kind == "ResourceInUseException", message
        assert message.startswith(IN_USE)
        return message.removeprefix(IN_USE)

    async def states(self) -> tuple[Any, ...]:
        """TableStatus, then name, IndexStatus and Backfilling of each index."""
        found = (await self.call("DescribeTable"))["Table"]
        return (
            found["TableStatus"],
            *(
                (index["IndexName"], index["IndexStatus"], index.get("Backfilling"))
                for index in found.get("GlobalSecondaryIndexes", ())
            ),
        )

    async def backfill(self) -> None:
        await fill_indexes_round(self.engine, self.server.services)

    def wait(self, seconds: float) -> None:
        self.server.now += seconds


Scenario = Callable[[Machine], Awaitable[None]]
Play = Callable[..., None]


@pytest.fixture
def play(store: Store) -> Play:
    """Plays a scenario on a machine whose table has the members given."""
    return lambda scenario, **table: asyncio.run(played(store, scenario, **table))


async def played(store: Store, scenario: Scenario, **table: Any) -> None:
    engine = await store.open_empty()
    try:
        machine = Machine(InProcess(engine, transition_s=TRANSITION_S), engine)
        machine.server.now = 1_000.0
        definition = tables.table(
            "pk", types={"pk": "S", "o": "S"}, everywhere=[tables.index("old", "o")]
        )
        await machine.call("CreateTable", **{**definition, **table})
        machine.wait(TRANSITION_S)
        for n in range(3):
            item = {"pk": S(str(n)), "o": S("o"), "g": S("g")}
            await machine.call("PutItem", Item=item)
        await scenario(machine)
    finally:
        await engine.close()


PROVISIONED = {
    "BillingMode": "PROVISIONED",
    "ProvisionedThroughput": UNITS,
    "GlobalSecondaryIndexes": [{**tables.index("old", "o"), "ProvisionedThroughput": UNITS}],
}


def creation(name: str = "new", **members: Any) -> dict[str, Any]:
    return {
        "AttributeDefinitions": tables.definitions(g="S"),
        "GlobalSecondaryIndexUpdates": [{"Create": {**tables.index(name, "g"), **members}}],
    }


def deletion(name: str) -> dict[str, Any]:
    return {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}


def update(name: str, **members: Any) -> dict[str, Any]:
    return {"GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": name, **members}}]}


OLD = ("old", "ACTIVE", None)


def test_an_index_is_allocated_then_backfilled_then_active(play: Play) -> None:
    async def scenario(machine: Machine) -> None:
        await machine.update(**creation())
        assert await machine.states() == ("UPDATING", OLD, ("new", "CREATING", False))
        await machine.backfill()
        machine.wait(9.9)
        assert await machine.states() == ("UPDATING", OLD, ("new", "CREATING", False))
        machine.wait(0.1)
        assert await machine.states() == ("ACTIVE", OLD, ("new", "CREATING", True))
        machine.wait(TRANSITION_S)
        assert await machine.states() == ("ACTIVE", OLD, ("new", "ACTIVE", None))

    play(scenario)


def test_an_index_is_not_active_before_it_is_full(play: Play) -> None:
    async def scenario(machine: Machine) -> None:
        await machine.update(**creation())
        machine.wait(1_000)
        assert await machine.states() == ("ACTIVE", OLD, ("new", "CREATING", True))
        await machine.backfill()
        assert await machine.states() == ("ACTIVE", OLD, ("new", "ACTIVE", None))
        found = await machine.call("Scan", IndexName="new")
        assert found["Count"] == 3

    play(scenario)


def test_an_index_is_not_read_while_it_is_created(play: Play) -> None:
    """Reported from the service in 2022."""

    async def scenario(machine: Machine) -> None:
        await machine.update(**creation())
        query = {
            "IndexName": "new",
            "KeyConditionExpression": "g = :g",
            "ExpressionAttributeValues": {":g": S("g")},
        }
        error = (
            "ValidationException",
            "Cannot read from backfilling global secondary index: new",
        )
        await machine.backfill()
        for _ in ("allocated", "backfilled"):
            assert await machine.refused("Query", **query) == error
            assert await machine.refused("Scan", IndexName="new") == error
            assert (await machine.call("Scan", IndexName="old"))["Count"] == 3
            machine.wait(TRANSITION_S)
        assert (await machine.call("Query", **query))["Count"] == 3

    play(scenario)


def test_writes_that_violate_an_index_that_is_created_are_refused(play: Play) -> None:
    """Developer guide, "Managing global secondary indexes": afterwards they all are, before that
    some are and some are not."""

    async def scenario(machine: Machine) -> None:
        await machine.call("PutItem", Item={"pk": S("odd"), "g": N(1)})
        await machine.update(**creation())
        await machine.backfill()
        for _ in ("allocated", "backfilled", "active"):
            error = await machine.refused("PutItem", Item={"pk": S("odd"), "g": N(2)})
            assert error[1].endswith("Expected: S Actual: N IndexName: new")
            machine.wait(TRANSITION_S)
        described = (await machine.call("DescribeTable"))["Table"]["GlobalSecondaryIndexes"][1]
        assert described["ItemCount"] == 3

    play(scenario)


def test_the_counts_of_an_index_being_created_are_what_it_has(play: Play) -> None:
    async def scenario(machine: Machine) -> None:
        await machine.update(**creation())
        for number, count in enumerate((0, 1, 2)):
            described = (await machine.call("DescribeTable"))["Table"]["GlobalSecondaryIndexes"][1]
            assert (described["IndexStatus"], described["ItemCount"]) == ("CREATING", count)
            await machine.call("PutItem", Item={"pk": S(f"more-{number}"), "g": S("g")})
        await machine.backfill()
        described = (await machine.call("DescribeTable"))["Table"]["GlobalSecondaryIndexes"][1]
        assert (described["IndexStatus"], described["ItemCount"]) == ("CREATING", 6)

    play(scenario)


def test_an_index_that_is_deleted_goes_after_a_while(play: Play) -> None:
    async def scenario(machine: Machine) -> None:
        await machine.update(**deletion("old"))
        assert await machine.states() == ("UPDATING", ("old", "DELETING", None))
        described = (await machine.call("DescribeTable"))["Table"]
        assert described["AttributeDefinitions"] == tables.definitions(o="S", pk="S")
        error = ("ValidationException", "The table does not have the specified index: old")
        assert await machine.refused("Scan", IndexName="old") == error
        machine.wait(TRANSITION_S)
        assert await machine.states() == ("ACTIVE",)
        described = (await machine.call("DescribeTable"))["Table"]
        assert described["AttributeDefinitions"] == tables.definitions(pk="S")

    play(scenario)


def test_what_is_possible_while_an_index_is_allocated(play: Play) -> None:
    async def scenario(machine: Machine) -> None:
        await machine.update(**creation(ProvisionedThroughput=UNITS))
        assert await machine.in_use(ProvisionedThroughput=MORE) == (
            "Can't change table IOPS when an index is being created. Table: games Indexes: [new]"
        )
        assert await machine.in_use(BillingMode="PAY_PER_REQUEST") == (
            "Can't change table IOPS when an index is being created. Table: games Indexes: [new]"
        )
        assert (await machine.in_use(**STREAM)).startswith(
            "Can't change stream status when an index is being created"
        )
        assert await machine.in_use(**update("new", ProvisionedThroughput=MORE)) == (
            "Index is being created but is not backfilling yet.  Table: games Index: new"
        )
        assert await machine.in_use(**deletion("new")) == (
            "Index creation is in resource allocation phase. Retry deletion during backfilling "
            "phase or when the index is active. Table: games Index: new"
        )
        assert await machine.refused("UpdateTable", **deletion("old")) == ONE_ONLY
        other = creation("other", ProvisionedThroughput=UNITS)
        assert await machine.refused("UpdateTable", **other) == ONE_ONLY
        assert await machine.in_use("DeleteTable") == (
            "Cannot delete table while indexes are being created, updated, or deleted."
        )
        answer = await machine.update(**update("old", ProvisionedThroughput=MORE))
        states = [index["IndexStatus"] for index in answer["GlobalSecondaryIndexes"]]
        assert (answer["TableStatus"], *states) == ("UPDATING", "UPDATING", "CREATING")
        answer = await machine.update(DeletionProtectionEnabled=True)
        assert answer["TableStatus"] == "UPDATING"

    play(scenario, **PROVISIONED)


def test_ceilings_while_an_index_is_allocated_or_deleted(play: Play) -> None:
    async def scenario(machine: Machine) -> None:
        await machine.update(**creation())
        assert await machine.in_use(**CEILING) == (
            "OnDemandThroughput cannot be updated while index creation is in progress for "
            "indexes: [new]"
        )
        machine.wait(TRANSITION_S)
        await machine.update(**CEILING)
        await machine.update(**deletion("new"))
        assert await machine.in_use(**CEILING) == (
            "OnDemandThroughput cannot be updated while index deletion is in progress for "
            "indexes: [new]"
        )
        assert (await machine.update(BillingMode="PAY_PER_REQUEST"))["TableStatus"] == "UPDATING"

    play(scenario)


def test_what_is_possible_while_an_index_is_backfilled(play: Play) -> None:
    async def scenario(machine: Machine) -> None:
        await machine.update(**creation(ProvisionedThroughput=UNITS))
        machine.wait(TRANSITION_S)
        assert await machine.refused("UpdateTable", **deletion("old")) == ONE_ONLY
        again = creation(ProvisionedThroughput=UNITS)
        assert await machine.refused("UpdateTable", **again) == (
            "ValidationException",
            "Attempting to create an index which already exists",
        )
        assert await machine.in_use("DeleteTable") == (
            "Cannot delete table while indexes are being created, updated, or deleted."
        )
        answer = await machine.update(**update("new", ProvisionedThroughput=MORE))
        new = answer["GlobalSecondaryIndexes"][1]
        # Developer guide, "Modifying an index creation".
        assert (new["IndexStatus"], new["Backfilling"]) == ("UPDATING", True)
        machine.wait(TRANSITION_S)
        answer = await machine.update(ProvisionedThroughput=MORE)
        assert answer["TableStatus"] == "UPDATING"
        assert await machine.in_use(**STREAM) == (
            "Can't enable or disable stream while table IOPS are being updated. Table: games"
        )

    play(scenario, **PROVISIONED)


def test_an_index_is_deleted_while_it_is_backfilled(play: Play) -> None:
    async def scenario(machine: Machine) -> None:
        await machine.update(**creation())
        machine.wait(TRANSITION_S)
        answer = await machine.update(**deletion("new"))
        states = [index["IndexStatus"] for index in answer["GlobalSecondaryIndexes"]]
        assert (answer["TableStatus"], *states) == ("UPDATING", "ACTIVE", "DELETING")
        await machine.backfill()
        machine.wait(TRANSITION_S)
        assert await machine.states() == ("ACTIVE", OLD)
        await machine.update(**creation())
        await machine.backfill()
        machine.wait(2 * TRANSITION_S)
        assert (await machine.call("Scan", IndexName="new"))["Count"] == 3

    play(scenario)


def test_what_is_possible_while_an_index_is_deleted(play: Play) -> None:
    async def scenario(machine: Machine) -> None:
        await machine.update(**creation("new", ProvisionedThroughput=UNITS))
        await machine.backfill()
        machine.wait(2 * TRANSITION_S)
        await machine.update(**deletion("old"))
        for change in (
            {"BillingMode": "PAY_PER_REQUEST"},
            {"ProvisionedThroughput": MORE},
            {"BillingMode": "PROVISIONED", "ProvisionedThroughput": MORE},
        ):
            assert await machine.in_use(**change) == (
                "Can't change table IOPS when an index is being deleted. Table: games "
                "Indexes: [old]"
            )
        deleted = "Index is being deleted. Table: games Index: old"
        both = {**update("old", ProvisionedThroughput=MORE), "ProvisionedThroughput": MORE}
        assert await machine.in_use(**both) == deleted
        assert await machine.in_use(**deletion("old")) == deleted
        assert await machine.in_use(**creation("old", ProvisionedThroughput=UNITS)) == deleted
        assert await machine.refused("UpdateTable", **deletion("new")) == ONE_ONLY
        assert await machine.in_use("DeleteTable") == (
            "Cannot delete table while indexes are being created, updated, or deleted."
        )
        answer = await machine.update(DeletionProtectionEnabled=True)
        assert answer["TableStatus"] == "UPDATING"
        await machine.update(**update("new", ProvisionedThroughput=MORE))
        machine.wait(TRANSITION_S)
        assert await machine.refused(
            "UpdateTable", **update("old", ProvisionedThroughput=UNITS)
        ) == (
            "ResourceNotFoundException",
            "Requested resource not found: Index old for table games",
        )
        await machine.update(ProvisionedThroughput=MORE)

    play(scenario, **PROVISIONED)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"ProvisionedThroughput": MORE},
            "Can't create or delete indexes while table IOPS are being updated. Table: games",
        ),
        (
            STREAM,
            "Can't create or delete an index when stream status is being updated. Table: games "
            "Stream: 1970-01-01T00:16:50.000 Operation: ENABLE",
        ),
        (
            CLASS,
            "Can't create or delete an index when a table class update is in progress. Table: "
            "games TableClassUpdateInProgress: STANDARD_INFREQUENT_ACCESS",
        ),
    ],
)
def test_an_index_waits_for_other_changes(play: Play, change: dict[str, Any], words: str) -> None:
    async def scenario(machine: Machine) -> None:
        await machine.update(**change)
        create = creation(ProvisionedThroughput=UNITS)
        assert await machine.in_use(**create) == words
        machine.wait(TRANSITION_S)
        await machine.update(**create)

    play(scenario, **PROVISIONED)


def test_other_changes_exclude_each_other(play: Play) -> None:
    async def scenario(machine: Machine) -> None:
        stream = "Table: games Stream: 1970-01-01T00:16:50.000 Operation: ENABLE"
        await machine.update(**STREAM)
        assert await machine.in_use(**CLASS) == (
            f"Can't update table class when stream status is being updated. {stream}"
        )
        assert await machine.in_use(**STREAM) == (
            f"A stream status change is currently in progress. {stream}"
        )
        assert await machine.in_use("DeleteTable") == (
            "Cannot delete table while stream is being enabled/disabled."
        )
        machine.wait(TRANSITION_S)
        await machine.update(**CLASS)
        table_class = "Table: games TableClassUpdateInProgress: STANDARD_INFREQUENT_ACCESS"
        assert await machine.in_use(**CLASS) == (
            f"Can't update table class when a table class update is in progress. {table_class}"
        )
        off = {"StreamSpecification": {"StreamEnabled": False}}
        assert await machine.in_use(**off) == (
            f"Can't change stream status when a table class update is in progress. {table_class}"
        )
        assert await machine.in_use(**CEILING) == (
            "OnDemandThroughput cannot be updated while TableClass update is in progress. "
            "TableClassUpdateInProgress: STANDARD_INFREQUENT_ACCESS"
        )
        await machine.update(DeletionProtectionEnabled=True)

    play(scenario)


def test_throughput_is_the_old_one_while_it_changes(play: Play) -> None:
    async def scenario(machine: Machine) -> None:
        async def reads() -> list[int]:
            table = (await machine.call("DescribeTable"))["Table"]
            parts = (table, *table["GlobalSecondaryIndexes"])
            return [part["ProvisionedThroughput"]["ReadCapacityUnits"] for part in parts]

        await machine.update(**update("old", ProvisionedThroughput=MORE))
        assert await reads() == [1, 1]
        await machine.update(ProvisionedThroughput=MORE)
        machine.wait(TRANSITION_S - 1)
        assert await reads() == [1, 1]
        machine.wait(1)
        assert await reads() == [2, 2]
        await machine.update(BillingMode="PAY_PER_REQUEST")
        assert await reads() == [0, 0]

    play(scenario, **PROVISIONED)


def test_warm_throughput_has_a_status_of_its_own_while_it_is_raised(play: Play) -> None:
    async def scenario(machine: Machine) -> None:
        async def warmth() -> list[tuple[int, str]]:
            table = (await machine.call("DescribeTable"))["Table"]
            assert table["TableStatus"] == "ACTIVE"
            parts = [part["WarmThroughput"] for part in (table, *table["GlobalSecondaryIndexes"])]
            return [(warm["ReadUnitsPerSecond"], warm["Status"]) for warm in parts]

        await machine.update(**update("old", WarmThroughput={"ReadUnitsPerSecond": 13_000}))
        assert await warmth() == [(12_000, "ACTIVE"), (12_000, "UPDATING")]
        machine.wait(TRANSITION_S)
        await machine.update(WarmThroughput={"ReadUnitsPerSecond": 14_000})
        assert await warmth() == [(12_000, "UPDATING"), (13_000, "ACTIVE")]
        machine.wait(TRANSITION_S)
        assert await warmth() == [(14_000, "ACTIVE"), (13_000, "ACTIVE")]

    play(scenario)


def test_encryption_is_changed_while_the_table_is_active(play: Play) -> None:
    """Observed on the service, October 2026."""

    async def scenario(machine: Machine) -> None:
        deletion = "Table: games is in the process of being updated."
        updating = "Server-Side Encryption is still being updated"
        kms = {"SSESpecification": {"Enabled": True, "SSEType": "KMS"}}
        off = {"SSESpecification": {"Enabled": False}}
        answer = await machine.update(**kms)
        assert answer["TableStatus"] == "ACTIVE"
        for seconds, status in ((0, "UPDATING"), (TRANSITION_S, "ENABLED")):
            machine.wait(seconds)
            found = (await machine.call("DescribeTable"))["Table"]
            assert (found["TableStatus"], found["SSEDescription"]["Status"]) == ("ACTIVE", status)
            if status == "UPDATING":
                await machine.update(**kms)
                await machine.update(DeletionProtectionEnabled=False)
                assert await machine.in_use(**off) == updating
                assert await machine.in_use("DeleteTable") == deletion
        await machine.update(**off)

    play(scenario)


def test_throughput_of_an_index_makes_it_updating(play: Play) -> None:
    async def scenario(machine: Machine) -> None:
        await machine.update(**update("old", **CEILING))
        assert await machine.states() == ("ACTIVE", ("old", "UPDATING", None))
        assert (await machine.call("Scan", IndexName="old"))["Count"] == 3
        assert await machine.in_use(**update("old", **CEILING)) == (
            "Index is being updated. Table: games Index: old"
        )
        assert await machine.in_use("DeleteTable") == (
            "Cannot delete table while indexes are being created, updated, or deleted."
        )
        machine.wait(TRANSITION_S)
        assert await machine.states() == ("ACTIVE", OLD)
        await machine.call("DeleteTable")

    play(scenario)


def test_the_capacity_of_writes_beside_a_backfill(play: Play) -> None:
    """A write pays for the entries that it makes, changes and removes, and for no other.

    That an entry which is not there yet costs nothing is inferred.
    """

    async def scenario(machine: Machine) -> None:
        await machine.update(**creation())
        cost = {"ReturnConsumedCapacity": "INDEXES"}

        async def write(operation: str, **members: Any) -> float:
            answer = await machine.call(operation, **members, **cost)
            indexes = answer["ConsumedCapacity"].get("GlobalSecondaryIndexes", {})
            return indexes.get("new", {}).get("CapacityUnits", 0.0)

        moved = {"pk": S("0"), "g": S("moved")}
        assert await write("PutItem", Item=moved) == 1.0
        assert await write("PutItem", Item={**moved, "g": S("again")}) == 2.0
        assert await write("DeleteItem", Key={"pk": S("1")}) == 0.0
        assert await write("PutItem", Item={"pk": S("2"), "g": S("g"), "n": N(1)}) == 1.0
        assert await write("DeleteItem", Key={"pk": S("2")}) == 1.0
        await machine.backfill()
        machine.wait(2 * TRANSITION_S)
        described = (await machine.call("DescribeTable"))["Table"]["GlobalSecondaryIndexes"][1]
        assert described["ItemCount"] == (await machine.call("Scan", IndexName="new"))["Count"] == 1

    play(scenario)
