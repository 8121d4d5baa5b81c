"""Query: validated, planned and answered."""

from __future__ import annotations

from dataclasses import dataclass

from genset.expressions.key_condition import (
    KeyCondition,
    KeyConditionPlan,
    parse_key_condition,
)
from genset.expressions.legacy import LegacyKeyCondition, parse_key_conditions
from genset.expressions.placeholders import (
    check_expressions_present,
    check_names,
    check_unused,
)
from genset.expressions.projection import ProjectionPlan
from genset.model.errors import ValidationException
from genset.model.keys import encode_component, partition_hash, sort_range
from genset.model.tables import Keys, Table
from genset.operations.catalog import table_name, usable_table
from genset.operations.operation import Answer, Operation, Request, Scope
from genset.operations.parameters import (
    Condition,
    Values,
    check_mixing,
    decode_expression_values,
)
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
from genset.storage.keyspace import after_prefix

_PREFIX = "1 validation error detected: "
_EXPRESSIONS = ("ProjectionExpression", "FilterExpression", "KeyConditionExpression")
_LEGACY = ("AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPlan(ReadPlan):
    """A Query: a read under one partition key."""

    key_condition: KeyConditionPlan | LegacyKeyCondition
    values: Values
    forward: bool
    legacy_filter: bool

    def bind(self, keys: Keys) -> KeyCondition:
        """The key condition against the keys of the table or index."""
        partition = [(a.name, a.type) for a in keys.partition]
        sort = [(a.name, a.type) for a in keys.sort]
        if isinstance(self.key_condition, LegacyKeyCondition):
            return self.key_condition.bind(partition, sort)
        return self.key_condition.bind(self.values, partition, sort)


def prepare(request: Request, scope: Scope) -> QueryPlan:
    """Check a Query request as far as possible without data."""
    start_key = decode_start_key(request)
    _check_mixing(request)
    check_select(request, prefix=_PREFIX)
    check_expressions_present(request, _EXPRESSIONS)
    names = request.get("ExpressionAttributeNames")
    check_names(names)
    values = decode_expression_values(request, older=False)
    key_condition, filter_, projection = _expressions(request, values)
    return QueryPlan(
        scope=scope,
        table_name=table_name(scope, request["TableName"]),
        key_condition=key_condition,
        values=values,
        filter=filter_,
        projection=projection,
        start_key=start_key,
        forward=request.get("ScanIndexForward", True),
        legacy_filter="FilterExpression" not in request,
        **common_parameters(request),
    )


def _check_mixing(request: Request) -> None:
    legacy: tuple[str, ...] = _LEGACY
    if "KeyConditionExpression" not in request:
        legacy = tuple(name for name in _LEGACY if name != "KeyConditions")
    check_mixing(request, legacy, _EXPRESSIONS)


def _expressions(
    request: Request, values: Values
) -> tuple[KeyConditionPlan | LegacyKeyCondition, Condition, ProjectionPlan | None]:
    names = request.get("ExpressionAttributeNames")
    text = request.get("KeyConditionExpression")
    filter_ = read_filter(request, "QueryFilter", values)
    projection = projection_of(request)
    if text is None:
        if request.get("KeyConditions") is None:
            raise ValidationException(
                "Either the KeyConditions or KeyConditionExpression parameter must be specified "
                "in the request."
            )
        legacy = parse_key_conditions(request["KeyConditions"])
    else:
        key_plan = parse_key_condition(text, names)
        key_plan.check(values)
    plans = [filter_.plan] if "FilterExpression" in request and filter_.plan else []
    names_used = [plan.names_used for plan in plans]
    values_used = [plan.values_used for plan in plans]
    if text is not None:
        names_used.append(key_plan.names_used)
        values_used.append(key_plan.values_used)
    if "ProjectionExpression" in request and projection is not None:
        names_used.append(projection.names_used)
    check_unused(names, request.get("ExpressionAttributeValues"), names_used, values_used)
    if text is None:
        return legacy, filter_, projection
    key_plan.check_terms()
    return key_plan, filter_, projection


async def execute(plan: QueryPlan, snapshot: Snapshot) -> Answer:
    """Read one page of the items under the partition key."""
    table = await usable_table(snapshot, plan.scope, plan.table_name)
    source = source_of(plan, table)
    condition = plan.bind(source.keys)
    check_filter_paths(plan, source)
    _check_filter(plan, source)
    prefix, start, stop = _range(table, source, condition)
    if plan.start_key is not None:
        start, stop = _resume(plan, source, prefix, start, stop)
    partition = None
    if table.is_watched:
        names = (attribute.name for attribute in source.keys.partition)
        partition = dict(zip(names, condition.partition_values, strict=True))
    page = await read_page(
        snapshot, plan, source, start, stop, reverse=not plan.forward, partition=partition
    )
    return page_answer(plan, source, page)


def _check_filter(plan: QueryPlan, source: Source) -> None:
    filter_plan = plan.filter.plan
    if filter_plan is None:
        return
    names = filter_plan.attribute_names
    for name in source.keys.names:
        if name in names:
            what = "QueryFilter" if plan.legacy_filter else "Filter Expression"
            raise ValidationException(
                f"{what} can only contain non-primary key attributes: Primary key attribute: {name}"
            )
    index = source.index
    if index is not None and index.projected is not None:
        missing = sorted(set(names) - index.projected)
        if missing:
            raise ValidationException(
                f"One or more parameter values were invalid: Secondary index {index.name} does "
                f"not project one or more filter attributes: [{', '.join(missing)}]"
            )


def _range(table: Table, source: Source, condition: KeyCondition) -> tuple[bytes, bytes, bytes]:
    """The partition's prefix, and the range of keys that the condition leaves."""
    keys = source.keys
    hashed = partition_hash(table.salt, keys.partition, condition.partition_values)
    if source.index is None:
        prefix = table.items_prefix + hashed
    else:
        prefix = keyspace.index_prefix(table.number, source.index.number) + hashed
    fixed = prefix
    for attribute, value in zip(keys.sort, condition.sort_equals, strict=False):
        fixed += encode_component(attribute.type, value[attribute.type])
    bound = condition.sort_range
    if bound is None:
        return prefix, fixed, after_prefix(fixed)
    key_type = keys.sort[len(condition.sort_equals)].type
    return prefix, *sort_range(fixed, key_type, bound.operator, bound.operands)


def _resume(
    plan: QueryPlan, source: Source, prefix: bytes, start: bytes, stop: bytes
) -> tuple[bytes, bytes]:
    assert plan.start_key is not None
    position = start_position(source, plan.start_key, "The provided starting key is invalid")
    if not position.startswith(prefix):
        raise ValidationException(
            "The provided starting key is outside query boundaries based on provided condition"
        )
    if not start <= position < stop:
        raise ValidationException(
            "The provided starting key does not match the range key predicate"
        )
    return (position + b"\x00", stop) if plan.forward else (start, position)


OPERATION = Operation(
    name="Query", writes=False, prepare=prepare, execute=execute, execute_lagging=execute
)
