"""PutResourcePolicy."""

from __future__ import annotations

from dataclasses import dataclass

from genset.model.errors import AccessDeniedException
from genset.model.resource_policies import parse_policy, shuts_out
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
    """A policy to attach, in its canonical form."""

    scope: Scope
    resource: PolicyResource
    document: str
    expected: str | None


def prepare(request: Request, scope: Scope) -> Plan:
    """Check the ARN and the policy.

    Raises ValidationException, and AccessDeniedException for a policy that would not let the
    caller change it again, unless the request confirms that.
    """
    resource = parse_policy_arn(scope, request["ResourceArn"])
    document = parse_policy(request["Policy"], of_stream=resource.is_stream)
    if not request.get("ConfirmRemoveSelfResourceAccess") and shuts_out(
        document, scope.account, resource.arn
    ):
        raise AccessDeniedException(
            "The new resource policy will not allow you to update the resource policy in the "
            "future."
        )
    return Plan(
        scope=scope,
        resource=resource,
        document=document,
        expected=request.get("ExpectedRevisionId"),
    )


async def execute(plan: Plan, txn: Transaction) -> Answer:
    """Attach the policy; one that is there already keeps its revision."""
    holder = await policy_holder(txn, plan.scope, plan.resource)
    policy = attached(holder)
    check_expected(plan.resource, plan.expected, policy)
    if policy is None or policy.document != plan.document:
        policy = put_policy(txn, plan.scope, holder, plan.document)
    return {"RevisionId": policy.revision_id}


OPERATION = Operation(name="PutResourcePolicy", writes=True, prepare=prepare, execute=execute)
