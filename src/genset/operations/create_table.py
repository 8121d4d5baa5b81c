"""CreateTable."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

from genset.model.attached_policies import AttachedPolicy
from genset.model.errors import ResourceInUseException
from genset.model.resource_policies import parse_policy
from genset.model.tables import Table
from genset.operations import create_rules, stream_changes, table_description, table_rules
from genset.operations.catalog import maybe_table, put_table, status_of, table_name
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.table_rules import ON_DEMAND
from genset.storage import keyspace
from genset.storage.engine import Transaction

_UNSUPPORTED: Final = (
    "VectorIndexes",
    "GlobalTableSourceArn",
    "GlobalTableSettingsReplicationMode",
)
_KEPT: Final = (
    "StreamSpecification",
    "SSESpecification",
    "TableClass",
    "OnDemandThroughput",
    "WarmThroughput",
    "Tags",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A table to create."""

    scope: Scope
    name: str
    schema: create_rules.Schema
    deletion_protection: bool
    extras: dict[str, Any]
    policy: str | None


def prepare(request: Request, scope: Scope) -> Plan:
    """Check the definition; raises ValidationException."""
    table_rules.refuse_unsupported(request, _UNSUPPORTED)
    policy = request.get("ResourcePolicy")
    return Plan(
        scope=scope,
        name=table_name(scope, request["TableName"]),
        schema=create_rules.check_create(request),
        deletion_protection=bool(request.get("DeletionProtectionEnabled")),
        extras={member: request[member] for member in _KEPT if request.get(member)},
        policy=None if policy is None else parse_policy(policy),
    )


async def execute(plan: Plan, txn: Transaction) -> Answer:
    """Create the table; raises ResourceInUseException if the name is taken."""
    scope, services = plan.scope, plan.scope.services
    existing = await maybe_table(txn, scope, plan.name)
    if existing is not None:
        if status_of(existing, scope) == "CREATING":
            raise ResourceInUseException(
                "Attempt to change a resource which is still in use: Table is being created: "
                f"{plan.name}"
            )
        raise ResourceInUseException(f"Table already exists: {plan.name}")
    numbers = await txn.get_counters(keyspace.table_numbers_key())
    txn.add(keyspace.table_numbers_key(), 1)
    now = services.now()
    table = Table(
        account=scope.account,
        region=scope.region,
        name=plan.name,
        number=(numbers[0] if numbers else 0) + 1,
        table_id=services.new_uuid(),
        salt=services.new_salt(),
        keys=plan.schema.keys,
        indexes=plan.schema.indexes,
        billing_mode=plan.schema.billing_mode,
        read_units=plan.schema.read_units,
        write_units=plan.schema.write_units,
        created_at=now,
        status="CREATING",
        settled_at=now + services.transition_s,
        deletion_protection=plan.deletion_protection,
        policy=_first_policy(plan, now),
    )
    extras = table_description.with_stream(table, plan.extras, now)
    if table.billing_mode == ON_DEMAND:
        extras = {**extras, "OnDemandSince": now}
    table = dataclasses.replace(table, extras=extras)
    table = await stream_changes.follow_specification(txn, table, now)
    put_table(txn, table)
    return {"TableDescription": _answered(table)}


def _first_policy(plan: Plan, now: float) -> AttachedPolicy | None:
    """The policy of the new table, whose revision is the time of its creation, as observed."""
    if plan.policy is None:
        return None
    return AttachedPolicy(document=plan.policy, revision=int(now * 1000))


def _answered(table: Table) -> table_description.Description:
    """The description in the answer, which lacks what only DescribeTable has.

    Observed on the service, October 2026.
    """
    answered = table_description.describe(table, "CREATING", {}, table.created_at)
    if "WarmThroughput" not in table.extras:
        del answered["WarmThroughput"]
    for index in answered.get("GlobalSecondaryIndexes", ()):
        del index["WarmThroughput"]
    answered.get("BillingModeSummary", {}).pop("LastUpdateToPayPerRequestDateTime", None)
    return answered


OPERATION = Operation(name="CreateTable", writes=True, prepare=prepare, execute=execute)
