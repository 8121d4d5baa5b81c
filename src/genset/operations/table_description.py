"""TableDescription: how the API shows a table, and its counts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from genset.model import index_states
from genset.model.tables import Index, Keys, Table
from genset.operations import throughput_changes
from genset.operations.table_rules import (
    ENCRYPTION,
    NO_CEILING,
    ON_DEMAND,
    ON_DEMAND_WARM_UNITS,
    THROUGHPUT,
    WARM_MEMBERS,
    WARM_RAISE,
    is_encrypted,
    is_under_way,
)
from genset.storage import keyspace
from genset.storage.engine import Snapshot

Description: TypeAlias = dict[str, Any]
Counts: TypeAlias = Mapping[int, tuple[int, int]]

# What a table keeps to itself once it is asked to go, as seen on the service from 2021 to 2024.
_NOT_AT_DELETION: Final = (
    "AttributeDefinitions",
    "KeySchema",
    "CreationDateTime",
    "LocalSecondaryIndexes",
    "GlobalSecondaryIndexes",
    "WarmThroughput",
)


async def read_counts(snapshot: Snapshot, table: Table) -> Counts:
    """The items and bytes of a table (number 0) and of each of its indexes, never negative."""
    counts = {}
    for number in (0, *(index.number for index in (*table.indexes, *table.deleting))):
        found = await snapshot.get_counters(keyspace.counts_key(table.number, number))
        items, size = found if len(found) == 2 else (0, 0)
        counts[number] = (max(items, 0), max(size, 0))
    return counts


def describe(table: Table, status: str, counts: Counts, now: float) -> Description:
    """The TableDescription of a table in that status at that time."""
    items, size = counts.get(0, (0, 0))
    leaving = index_states.being_deleted(table, now)
    description: Description = {
        "AttributeDefinitions": _attribute_definitions((*table.indexes, *leaving), table.keys),
        "TableName": table.name,
        "KeySchema": key_schema(table.keys),
        "TableStatus": status,
        "CreationDateTime": table.created_at,
        "ProvisionedThroughput": _throughput(
            table, now, changing=is_under_way(table, THROUGHPUT, now)
        ),
        "TableSizeBytes": size,
        "ItemCount": items,
        "TableArn": table.arn,
        "TableId": table.table_id,
        "DeletionProtectionEnabled": table.deletion_protection,
        "WarmThroughput": _warm(table, table, status, now),
    }
    local = [_describe_index(table, i, counts) for i in table.indexes if not i.is_global]
    if local:
        description["LocalSecondaryIndexes"] = local
    shared = [_describe_global(table, i, status, counts, now) for i in table.indexes if i.is_global]
    shared += [_describe_global(table, index, "DELETING", counts, now) for index in leaving]
    if shared:
        description["GlobalSecondaryIndexes"] = shared
    description.update(_extras(table))
    if "SSEDescription" in description and is_under_way(table, ENCRYPTION, now):
        description["SSEDescription"]["Status"] = "UPDATING"
    return description


def describe_deletion(table: Table, counts: Counts, now: float) -> Description:
    """The TableDescription that DeleteTable answers with."""
    described = describe(table, "DELETING", counts, now)
    return {name: value for name, value in described.items() if name not in _NOT_AT_DELETION}


def stream_label(now: float) -> str:
    """The label of a stream enabled at that time."""
    text = datetime.fromtimestamp(now, tz=UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00")


def with_stream(table: Table, extras: dict[str, Any], now: float) -> dict[str, Any]:
    """`extras` with the members of a stream enabled at that time, if they ask for one.

    A specification that disables the stream is dropped; the last stream's label stays.
    """
    stream = extras.get("StreamSpecification")
    if stream is None:
        return extras
    if not stream.get("StreamEnabled"):
        return {m: value for m, value in extras.items() if m != "StreamSpecification"}
    return {**extras, **stream_members(table, stream_label(now))}


def stream_members(table: Table, label: str) -> dict[str, str]:
    """The members of a table that name its latest stream."""
    return {"LatestStreamLabel": label, "LatestStreamArn": f"{table.arn}/stream/{label}"}


def _attribute_definitions(indexes: Iterable[Index], table_keys: Keys) -> list[dict[str, str]]:
    keys = (table_keys, *(index.keys for index in indexes))
    types = {a.name: a.type for k in keys for a in k.partition + k.sort}
    return [{"AttributeName": name, "AttributeType": types[name]} for name in sorted(types)]


def key_schema(keys: Keys) -> list[dict[str, str]]:
    """The KeySchema of a table or index."""
    elements = [{"AttributeName": a.name, "KeyType": "HASH"} for a in keys.partition]
    return elements + [{"AttributeName": a.name, "KeyType": "RANGE"} for a in keys.sort]


def _throughput(part: Table | Index, now: float, *, changing: bool) -> dict[str, Any]:
    units = (part.read_units, part.write_units)
    return throughput_changes.shown(part.extras, units, now, changing=changing)


def warm_units(table: Table, part: Table | Index) -> tuple[int, int]:
    """The warm reads and writes of the table, or of its index."""
    on_demand = table.billing_mode == ON_DEMAND
    floors = ON_DEMAND_WARM_UNITS if on_demand else (part.read_units, part.write_units)
    given = part.extras.get("WarmThroughput") or {}
    reads, writes = (given.get(member) or 0 for member in WARM_MEMBERS)
    return max(reads, floors[0]), max(writes, floors[1])


def _warm(table: Table, part: Table | Index, status: str, now: float) -> dict[str, Any]:
    # Observed in October 2026: ACTIVE while the table is UPDATING, UPDATING while it is made. A
    # raise on request has a status of its own, and shows the old units while it lasts.
    units, is_raised = warm_units(table, part), False
    raise_ = part.extras.get(WARM_RAISE)
    if raise_ is not None and now < raise_["until"]:
        units, is_raised = raise_["before"], True
    return {
        **dict(zip(WARM_MEMBERS, units, strict=True)),
        "Status": "UPDATING" if is_raised or status == "CREATING" else "ACTIVE",
    }


def _ceilings(part: Table | Index) -> dict[str, Any]:
    given = part.extras.get("OnDemandThroughput") or {}
    kept = {m: units for m, units in given.items() if units is not None and units != NO_CEILING}
    return {"OnDemandThroughput": kept} if kept else {}


def _describe_index(table: Table, index: Index, counts: Counts) -> Description:
    items, size = counts.get(index.number, (0, 0))
    projection: dict[str, Any] = {"ProjectionType": index.projection_type}
    if index.non_key_attributes:
        projection["NonKeyAttributes"] = list(index.non_key_attributes)
    return {
        "IndexName": index.name,
        "KeySchema": key_schema(index.keys),
        "Projection": projection,
        "IndexSizeBytes": size,
        "ItemCount": items,
        "IndexArn": f"{table.arn}/index/{index.name}",
    }


def _describe_global(
    table: Table, index: Index, status: str, counts: Counts, now: float
) -> Description:
    if status in ("ACTIVE", "UPDATING"):
        # Observed in October 2026: a table's own changes leave its indexes ACTIVE.
        status = index_states.status(index, now)
    described = {
        **_describe_index(table, index, counts),
        "IndexStatus": status,
        "ProvisionedThroughput": _throughput(
            index, now, changing=index_states.is_being_updated(index, now)
        ),
        "WarmThroughput": _warm(table, index, status, now),
        **_ceilings(index),
    }
    if status != "DELETING" and index_states.is_being_created(index, now):
        described["Backfilling"] = not index_states.is_being_allocated(index, now)
    return described


def _extras(table: Table) -> Description:
    extras, shown = table.extras, _ceilings(table)
    if table.billing_mode == ON_DEMAND or "BillingModeChangedAt" in extras:
        shown["BillingModeSummary"] = {"BillingMode": table.billing_mode}
        on_demand_since = extras.get("OnDemandSince")
        if on_demand_since is not None:
            shown["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"] = on_demand_since
    for member in ("StreamSpecification", "LatestStreamLabel", "LatestStreamArn"):
        if member in extras:
            shown[member] = extras[member]
    if "TableClass" in extras:
        shown["TableClassSummary"] = {"TableClass": extras["TableClass"]}
        if "TableClassChangedAt" in extras:
            shown["TableClassSummary"]["LastUpdateDateTime"] = extras["TableClassChangedAt"]
    encrypted = encryption(table)
    if encrypted:
        shown["SSEDescription"] = encrypted
    return shown


def encryption(table: Table) -> dict[str, str]:
    """The SSEDescription of a table; empty if it has the key of every table."""
    if not is_encrypted(table.extras.get("SSESpecification")):
        return {}
    return {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": kms_key_arn(table)}


def kms_key_arn(table: Table) -> str:
    """The ARN of the KMS key that a table is encrypted with."""
    keys = f"arn:aws:kms:{table.region}:{table.account}:"
    given: str | None = table.extras["SSESpecification"].get("KMSMasterKeyId")
    if given is None:
        # One key per account and Region, as AWS manages it: the same answer every time.
        return f"{keys}key/{uuid.uuid5(uuid.NAMESPACE_URL, keys + 'alias/aws/dynamodb')}"
    if given.startswith("arn:"):
        return given
    return keys + (given if given.startswith("alias/") else f"key/{given}")
