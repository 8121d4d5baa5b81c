"""TagResource."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from genset.model.errors import ValidationException
from genset.operations.catalog import put_table
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.tag_rules import check_tag_count, check_tags, table_to_tag, tagged_table_name
from genset.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Tags to set, by key."""

    scope: Scope
    arn: str
    name: str
    tags: dict[str, str]


def prepare(request: Request, scope: Scope) -> Plan:
    """Check the ARN and the tags; raises ValidationException and AccessDeniedException."""
    arn, tags = request["ResourceArn"], request["Tags"]
    name = tagged_table_name(arn, scope)
    if not tags:
        raise ValidationException("Atleast one Tag needs to be provided as Input.")
    check_tags(tags)
    given = {tag["Key"]: tag["Value"] for tag in tags}
    return Plan(scope=scope, arn=arn, name=name, tags=given)


async def execute(plan: Plan, txn: Transaction) -> Answer:
    """Set the tags; raises ValidationException if the table would have more than 50."""
    table = await table_to_tag(txn, plan.scope, plan.arn, plan.name)
    tags = {tag["Key"]: tag["Value"] for tag in table.extras.get("Tags", ())} | plan.tags
    check_tag_count(len(tags))
    kept = [{"Key": key, "Value": value} for key, value in tags.items()]
    put_table(txn, dataclasses.replace(table, extras={**table.extras, "Tags": kept}))
    return b""


OPERATION = Operation(name="TagResource", writes=True, prepare=prepare, execute=execute)
