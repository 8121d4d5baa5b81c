"""DeleteResourcePolicy."""

from __future__ import annotations

from dataclasses import dataclass

from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.policy_rules import (
    PolicyResource,
    attached,
    check_expected,
    parse_policy_arn,
    policy_holder,
    put_policy,
)
from genset.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A resource whose policy to remove."""

    scope: Scope
    resource: PolicyResource
    expected: str | None


def prepare(request: Request, scope: Scope) -> Plan:
    """Check the ARN; raises ValidationException."""
    return Plan(
        scope=scope,
        resource=parse_policy_arn(scope, request["ResourceArn"]),
        expected=request.get("ExpectedRevisionId"),
    )


async def execute(plan: Plan, txn: Transaction) -> Answer:
    """Remove the policy, and answer its revision.

    Where there is none, the answer has the revision of its removal, if there ever was one:
    observed on the service, October 2026.
    """
    holder = await policy_holder(txn, plan.scope, plan.resource)
    policy = attached(holder)
    check_expected(plan.resource, plan.expected, policy)
    if policy is None:
        return {} if holder.policy is None else {"RevisionId": holder.policy.revision_id}
    put_policy(txn, plan.scope, holder, None)
    return {"RevisionId": policy.revision_id}


OPERATION = Operation(name="DeleteResourcePolicy", writes=True, prepare=prepare, execute=execute)
