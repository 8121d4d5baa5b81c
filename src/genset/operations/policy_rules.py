"""The resources that have a policy, and what a RevisionId expects of it.

Observed on the service, October 2026: tables and streams have policies, each its own; indexes are
named in their table's.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Final

from genset.model.attached_policies import AttachedPolicy
from genset.model.errors import (
    PolicyNotFoundException,
    ResourceInUseException,
    ResourceNotFoundException,
    ValidationException,
)
from genset.model.streams import Stream
from genset.model.tables import Table
from genset.operations.catalog import existing_table, put_table, status_of
from genset.operations.operation import Scope
from genset.operations.resource_arns import resource_in
from genset.operations.stream_changes import maybe_stream, put_stream
from genset.operations.table_rules import invalid
from genset.storage.engine import Snapshot, Transaction

NO_POLICY: Final = "NO_POLICY"

_NOT_FOUND: Final = "Resource-based policy not found for the provided ResourceArn: "


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyResource:
    """A table of the caller's, or with a `label` one of its streams."""

    arn: str
    table: str
    label: str | None

    @property
    def is_stream(self) -> bool:
        """Whether it is a stream."""
        return self.label is not None

    @property
    def named(self) -> str:
        """The resource as messages name it."""
        return f"table {self.table}" if self.label is None else f"stream {self.label}"


def parse_policy_arn(scope: Scope, arn: str) -> PolicyResource:
    """The resource that an ARN names; raises ValidationException if it can have no policy here."""
    resource = resource_in(arn)
    if (resource.partition, resource.region) != ("aws", scope.region):
        raise invalid(f"Invalid resource Arn: {arn}")
    if resource.account != scope.account:
        raise ValidationException(
            "This action is only supported by accounts that match the resource owner\u2019s "
            "account."
        )
    return PolicyResource(arn=arn, table=resource.table, label=resource.stream)


async def policy_holder(
    snapshot: Snapshot, scope: Scope, resource: PolicyResource
) -> Table | Stream:
    """The table or stream of an ARN; raises ResourceNotFoundException if there is none."""
    if resource.label is None:
        return await existing_table(snapshot, scope, resource.table)
    stream = await maybe_stream(
        snapshot, scope.account, scope.region, resource.table, resource.label
    )
    if stream is None:
        raise ResourceNotFoundException(
            f"Requested resource not found: Stream: {resource.label} not found "
            f"for Table: {resource.table}"
        )
    return stream


def attached(holder: Table | Stream) -> AttachedPolicy | None:
    """The policy that a table or stream has, if it has one."""
    policy = holder.policy
    return policy if policy is not None and policy.document is not None else None


def no_policy(resource: PolicyResource) -> PolicyNotFoundException:
    """The error for a resource without a policy."""
    return PolicyNotFoundException(f"{_NOT_FOUND}{resource.arn}")


def check_expected(
    resource: PolicyResource, expected: str | None, policy: AttachedPolicy | None
) -> None:
    """Raise PolicyNotFoundException unless the policy is the one that is expected, if one is."""
    if expected is None:
        return
    if expected == NO_POLICY:
        if policy is not None:
            raise PolicyNotFoundException(
                f"{_NOT_FOUND}Requested policy update expecting none to be present for "
                f"{resource.named}, but a policy exists with revision id {policy.revision_id}."
            )
        return
    wanted = f"{_NOT_FOUND}Requested update for policy with revision id {expected}, but "
    if policy is None:
        raise PolicyNotFoundException(f"{wanted}{resource.named} has no associated policy.")
    if policy.revision_id != expected:
        raise PolicyNotFoundException(
            f"{wanted}the policy associated to target {resource.named} "
            f"has revision id {policy.revision_id}."
        )


def put_policy(
    txn: Transaction, scope: Scope, holder: Table | Stream, document: str | None
) -> AttachedPolicy:
    """Give a table or stream another policy, or none, under a revision of its own.

    Raises ResourceInUseException while the table is being deleted.
    """
    if isinstance(holder, Table) and status_of(holder, scope) == "DELETING":
        raise ResourceInUseException(
            "Attempt to change a resource which is still in use: "
            f"Table is being deleted: {holder.name}"
        )
    revision = int(scope.services.now() * 1000)
    if holder.policy is not None:
        revision = max(revision, holder.policy.revision + 1)
    policy = AttachedPolicy(document=document, revision=revision)
    if isinstance(holder, Table):
        put_table(txn, dataclasses.replace(holder, policy=policy))
    else:
        put_stream(txn, dataclasses.replace(holder, policy=policy))
    return policy
