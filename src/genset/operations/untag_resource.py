"""UntagResource."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from genset.model.errors import ValidationException
from genset.operations.catalog import put_table
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.tag_rules import check_tag_keys, table_to_tag, tagged_table_name
from genset.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Keys of tags to remove."""

    scope: Scope
    arn: str
    name: str
    keys: frozenset[str]


def prepare(request: Request, scope: Scope) -> Plan:
    """Check the ARN and the keys; raises ValidationException and AccessDeniedException."""
    arn, keys = request["ResourceArn"], request["TagKeys"]
    name = tagged_table_name(arn, scope)
    if not keys:
        raise ValidationException("Atleast one Tag Key needs to be provided as Input.")
    check_tag_keys(keys)
    return Plan(scope=scope, arn=arn, name=name, keys=frozenset(keys))


async def execute(plan: Plan, txn: Transaction) -> Answer:
    """Remove the tags; a key that the table does not have is passed over."""
    table = await table_to_tag(txn, plan.scope, plan.arn, plan.name)
    kept = [tag for tag in table.extras.get("Tags", ()) if tag["Key"] not in plan.keys]
    put_table(txn, dataclasses.replace(table, extras={**table.extras, "Tags": kept}))
    return b""


OPERATION = Operation(name="UntagResource", writes=True, prepare=prepare, execute=execute)
