"""From what a table is to what it is to be: the calls that lead there, in an order that is allowed.

DynamoDB makes one kind of change in a call of UpdateTable, and creates or deletes one index at a
time; between two calls the table has to be ACTIVE again.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from genset.schemas import requests, shown
from genset.schemas.calls import Request
from genset.schemas.current import CurrentTable
from genset.schemas.definitions import (
    INSIGHTS,
    ON_DEMAND,
    POLICY,
    PROVISIONED,
    TAGS,
    TIME_TO_LIVE,
    IndexDefinition,
    TableDefinition,
    Units,
)
from genset.schemas.policies import same_policy

_NONE: Final = "none"


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes different, in words; `is_destructive` if something is lost by it."""

    what: str
    before: str
    after: str
    is_destructive: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True)
class Step:
    """One call, and what it changes."""

    operation: str
    request: Request
    changes: tuple[Change, ...] = ()


def creation_steps(wanted: TableDefinition) -> list[Step]:
    """The steps that make a table that is not there."""
    steps = [Step("CreateTable", requests.create_request(wanted))]
    if wanted.time_to_live is not None:
        steps.append(_time_to_live_step(wanted.name, wanted.time_to_live, enabled=True))
    steps += _insights_steps(wanted, None)
    return steps


def replacement_changes(wanted: TableDefinition, current: TableDefinition) -> list[Change]:
    """What cannot be changed of a table, and is to be different: the table has to be replaced."""
    changes = []
    before, after = _key(current), _key(wanted)
    if before != after:
        changes.append(Change("key", before, after, is_destructive=True))
    had = {index.name: index for index in current.local_indexes}
    for index in wanted.local_indexes:
        found = had.pop(index.name, None)
        if found is None or _shape(found, current) != _shape(index, wanted):
            changes.append(_index_change("local index", found, current, index, wanted))
    changes += [_index_change("local index", i, current, None, wanted) for i in had.values()]
    return changes


def update_steps(wanted: TableDefinition, current: CurrentTable) -> list[Step]:
    """The steps that make the table `wanted` of the one that is there, which has its key."""
    had = current.definition
    return [
        *_index_deletions(wanted, had),
        *_capacity_steps(wanted, had),
        *_ceiling_steps(wanted, had),
        *_warm_steps(wanted, had),
        *_index_creations(wanted, had),
        *_stream_steps(wanted, had),
        *_setting_steps(wanted, had),
        *_time_to_live_steps(wanted, had),
        *_tag_steps(wanted, current),
        *_policy_steps(wanted, current),
        *_insights_steps(wanted, had),
    ]


def _key(table: TableDefinition) -> str:
    return shown.keys_shown(table, table.attribute_types)


def _shape(index: IndexDefinition, table: TableDefinition) -> object:
    return index.shape, [table.attribute_types[name] for name, _ in index.keys]


def _index_change(
    what: str,
    before: IndexDefinition | None,
    had: TableDefinition,
    after: IndexDefinition | None,
    wanted: TableDefinition,
) -> Change:
    index = before or after
    assert index is not None
    return Change(
        f"{what} {index.name}",
        _NONE if before is None else shown.index_shown(before, had.attribute_types),
        _NONE if after is None else shown.index_shown(after, wanted.attribute_types),
        is_destructive=before is not None or what == "local index",
    )


def _update(wanted: TableDefinition, changes: tuple[Change, ...], **members: Any) -> Step:
    return Step("UpdateTable", {"TableName": wanted.name, **members}, changes)


def _index_deletions(wanted: TableDefinition, had: TableDefinition) -> Iterator[Step]:
    for index in had.global_indexes:
        kept = wanted.global_index(index.name)
        if kept is not None and _shape(kept, wanted) == _shape(index, had):
            continue
        change = _index_change("index", index, had, kept, wanted)
        update = {"Delete": {"IndexName": index.name}}
        yield _update(wanted, (change,), GlobalSecondaryIndexUpdates=[update])


def _index_creations(wanted: TableDefinition, had: TableDefinition) -> Iterator[Step]:
    for index in wanted.global_indexes:
        before = had.global_index(index.name)
        if before is not None and _shape(index, wanted) == _shape(before, had):
            continue
        # That an index is replaced is said where the one before is deleted.
        changes = () if before else (_index_change("index", None, had, index, wanted),)
        names = {name for keys in (wanted.keys, index.keys) for name, _ in keys}
        types = {name: kind for name, kind in wanted.attribute_types.items() if name in names}
        yield _update(
            wanted,
            changes,
            AttributeDefinitions=requests.definitions(types),
            GlobalSecondaryIndexUpdates=[{"Create": requests.index_request(index)}],
        )


