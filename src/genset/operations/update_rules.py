"""The rules on UpdateTable that need no table.

One call makes one kind of change. These rules, their order and their words were observed on the
service in October 2026, as were those of `genset.operations.update_table`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from genset.model.errors import ValidationException
from genset.operations import table_rules
from genset.operations.operation import Request
from genset.operations.table_rules import ON_DEMAND, PROVISIONED, invalid

_CHANGES: Final = (
    "BillingMode",
    "ProvisionedThroughput",
    "GlobalSecondaryIndexUpdates",
    "StreamSpecification",
    "SSESpecification",
    "TableClass",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "WarmThroughput",
)
# Changes that stand alone, in the order in which one of several is named.
_ALONE: Final = {
    "SSESpecification": "Server-Side Encryption modification",
    "TableClass": "TableClass modification",
    "DeletionProtectionEnabled": "DeletionProtection modification",
    "WarmThroughput": "WarmThroughput",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexChanges:
    """What a request asks of indexes: updates by name, those to create, names to delete."""

    updates: dict[str, dict[str, Any]]
    creates: tuple[dict[str, Any], ...]
    deletes: tuple[str, ...]

    @property
    def are_online(self) -> bool:
        """Whether an index is created or deleted."""
        return bool(self.creates or self.deletes)


def check_update(request: Request) -> IndexChanges:
    """Check an UpdateTable request; returns its changes of indexes."""
    given = _given(request)
    table_rules.check_table_class(request.get("TableClass"))
    for change in request.get("GlobalSecondaryIndexUpdates") or ():
        _check_index_warmth(change.get("Update") or {})
    _check_concerns(request, given)
    throughput, billing_mode = request.get("ProvisionedThroughput"), request.get("BillingMode")
    if billing_mode == ON_DEMAND and throughput:
        raise invalid(
            "ProvisionedThroughput cannot be specified when BillingMode is PAY_PER_REQUEST"
        )
    table_rules.check_throughput_bounds(throughput)
    if billing_mode == PROVISIONED and not throughput:
        raise invalid("ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
    _check_stream(request.get("StreamSpecification"))
    table_rules.check_encryption(request.get("SSESpecification"))
    changes = _index_changes(request.get("GlobalSecondaryIndexUpdates") or (), billing_mode)
    for create in changes.creates:
        if not request.get("AttributeDefinitions"):
            raise invalid(f"AttributeDefinitions is not specified for index: {create['IndexName']}")
    return changes


def _given(request: Request) -> set[str]:
    """The changes of a request: an empty list or ceiling beside others is none."""
    given = {member for member in _CHANGES if request.get(member) is not None}
    if given == {"GlobalSecondaryIndexUpdates"} and not request["GlobalSecondaryIndexUpdates"]:
        return set()
    empty = {m for m in ("OnDemandThroughput", "WarmThroughput") if request.get(m) == {}}
    return given - empty or given


def _check_concerns(request: Request, given: set[str]) -> None:
    if not given:
        raise ValidationException(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
            "GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, "
            "MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, "
            "DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is "
            "required"
        )
    if request.get("GlobalSecondaryIndexUpdates") == []:
        raise invalid("List of GlobalSecondaryIndexUpdates is empty")
    updates = request.get("GlobalSecondaryIndexUpdates") or ()
    if "WarmThroughput" in given and any(change.get("Create") for change in updates):
        raise invalid(
            "Create global secondary index cannot be specified when updating WarmThroughput"
        )
    for member, change in _ALONE.items():
        if member in given and len(given) > 1:
            raise invalid(f"{change} must be the only operation in the request")
    if "OnDemandThroughput" in given and not given <= {"OnDemandThroughput", "BillingMode"}:
        raise invalid(
            "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request"
        )
    updates_units = "ProvisionedThroughput" in given or request.get("BillingMode") == PROVISIONED
    if "StreamSpecification" in given and updates_units:
        raise invalid("You cannot modify stream status while updating table IOPS")
    if any(change.get("Create") or change.get("Delete") for change in updates):
        if updates_units:
            raise invalid("You cannot create or delete index while updating table IOPS")
        if "StreamSpecification" in given:
            raise invalid("You cannot create or delete index while changing stream status")


def _check_stream(stream: dict[str, Any] | None) -> None:
    if not stream:
        return
    has_type = stream.get("StreamViewType") is not None
    if stream.get("StreamEnabled") and not has_type:
        raise invalid("If stream is being enabled then UpdateViewType is required")
    if not stream.get("StreamEnabled") and has_type:
        raise invalid("If stream is being disabled, then UpdateViewType must not be specified")


def _index_changes(given: Any, billing_mode: str | None) -> IndexChanges:
    updates: dict[str, dict[str, Any]] = {}
    creates: list[dict[str, Any]] = []
    deletes: list[str] = []
    named: set[str] = set()
    for change in given:
        actions = [action for action in ("Create", "Update", "Delete") if change.get(action)]
        if len(actions) > 1:
            raise invalid(
                "Only one global secondary index action is allowed per "
                "GlobalSecondaryIndexUpdate object"
            )
        if not actions:
            raise invalid(
                "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                "GlobalSecondaryIndexUpdate.Delete must not be null"
            )
        action = change[actions[0]]
        name = action["IndexName"]
        if name in named:
            raise invalid(
                "Only one global secondary index update per index is allowed simultaneously. "
                f"Index: {name}"
            )
        named.add(name)
        match actions[0]:
            case "Create":
                creates.append(action)
            case "Delete":
                deletes.append(name)
            case _:
                _check_index_update(name, action, billing_mode)
                updates[name] = action
    return IndexChanges(updates=updates, creates=tuple(creates), deletes=tuple(deletes))


def _check_index_update(name: str, update: dict[str, Any], billing_mode: str | None) -> None:
    throughput = update.get("ProvisionedThroughput")
    if billing_mode == ON_DEMAND and throughput:
        raise invalid(
            f"Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: {name} "
            "when BillingMode is PAY_PER_REQUEST"
        )
    table_rules.check_throughput_bounds(throughput, name)


def _check_index_warmth(update: dict[str, Any]) -> None:
    warm = update.get("WarmThroughput")
    if warm is not None and all(warm.get(m) is None for m in table_rules.WARM_MEMBERS):
        raise invalid(
            "WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond "
            f"specified for index: {update['IndexName']}"
        )
