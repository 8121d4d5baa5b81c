"""UpdateTimeToLive.

Observed on the service in October 2026: the order of the checks (the table's state, the
attribute, then the time since the last change) and their words; the answer repeats the request;
any attribute may be named, also one of the key, and at once after the creation of the table.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from genset.model.errors import (
    ResourceInUseException,
    ValidationException,
)
from genset.model.tables import Table, TimeToLive
from genset.operations import expiry_queue
from genset.operations.catalog import existing_table, put_table, status_of, table_name
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """To switch a table's time to live on or off."""

    scope: Scope
    name: str
    attribute: str
    enabled: bool


def prepare(request: Request, scope: Scope) -> Plan:
    """Read the request."""
    specification = request["TimeToLiveSpecification"]
    return Plan(
        scope=scope,
        name=table_name(scope, request["TableName"]),
        attribute=specification["AttributeName"],
        enabled=specification["Enabled"],
    )


async def execute(plan: Plan, txn: Transaction) -> Answer:
    """Change the table's time to live.

    Raises ResourceNotFoundException, ResourceInUseException while the table is being created,
    and ValidationException.
    """
    table = await existing_table(txn, plan.scope, plan.name)
    status = status_of(table, plan.scope)
    if status == "CREATING":
        raise ResourceInUseException(
            "Attempt to change a resource which is still in use: "
            f"Table {plan.name} is being created"
        )
    _check_difference(table, plan)
    services = plan.scope.services
    now = services.now()
    last = table.time_to_live
    if last is not None and now < last.changed_at + services.ttl_cooldown_s:
        raise ValidationException(
            "Time to live has been modified multiple times within a fixed interval"
        )
    changed = dataclasses.replace(
        table,
        time_to_live=TimeToLive(
            attribute=plan.attribute,
            enabled=plan.enabled,
            changed_at=now,
            settled_at=now + services.transition_s,
        ),
    )
    put_table(txn, changed)
    # A table that is being deleted accepts the change, and its items are on their way out.
    if status != "DELETING":
        await expiry_queue.follow_change(txn, changed)
    specification = {"Enabled": plan.enabled, "AttributeName": plan.attribute}
    return {"TimeToLiveSpecification": specification}


def _check_difference(table: Table, plan: Plan) -> None:
    """Check that the change is one, and one of the attribute that is in use."""
    if table.ttl is not None and table.ttl != plan.attribute:
        raise ValidationException(
            "TimeToLive is active on a different AttributeName: current AttributeName is "
            f"{table.ttl}"
        )
    if plan.enabled == (table.ttl is not None):
        state = "enabled" if plan.enabled else "disabled"
        raise ValidationException(f"TimeToLive is already {state}")


OPERATION = Operation(
    name="UpdateTimeToLive", writes=True, wakes=True, prepare=prepare, execute=execute
)
