"""ListStreams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from genset.model.limits import STREAMS_LISTED_MAX
from genset.model.streams import decode_stream
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.stream_arns import StreamName, parse_stream_arn
from genset.operations.table_rules import check_stream_limit
from genset.storage import keyspace
from genset.storage.engine import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A page of streams: at most `limit`, of one table if named, after `after`."""

    scope: Scope
    table: str | None
    limit: int
    after: StreamName | None


def prepare(request: Request, scope: Scope) -> Plan:
    """Read the page's bounds; raises ValidationException."""
    after = request.get("ExclusiveStartStreamArn")
    return Plan(
        scope=scope,
        table=request.get("TableName"),
        limit=check_stream_limit(request.get("Limit"), STREAMS_LISTED_MAX),
        after=None if after is None else parse_stream_arn(scope, after),
    )


async def execute(plan: Plan, txn: Snapshot) -> Answer:
    """List the streams that can be read, those of deleted tables too, by table and label."""
    account, region = plan.scope.account, plan.scope.region
    start, stop = keyspace.streams_range(account, region, plan.table)
    if plan.after is not None:
        after = keyspace.stream_key(account, region, plan.after.table, plan.after.label)
        start = max(start, after + b"\x00")
    pairs = await txn.scan(start, stop, limit=plan.limit + 1)
    streams = [decode_stream(stored) for _, stored in pairs[: plan.limit]]
    answer: dict[str, Any] = {
        "Streams": [
            {"StreamArn": s.arn, "TableName": s.table, "StreamLabel": s.label} for s in streams
        ]
    }
    if len(pairs) > plan.limit:
        answer["LastEvaluatedStreamArn"] = streams[-1].arn
    return answer


OPERATION = Operation(name="ListStreams", writes=False, prepare=prepare, execute=execute)
