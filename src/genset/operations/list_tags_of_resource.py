"""ListTagsOfResource."""

from __future__ import annotations

from dataclasses import dataclass

from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.tag_rules import tagged_table, tagged_table_name
from genset.storage.engine import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A table whose tags to list."""

    scope: Scope
    arn: str
    name: str


def prepare(request: Request, scope: Scope) -> Plan:
    """Check the ARN; raises ValidationException and AccessDeniedException."""
    arn = request["ResourceArn"]
    return Plan(scope=scope, arn=arn, name=tagged_table_name(arn, scope))


async def execute(plan: Plan, txn: Snapshot) -> Answer:
    """List all tags: at most 50, in one page.

    A NextToken that was never given out is ignored, as observed on the service, October 2026.
    """
    table = await tagged_table(txn, plan.scope, plan.arn, plan.name)
    return {"Tags": list(table.extras.get("Tags", ()))}


OPERATION = Operation(name="ListTagsOfResource", writes=False, prepare=prepare, execute=execute)
