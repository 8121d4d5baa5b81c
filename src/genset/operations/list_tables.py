"""ListTables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from genset.model import limits
from genset.model.tables import decode_table
from genset.operations.catalog import has_gone
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.storage import keyspace
from genset.storage.engine import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A page of table names: at most `limit`, after `after`."""

    scope: Scope
    limit: int
    after: str | None


def prepare(request: Request, scope: Scope) -> Plan:
    """Read the page's bounds."""
    return Plan(
        scope=scope,
        limit=request.get("Limit") or limits.TABLES_LISTED_MAX,
        after=request.get("ExclusiveStartTableName"),
    )


async def execute(plan: Plan, txn: Snapshot) -> Answer:
    """List the tables that are not gone, by name."""
    scope = plan.scope
    prefix = keyspace.catalog_prefix(scope.account, scope.region)
    start, stop = prefix, keyspace.after_prefix(prefix)
    if plan.after is not None:
        start = keyspace.catalog_key(scope.account, scope.region, plan.after) + b"\x00"
    wanted, names = plan.limit + 1, list[str]()
    now = scope.services.now()
    while len(names) < wanted:
        page = await txn.scan(start, stop, limit=wanted)
        for _, stored in page:
            table = decode_table(stored)
            if not has_gone(table, now):
                names.append(table.name)
        if len(page) < wanted:
            break
        start = page[-1][0] + b"\x00"
    listed = names[: plan.limit]
    answer: dict[str, Any] = {"TableNames": listed}
    if len(names) > plan.limit:
        answer["LastEvaluatedTableName"] = listed[-1]
    return answer


OPERATION = Operation(name="ListTables", writes=False, prepare=prepare, execute=execute)