def _kept_indexes(
    wanted: TableDefinition, had: TableDefinition
) -> Iterator[tuple[IndexDefinition, IndexDefinition]]:
    """The indexes that stay, as they are to be and as they are."""
    for index in wanted.global_indexes:
        before = had.global_index(index.name)
        if before is not None and _shape(index, wanted) == _shape(before, had):
            yield index, before


def _capacity_steps(wanted: TableDefinition, had: TableDefinition) -> Iterator[Step]:
    """Billing mode and throughput, of the table and of all indexes that stay, in one call."""
    members: dict[str, Any] = {}
    changes: list[Change] = []
    if wanted.billing_mode != had.billing_mode:
        members["BillingMode"] = wanted.billing_mode
    if members or wanted.throughput != had.throughput:
        before, after = shown.capacity_shown(had), shown.capacity_shown(wanted)
        changes.append(Change("capacity", before, after))
        if wanted.billing_mode == PROVISIONED:
            members["ProvisionedThroughput"] = requests.units_request(
                wanted.throughput, requests.CAPACITY
            )
    updates = []
    for index, before_index in _kept_indexes(wanted, had):
        if index.throughput == before_index.throughput:
            continue
        if wanted.billing_mode == PROVISIONED:
            throughput = requests.units_request(index.throughput, requests.CAPACITY)
            update = {"IndexName": index.name, "ProvisionedThroughput": throughput}
            updates.append({"Update": update})
        changes.append(
            Change(
                f"capacity of index {index.name}",
                shown.units_shown(before_index.throughput),
                shown.units_shown(index.throughput),
            )
        )
    if updates:
        members["GlobalSecondaryIndexUpdates"] = updates
    if members:
        yield _update(wanted, tuple(changes), **members)


def _ceiling_steps(wanted: TableDefinition, had: TableDefinition) -> Iterator[Step]:
    if wanted.billing_mode != ON_DEMAND:
        return
    if wanted.ceilings != had.ceilings:
        change = _units_change("maximum on demand", had.ceilings, wanted.ceilings)
        request = _ceilings_request(wanted.ceilings, had.ceilings)
        yield _update(wanted, (change,), OnDemandThroughput=request)
    for index, before in _kept_indexes(wanted, had):
        if index.ceilings == before.ceilings:
            continue
        what = f"maximum on demand of index {index.name}"
        change = _units_change(what, before.ceilings, index.ceilings)
        request = _ceilings_request(index.ceilings, before.ceilings)
        update = {"Update": {"IndexName": index.name, "OnDemandThroughput": request}}
        yield _update(wanted, (change,), GlobalSecondaryIndexUpdates=[update])


def _ceilings_request(wanted: Units, had: Units) -> dict[str, int]:
    """The ceilings, and -1 for those that are to go."""
    gone = dict.fromkeys(requests.units_request(had, requests.CEILINGS), requests.NO_CEILING)
    return gone | requests.units_request(wanted, requests.CEILINGS)


def _warm_steps(wanted: TableDefinition, had: TableDefinition) -> Iterator[Step]:
    """Warm throughput, which rises and never falls; all tables have some."""
    if _is_warmer(wanted.warm, had.warm):
        change = _units_change("warm throughput", had.warm, wanted.warm)
        yield _update(wanted, (change,), WarmThroughput=_raised(wanted.warm, had.warm))
    for index, before in _kept_indexes(wanted, had):
        if not _is_warmer(index.warm, before.warm):
            continue
        what = f"warm throughput of index {index.name}"
        change = _units_change(what, before.warm, index.warm)
        warm = _raised(index.warm, before.warm)
        update = {"Update": {"IndexName": index.name, "WarmThroughput": warm}}
        yield _update(wanted, (change,), GlobalSecondaryIndexUpdates=[update])


def _is_warmer(wanted: Units, had: Units) -> bool:
    pairs = ((wanted.read, had.read), (wanted.write, had.write))
    return any(units is not None and units > (before or 0) for units, before in pairs)


def _raised(wanted: Units, had: Units) -> dict[str, int]:
    highest = Units(
        read=max(wanted.read or 0, had.read or 0), write=max(wanted.write or 0, had.write or 0)
    )
    return requests.units_request(highest, requests.WARMTH)


def _units_change(what: str, before: Units, after: Units) -> Change:
    return Change(what, shown.units_shown(before), shown.units_shown(after))


def _stream_steps(wanted: TableDefinition, had: TableDefinition) -> Iterator[Step]:
    """A stream of another view type is another stream."""
    if wanted.stream == had.stream:
        return
    change = Change("stream", had.stream or _NONE, wanted.stream or _NONE)
    if had.stream is not None:
        yield _update(wanted, (change,), StreamSpecification={"StreamEnabled": False})
    if wanted.stream is not None:
        stream = {"StreamEnabled": True, "StreamViewType": wanted.stream}
        changes = () if had.stream is not None else (change,)
        yield _update(wanted, changes, StreamSpecification=stream)


