"""What UpdateTable makes of a table.

The rules, their order and their words were observed on the service in October 2026.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

from genset.model import index_states
from genset.model.errors import ValidationException
from genset.model.tables import Index, Table
from genset.operations import (
    index_creation,
    table_description,
    table_rules,
    throughput_changes,
)
from genset.operations.operation import Request
from genset.operations.table_rules import (
    ENCRYPTION,
    INDEXES,
    NO_CEILING,
    NO_CEILINGS,
    ON_DEMAND,
    ON_DEMAND_WARM_UNITS,
    PROVISIONED,
    STREAM,
    TABLE_CLASS,
    THROUGHPUT,
    THROUGHPUT_MEMBERS,
    WARM_MEMBERS,
    WARM_RAISE,
    invalid,
)
from genset.operations.update_rules import IndexChanges

UPDATING_MEMBERS: Final = ("ProvisionedThroughput", "OnDemandThroughput")
"""What an index is UPDATING for."""

_STANDARD: Final = "STANDARD"


def changed(
    table: Table,
    request: Request,
    index_changes: IndexChanges,
    *,
    number: int,
    now: float,
    transition_s: float,
) -> Table:
    """The table after the changes of a request.

    It is UPDATING for `transition_s` if one of them takes time; `number` is for an index that it
    creates. Raises ValidationException and LimitExceededException.
    """
    ends_at = now + transition_s
    billing_mode = request.get("BillingMode") or table.billing_mode
    read_units, write_units = _units(table, billing_mode, request)
    after = dataclasses.replace(
        table,
        billing_mode=billing_mode,
        read_units=read_units,
        write_units=write_units,
        indexes=_changed_indexes(table, billing_mode, index_changes, now, ends_at),
        deleting=index_states.being_deleted(table, now),
        extras=_changed_extras(
            table, billing_mode, (read_units, write_units), request, now, ends_at
        ),
    )
    for create in index_changes.creates:
        new = index_creation.created(table, create, request, number, billing_mode)
        new = index_states.new_on_live_table(new, now, transition_s)
        after = dataclasses.replace(after, indexes=(*after.indexes, new))
    after = _without(after, index_changes.deletes, ends_at)
    after = _updating(table, after, now, ends_at)
    protection = request.get("DeletionProtectionEnabled")
    if protection is not None:
        after = dataclasses.replace(after, deletion_protection=protection)
    return after


def _without(table: Table, names: Sequence[str], gone_at: float) -> Table:
    """The table without the indexes of those names, which are DELETING until `gone_at`."""
    kept = tuple(index for index in table.indexes if index.name not in names)
    gone = tuple(
        dataclasses.replace(index, gone_at=gone_at)
        for index in table.indexes
        if index.name in names
    )
    return dataclasses.replace(table, indexes=kept, deleting=(*table.deleting, *gone))


def _updating(before: Table, after: Table, now: float, ends_at: float) -> Table:
    """`after`, UPDATING if it differs from `before` in what takes time.

    The same sent again changes nothing.
    """
    slow, had = _slow_members(after), _slow_members(before)
    kinds = [kind for kind in slow if slow[kind] != had[kind]]
    if not kinds:
        return after
    under_way = {kind: until for kind, until in before.changes.items() if now < until}
    changes = {**under_way, **dict.fromkeys(kinds, ends_at)}
    after = dataclasses.replace(after, changes=changes)
    if kinds == [ENCRYPTION]:
        # Observed in October 2026: only the description of the encryption shows it.
        return after
    if before.status == "UPDATING":
        ends_at = max(ends_at, before.settled_at)
    return dataclasses.replace(after, status="UPDATING", settled_at=ends_at)


def _slow_members(table: Table) -> dict[str, Any]:
    """What a table is UPDATING for when it changes, by kind of change."""
    return {
        THROUGHPUT: (table.billing_mode, table.read_units, table.write_units),
        STREAM: table.extras.get("StreamSpecification"),
        TABLE_CLASS: table.extras.get("TableClass"),
        ENCRYPTION: table.extras.get("SSESpecification"),
        INDEXES: (
            [index.number for index in table.indexes],
            [index.number for index in table.deleting],
        ),
    }


def _units(table: Table, billing_mode: str, request: Request) -> tuple[int, int]:
    throughput = request.get("ProvisionedThroughput")
    table_rules.check_not_both(billing_mode, throughput)
    if billing_mode == ON_DEMAND:
        return 0, 0
    if not throughput:
        return table.read_units, table.write_units
    units = table_rules.throughput_units(throughput)
    _check_units_change(units, (table.read_units, table.write_units), "the table", "the table")
    return units


def _check_units_change(
    asked: tuple[int, int], current: tuple[int, int], part: str, named: str
) -> None:
    """Refuse throughput that is what `part` has; what it had on demand was none."""
    if asked != current:
        return
    figures = " ".join(
        f"Current {member} provisioned for {named}: {had}. Requested {member}: {wanted}."
        for member, had, wanted in zip(THROUGHPUT_MEMBERS, current, asked, strict=True)
    )
    raise ValidationException(
        f"The provisioned throughput for {part} will not change. The requested value equals the "
        f"current value. {figures} Refer to the Amazon DynamoDB Developer Guide for current "
        "limits and how to request higher limits."
    )


def _changed_indexes(
    table: Table, billing_mode: str, changes: IndexChanges, now: float, ends_at: float
) -> tuple[Index, ...]:
    indexes = []
    for index in table.indexes:
        update = changes.updates.get(index.name)
        if index.is_global and index.name not in changes.deletes:
            index = _changed_index(table, index, billing_mode, update, now, ends_at)
        if update and any(update.get(member) for member in UPDATING_MEMBERS):
            index = dataclasses.replace(index, updated_at=ends_at)
        indexes.append(index)
    return tuple(indexes)


def _changed_index(
    table: Table,
    index: Index,
    billing_mode: str,
    update: dict[str, Any] | None,
    now: float,
    ends_at: float,
) -> Index:
    units = _index_units(table, index, billing_mode, update)
    asked = update or {}
    extras = _merged_ceilings(
        index.extras,
        billing_mode,
        asked,
        refused=f"for index : {index.name} {NO_CEILINGS}",
        part=f"index : {index.name}",
    )
    extras = _counted(table, index, extras, billing_mode, units, now)
    warm = asked.get("WarmThroughput")
    extras |= _raised_warm(table, index, billing_mode, units, warm, f"index {index.name}", ends_at)
    return dataclasses.replace(index, read_units=units[0], write_units=units[1], extras=extras)


def _index_units(
    table: Table, index: Index, billing_mode: str, update: dict[str, Any] | None
) -> tuple[int, int]:
    asked = update or {}
    throughput = asked.get("ProvisionedThroughput")
    others = asked.get("OnDemandThroughput") or asked.get("WarmThroughput")
    if billing_mode == ON_DEMAND:
        if update is not None and (throughput or not others):
            raise invalid(
                f"The only Updates for index: {index.name} when TableThroughputMode is "
                "PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput"
            )
        return 0, 0
    if throughput:
        units = table_rules.throughput_units(throughput)
        current = (index.read_units, index.write_units)
        _check_units_change(units, current, f"the index {index.name}", f"index {index.name}")
        return units
    if table.billing_mode == ON_DEMAND:
        raise invalid(f"ProvisionedThroughput must be specified for index: {index.name}")
    if update is not None and not others:
        raise invalid(
            "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: "
            f"{index.name}"
        )
    return index.read_units, index.write_units


def _merged_ceilings(
    extras: dict[str, Any], billing_mode: str, request: dict[str, Any], *, refused: str, part: str
) -> dict[str, Any]:
    """A copy of `extras` with the ceilings that the request sets, without those it removes."""
    asked = request.get("OnDemandThroughput") or {}
    table_rules.check_on_demand(
        asked,
        refused=refused if billing_mode == PROVISIONED else None,
        part=part,
        lowest=(NO_CEILING,),
    )
    merged = dict(extras)
    ceilings = {**(merged.pop("OnDemandThroughput", None) or {}), **asked}
    kept = {m: units for m, units in ceilings.items() if units not in (None, NO_CEILING)}
    if kept and billing_mode == ON_DEMAND:
        merged["OnDemandThroughput"] = kept
    return merged


def _counted(
    table: Table,
    part: Table | Index,
    extras: dict[str, Any],
    billing_mode: str,
    units: tuple[int, int],
    now: float,
) -> dict[str, Any]:
    """`extras` with the change of throughput, if it is one and not one of the billing mode."""
    had = (part.read_units, part.write_units)
    if table.billing_mode != billing_mode:
        return throughput_changes.after_switch(extras)
    if units == had or billing_mode != PROVISIONED:
        return extras
    return throughput_changes.after_change(extras, had, units, now)


def _raised_warm(
    table: Table,
    part: Table | Index,
    billing_mode: str,
    units: tuple[int, int],
    asked: dict[str, Any] | None,
    named: str,
    ends_at: float,
) -> dict[str, Any]:
    """The extras of WarmThroughput after a change: it rises with what it serves, never falls."""
    floors = ON_DEMAND_WARM_UNITS if billing_mode == ON_DEMAND else units
    raised = {}
    had = table_description.warm_units(table, part)
    for member, current, floor in zip(WARM_MEMBERS, had, floors, strict=True):
        wanted = (asked or {}).get(member)
        if wanted is not None and wanted < current:
            raise invalid(
                f"Requested {member} for WarmThroughput for {named} is lower than current "
                "WarmThroughput, decreasing WarmThroughput is not supported"
            )
        raised[member] = max(current, floor, wanted or 0)
    if not asked or tuple(raised.values()) == had:
        return {"WarmThroughput": raised}
    return {"WarmThroughput": raised, WARM_RAISE: {"before": had, "until": ends_at}}


def _changed_extras(
    table: Table,
    billing_mode: str,
    units: tuple[int, int],
    request: Request,
    now: float,
    ends_at: float,
) -> dict[str, Any]:
    extras = _merged_ceilings(
        table.extras, billing_mode, request, refused=NO_CEILINGS, part="table"
    )
    extras = _counted(table, table, extras, billing_mode, units, now)
    asked = request.get("WarmThroughput")
    extras |= _raised_warm(table, table, billing_mode, units, asked, "table", ends_at)
    table_class = request.get("TableClass")
    if table_class and table_class != extras.get("TableClass", _STANDARD):
        extras["TableClass"] = table_class
        extras["TableClassChangedAt"] = now
    if billing_mode != table.billing_mode:
        extras["BillingModeChangedAt"] = now
        if billing_mode == ON_DEMAND:
            extras["OnDemandSince"] = now
    sse = request.get("SSESpecification")
    if sse is not None:
        _check_encryption_changes(table, sse)
        extras["SSESpecification"] = sse
    stream = request.get("StreamSpecification")
    if not stream:
        return extras
    enabled = "StreamSpecification" in extras
    if stream.get("StreamEnabled") and enabled:
        raise ValidationException(f"Table already has an enabled stream: TableName: {table.name}")
    if not stream.get("StreamEnabled") and not enabled:
        raise ValidationException(f"Table has no stream to disable: TableName: {table.name}")
    return table_description.with_stream(table, {**extras, "StreamSpecification": stream}, now)


def _check_encryption_changes(table: Table, sse: dict[str, Any]) -> None:
    encrypted = table_rules.is_encrypted(table.extras.get("SSESpecification"))
    if not encrypted and not table_rules.is_encrypted(sse):
        raise invalid("Table is already encrypted by default")
    # Only the ARN of the key is compared: the same key under another name encrypts anew.
    if encrypted and sse.get("KMSMasterKeyId") == table_description.kms_key_arn(table):
        raise invalid(
            "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter "
            "if you want to change Master Key"
        )
