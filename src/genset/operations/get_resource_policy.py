"""GetResourcePolicy."""

from __future__ import annotations

from dataclasses import dataclass

from genset.model.resource_policies import read_back
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.policy_rules import (
    PolicyResource,
    attached,
    no_policy,
    parse_policy_arn,
    policy_holder,
)
from genset.storage.engine import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A resource whose policy to read."""

    scope: Scope
    resource: PolicyResource


def prepare(request: Request, scope: Scope) -> Plan:
    """Check the ARN; raises ValidationException."""
    return Plan(scope=scope, resource=parse_policy_arn(scope, request["ResourceArn"]))


async def execute(plan: Plan, txn: Snapshot) -> Answer:
    """Answer the policy; raises PolicyNotFoundException if there is none."""
    policy = attached(await policy_holder(txn, plan.scope, plan.resource))
    if policy is None or policy.document is None:
        raise no_policy(plan.resource)
    return {"Policy": read_back(policy.document), "RevisionId": policy.revision_id}


OPERATION = Operation(name="GetResourcePolicy", writes=False, prepare=prepare, execute=execute)
