"""Creating a table like another: from a description, as DescribeTable gives it.

Streams and the time to live come after the items, so that a stream does not begin with copies,
and nothing expires before it was compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from genset.transfer.origins.origin import OriginTable
from genset.transfer.records import TransferError
from genset.transfer.tables import described, is_active, maybe_described, shape_of

_WAIT_S_MAX: Final = 600.0
_PAUSE_S_MAX: Final = 2.0
_UNITS: Final = ("ReadCapacityUnits", "WriteCapacityUnits")
_INDEX_MEMBERS: Final = ("IndexName", "KeySchema", "Projection")


def creation_request(table: OriginTable) -> dict[str, Any]:
    """The CreateTable request of a table like that one, with no stream."""
    found = table.description
    on_demand = _is_on_demand(found)
    request = {
        "TableName": found["TableName"],
        "AttributeDefinitions": found["AttributeDefinitions"],
        "KeySchema": found["KeySchema"],
        "BillingMode": "PAY_PER_REQUEST" if on_demand else "PROVISIONED",
        "LocalSecondaryIndexes": [
            {member: index[member] for member in _INDEX_MEMBERS}
            for index in found.get("LocalSecondaryIndexes") or ()
        ],
        "GlobalSecondaryIndexes": [
            {member: index[member] for member in _INDEX_MEMBERS} | _throughput(index, on_demand)
            for index in found.get("GlobalSecondaryIndexes") or ()
        ],
        "TableClass": found.get("TableClassSummary", {}).get("TableClass"),
        "DeletionProtectionEnabled": found.get("DeletionProtectionEnabled"),
        "Tags": table.tags,
        **_throughput(found, on_demand),
    }
    return {member: value for member, value in request.items() if value}


def _is_on_demand(description: dict[str, Any]) -> bool:
    summary = description.get("BillingModeSummary") or {}
    units = description.get("ProvisionedThroughput") or {}
    return bool(summary.get("BillingMode", "") == "PAY_PER_REQUEST" or not units.get(_UNITS[0]))


def _throughput(part: dict[str, Any], on_demand: bool) -> dict[str, Any]:
    """The throughput of a table or an index, as creation takes it."""
    if on_demand:
        ceilings = part.get("OnDemandThroughput")
        return {"OnDemandThroughput": ceilings} if ceilings else {}
    return {"ProvisionedThroughput": {unit: part["ProvisionedThroughput"][unit] for unit in _UNITS}}


def left_out(table: OriginTable) -> list[str]:
    """What the table has that is not created, each in words for the user."""
    return [*table.notes, *_left_out(table.description)]


def _left_out(description: dict[str, Any]) -> Iterator[str]:
    encryption = description.get("SSEDescription") or {}
    if encryption.get("SSEType") == "KMS":
        yield "its encryption with a key of KMS"
    for replica in description.get("Replicas") or ():
        yield f"its replica in {replica.get('RegionName')}"
    if description.get("TableStatus", "ACTIVE") not in ("ACTIVE", "UPDATING"):
        yield f"its state, {description['TableStatus']}"


class Creator:
    """Creates and deletes tables, and waits for it."""

    def __init__(
        self,
        client: Any,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._clock = clock
        self._sleep = sleep

    def create(self, table: OriginTable) -> None:
        """Create a table like that one; it is ACTIVE, with its indexes, when this returns."""
        request = creation_request(table)
        self._client.create_table(**request)
        self._wait_active(request["TableName"])

    def finish(self, table: OriginTable) -> None:
        """Give the table, which has its items, its stream and its time to live."""
        name = table.description["TableName"]
        stream = table.description.get("StreamSpecification") or {}
        if stream.get("StreamEnabled"):
            self._client.update_table(TableName=name, StreamSpecification=stream)
            self._wait_active(name)
        if table.time_to_live is not None:
            setting = {"Enabled": True, "AttributeName": table.time_to_live}
            self._client.update_time_to_live(TableName=name, TimeToLiveSpecification=setting)

    def delete(self, name: str) -> None:
        """Delete a table; it is gone when this returns."""
        self._client.delete_table(TableName=name)
        self._wait(name, lambda: maybe_described(self._client, name) is None)

    def _wait_active(self, name: str) -> None:
        self._wait(name, lambda: is_active(described(self._client, name)))

    def _wait(self, name: str, is_done: Callable[[], bool]) -> None:
        deadline = self._clock() + _WAIT_S_MAX
        pause = 0.02
        while not is_done():
            if self._clock() > deadline:
                raise TransferError(f"{name} did not become ready in {_WAIT_S_MAX:.0f} s")
            self._sleep(pause)
            pause = min(pause * 2, _PAUSE_S_MAX)


def difference_of_keys(table: OriginTable, existing: dict[str, Any]) -> str | None:
    """Why items of the one table cannot be put into the other, or None."""
    here, there = _typed_keys(existing), _typed_keys(table.description)
    if here == there:
        return None
    return f"its keys are {', '.join(here)}, and those to be copied have {', '.join(there)}"


def _typed_keys(description: dict[str, Any]) -> list[str]:
    types = shape_of(description).key_types
    return [
        f"{each['AttributeName']} ({types[each['AttributeName']]})"
        for each in description["KeySchema"]
    ]