def _setting_steps(wanted: TableDefinition, had: TableDefinition) -> Iterator[Step]:
    if wanted.table_class != had.table_class:
        change = Change("table class", had.table_class, wanted.table_class)
        yield _update(wanted, (change,), TableClass=wanted.table_class)
    if not _same_key(wanted.encryption, had.encryption):
        before, after = map(shown.encryption_shown, (had.encryption, wanted.encryption))
        change = Change("encryption", before, after)
        request = requests.encryption_request(wanted.encryption)
        yield _update(wanted, (change,), SSESpecification=request)
    if wanted.deletion_protection != had.deletion_protection:
        words = ("off", "on")
        before, after = words[had.deletion_protection], words[wanted.deletion_protection]
        change = Change("deletion protection", before, after)
        enabled = wanted.deletion_protection
        yield _update(wanted, (change,), DeletionProtectionEnabled=enabled)


def _same_key(wanted: str | None, had: str | None) -> bool:
    """Whether a table encrypted with the key `had`, an ARN, is encrypted as wanted.

    What key AWS manages, and what an alias stands for, DescribeTable does not say.
    """
    if wanted is None or had is None:
        return wanted is had
    return wanted in ("", had) or "alias/" in wanted or had.endswith(f"/{wanted}")


def _time_to_live_steps(wanted: TableDefinition, had: TableDefinition) -> Iterator[Step]:
    """Another attribute takes two changes, between which DynamoDB makes one wait."""
    before, after = had.time_to_live, wanted.time_to_live
    if TIME_TO_LIVE in wanted.unsaid or before == after:
        return
    change = Change("time to live", before or _NONE, after or _NONE)
    if before is not None:
        yield _time_to_live_step(wanted.name, before, change, enabled=False)
    if after is not None:
        changes = () if before is not None else (change,)
        yield _time_to_live_step(wanted.name, after, *changes, enabled=True)


def _time_to_live_step(name: str, attribute: str, *changes: Change, enabled: bool) -> Step:
    specification = {"AttributeName": attribute, "Enabled": enabled}
    request = {"TableName": name, "TimeToLiveSpecification": specification}
    return Step("UpdateTimeToLive", request, changes)


def _tag_steps(wanted: TableDefinition, current: CurrentTable) -> Iterator[Step]:
    if TAGS in wanted.unsaid:
        return
    had = current.definition.tags
    gone = [key for key in had if key not in wanted.tags]
    if gone:
        changes = tuple(Change(f"tag {key}", had[key], _NONE) for key in gone)
        yield Step("UntagResource", {"ResourceArn": current.arn, "TagKeys": gone}, changes)
    different = {key: value for key, value in wanted.tags.items() if had.get(key) != value}
    if different:
        changes = tuple(
            Change(f"tag {key}", had.get(key, _NONE), value) for key, value in different.items()
        )
        request = {"ResourceArn": current.arn, "Tags": requests.tag_list(different)}
        yield Step("TagResource", request, changes)


def _policy_steps(wanted: TableDefinition, current: CurrentTable) -> Iterator[Step]:
    had = current.definition.policy
    if POLICY in wanted.unsaid or same_policy(wanted.policy, had):
        return
    if wanted.policy is None:
        change = Change("resource policy", had or _NONE, _NONE)
        yield Step("DeleteResourcePolicy", {"ResourceArn": current.arn}, (change,))
        return
    change = Change("resource policy", had or _NONE, wanted.policy)
    request = {"ResourceArn": current.arn, "Policy": wanted.policy}
    yield Step("PutResourcePolicy", request, (change,))


def _insights_steps(wanted: TableDefinition, had: TableDefinition | None) -> Iterator[Step]:
    """The changes of contributor insights; those of a table that is new are not told."""
    if INSIGHTS in wanted.unsaid:
        return
    before: dict[str, str | None] = {}
    if had is not None:
        kept = [index.name for index, _ in _kept_indexes(wanted, had)]
        before = {index.name: index.insights for index in had.global_indexes if index.name in kept}
    parts = [("", wanted.insights, None if had is None else had.insights)]
    parts += [(i.name, i.insights, before.get(i.name)) for i in wanted.global_indexes]
    for index, mode, current in parts:
        if mode == current:
            continue
        request: dict[str, Any] = {
            "TableName": wanted.name,
            "ContributorInsightsAction": "DISABLE" if mode is None else "ENABLE",
        }
        if index:
            request["IndexName"] = index
        if mode is not None:
            request["ContributorInsightsMode"] = mode
        what = f"contributor insights of index {index}" if index else "contributor insights"
        change = Change(what, current or _NONE, mode or _NONE)
        yield Step("UpdateContributorInsights", request, () if had is None else (change,))
