"""Scan: validated, planned and answered."""

from __future__ import annotations

from dataclasses import dataclass

from genset.expressions.placeholders import (
    check_expressions_present,
    check_names,
    check_unused,
)
from genset.model.errors import ValidationException
from genset.operations.catalog import table_name, usable_table
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.parameters import check_mixing, decode_expression_values, speaks_older
from genset.operations.reads import (
    ReadPlan,
    Source,
    check_filter_paths,
    check_select,
    common_parameters,
    decode_start_key,
    page_answer,
    projection_of,
    read_filter,
    read_page,
    source_of,
    start_position,
)
from genset.storage import keyspace
from genset.storage.engine import Snapshot
from genset.storage.keyspace import HASH_BYTES, after_prefix

_EXPRESSIONS = ("ProjectionExpression", "FilterExpression")
_LEGACY = ("AttributesToGet", "ScanFilter", "ConditionalOperator")
_HASHES = 1 << (8 * HASH_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanPlan(ReadPlan):
    """A Scan of a table or index, or of one segment of it."""

    segment: int
    total_segments: int


@speaks_older
def prepare(request: Request, scope: Scope) -> ScanPlan:
    """Check a Scan request as far as possible without data."""
    start_key = decode_start_key(request)
    check_mixing(request, _LEGACY, _EXPRESSIONS)
    _check_segments(request)
    check_select(request)
    check_expressions_present(request, _EXPRESSIONS, says_what_is_null=True)
    names = request.get("ExpressionAttributeNames")
    check_names(names)
    values = decode_expression_values(request, older=True)
    filter_ = read_filter(request, "ScanFilter", values)
    projection = projection_of(request)
    plans = [filter_.plan] if "FilterExpression" in request and filter_.plan else []
    names_used = [plan.names_used for plan in plans]
    if "ProjectionExpression" in request and projection is not None:
        names_used.append(projection.names_used)
    check_unused(
        names,
        request.get("ExpressionAttributeValues"),
        names_used,
        [plan.values_used for plan in plans],
    )
    return ScanPlan(
        scope=scope,
        table_name=table_name(scope, request["TableName"]),
        filter=filter_,
        projection=projection,
        start_key=start_key,
        segment=request.get("Segment", 0),
        total_segments=request.get("TotalSegments", 1),
        **common_parameters(request),
    )


def _check_segments(request: Request) -> None:
    segment, total = request.get("Segment"), request.get("TotalSegments")
    if segment is not None and total is None:
        raise ValidationException(
            "The TotalSegments parameter is required but was not present in the request when "
            "Segment parameter is present"
        )
    if segment is None and total is not None:
        raise ValidationException(
            "The Segment parameter is required but was not present in the request when parameter "
            "TotalSegments is present"
        )
    if segment is not None and segment >= total:
        raise ValidationException(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {total}"
        )


async def execute(plan: ScanPlan, snapshot: Snapshot) -> Answer:
    """Read one page of the table, index or segment, in the order of hashed partition keys."""
    table = await usable_table(snapshot, plan.scope, plan.table_name)
    source = source_of(plan, table)
    check_filter_paths(plan, source)
    start, stop = _segment(plan, source)
    if plan.start_key is not None:
        position = start_position(
            source,
            plan.start_key,
            "The provided starting key is invalid: The provided key element does not match the "
            "schema",
        )
        if not start <= position < stop:
            raise ValidationException(
                "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use "
                "ExclusiveStartKey with correct Segment. TotalSegments: "
                f"{plan.total_segments} Segment: {plan.segment}"
            )
        start = position + b"\x00"
    page = await read_page(snapshot, plan, source, start, stop)
    return page_answer(plan, source, page)


def _segment(plan: ScanPlan, source: Source) -> tuple[bytes, bytes]:
    """The range of the segment: an equal share of the hashes of partition keys."""
    if source.index is None:
        prefix = source.table.items_prefix
    else:
        prefix = keyspace.index_prefix(source.table.number, source.index.number)
    total = plan.total_segments
    low = _HASHES * plan.segment // total
    high = _HASHES * (plan.segment + 1) // total
    start = prefix + low.to_bytes(HASH_BYTES)
    stop = after_prefix(prefix) if high == _HASHES else prefix + high.to_bytes(HASH_BYTES)
    return start, stop


OPERATION = Operation(
    name="Scan", writes=False, prepare=prepare, execute=execute, execute_lagging=execute
)
