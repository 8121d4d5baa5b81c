"""DescribeStream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from genset.model.errors import ValidationException
from genset.model.limits import STREAM_SHARDS_LISTED_MAX
from genset.model.streams import Shard, Stream, sequence_number
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.stream_arns import StreamName, parse_stream_arn, usable_stream
from genset.operations.table_rules import check_stream_limit
from genset.storage.engine import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A page of a stream's shards: at most `limit` after `after`, all or the children of one."""

    scope: Scope
    name: StreamName
    limit: int
    after: str | None
    parent: str | None


def prepare(request: Request, scope: Scope) -> Plan:
    """Read the ARN and the page's bounds; raises ValidationException."""
    shard_filter = request.get("ShardFilter") or {}
    parent = shard_filter.get("ShardId")
    if shard_filter and (parent is None or shard_filter.get("Type") is None):
        raise ValidationException("ShardFilter must have both Type and ShardId")
    return Plan(
        scope=scope,
        name=parse_stream_arn(scope, request["StreamArn"]),
        limit=check_stream_limit(request.get("Limit"), STREAM_SHARDS_LISTED_MAX),
        after=request.get("ExclusiveStartShardId"),
        parent=parent,
    )


async def execute(plan: Plan, txn: Snapshot) -> Answer:
    """Describe the stream; raises ResourceNotFoundException."""
    stream = await usable_stream(txn, plan.scope, plan.name)
    shards = [
        shard
        for shard in stream.shards
        if (plan.after is None or shard.id > plan.after)
        and (plan.parent is None or shard.parent == plan.parent)
    ]
    description = _describe(stream, plan.scope.services.now())
    description["Shards"] = [_describe_shard(shard) for shard in shards[: plan.limit]]
    if len(shards) > plan.limit:
        description["LastEvaluatedShardId"] = shards[plan.limit - 1].id
    return {"StreamDescription": description}


def _describe(stream: Stream, now: float) -> dict[str, Any]:
    return {
        "StreamArn": stream.arn,
        "StreamLabel": stream.label,
        "StreamStatus": stream.status(now),
        "StreamViewType": stream.view_type,
        "CreationRequestDateTime": stream.created_at,
        "TableName": stream.table,
        "KeySchema": stream.key_schema,
    }


def _describe_shard(shard: Shard) -> dict[str, Any]:
    bounds = {"StartingSequenceNumber": str(sequence_number(shard.number, shard.first))}
    if shard.ending is not None:
        bounds["EndingSequenceNumber"] = str(sequence_number(shard.number, shard.ending))
    described: dict[str, Any] = {"ShardId": shard.id, "SequenceNumberRange": bounds}
    if shard.parent is not None:
        described["ParentShardId"] = shard.parent
    return described


OPERATION = Operation(name="DescribeStream", writes=False, prepare=prepare, execute=execute)
