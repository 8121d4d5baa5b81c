"""What Query and Scan share: parameters, pages, the cost of what was read.

A page holds at most 1 MB or `Limit` items, counted before filter and projection. Source: API
reference, Query and Scan; messages as observed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from genset.expressions.condition import parse_condition
from genset.expressions.errors import ExpressionKind
from genset.expressions.legacy import parse_attributes_to_get, parse_filter
from genset.expressions.projection import ProjectionPlan, parse_projection
from genset.model.attribute_values import Item, decode_value
from genset.model.errors import ValidationException
from genset.model.items import (
    decode_stored,
    stored_bytes,
    stored_json,
    stored_jsons,
    stored_sizes,
)
from genset.model.keys import index_entry_key, item_key, not_scalar
from genset.model.limits import PAGE_BYTES_MAX
from genset.model.tables import Index, Keys, Table
from genset.operations.capacity import Consumed, consumed_member, read_units
from genset.operations.catalog import usable_index
from genset.operations.metering import charge_read, meter_for, range_use
from genset.operations.operation import Answer, Request, Scope
from genset.operations.parameters import Condition, Values, wants
from genset.storage.engine import Snapshot, is_whole

if TYPE_CHECKING:
    from genset.expressions.partiql.columns import Columns

_INVALID: Final = "One or more parameter values were invalid: "
_CHUNK_MAX: Final = 4096
# How many stored bytes an item has for each byte of DynamoDB's measure, by table number, as the
# last page that was full had it: JSON is the longer form, by as much as attributes are short.
_expansions: dict[int, float] = {}
_EXPANSION: Final = 1.25
_EXPANSIONS_MAX: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlan:
    """A Query or Scan, checked as far as possible without data."""

    scope: Scope
    table_name: str
    index_name: str | None
    select: str | None
    projection: ProjectionPlan | Columns | None
    filter: Condition
    limit: int | None
    start_key: Item | None
    consistent: bool
    capacity: str | None
    is_watched: bool = True
    """Whether contributor insights count it, as they do not count PartiQL."""


def decode_start_key(request: Request) -> Item | None:
    """ExclusiveStartKey with its values checked."""
    start_key: Item | None = request.get("ExclusiveStartKey")
    if start_key is not None:
        for value in start_key.values():
            decode_value(value)
    return start_key


def check_select(request: Request, *, prefix: str = "") -> None:
    """Check Select against the projection and the index. Query's errors carry a prefix."""
    select = request.get("Select")
    named = next((n for n in ("ProjectionExpression", "AttributesToGet") if n in request), None)
    if select == "SPECIFIC_ATTRIBUTES" and named is None:
        raise ValidationException(
            f"{prefix}Must specify the AttributesToGet or ProjectionExpression when choosing to "
            "get SPECIFIC_ATTRIBUTES"
        )
    if named and select not in (None, "SPECIFIC_ATTRIBUTES"):
        what = "only the Count" if select == "COUNT" else select
        raise ValidationException(f"{prefix}Cannot specify the {named} when choosing to get {what}")
    if select == "ALL_PROJECTED_ATTRIBUTES" and "IndexName" not in request:
        raise ValidationException(
            f"{prefix}ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
        )


def read_filter(request: Request, legacy_name: str, values: Values) -> Condition:
    """The filter of a request, from its expression or its legacy parameter."""
    text = request.get("FilterExpression")
    if text is not None:
        plan = parse_condition(text, request.get("ExpressionAttributeNames"), ExpressionKind.FILTER)
        plan.check(values)
        return Condition(plan=plan, values=values)
    if legacy_name not in request and "ConditionalOperator" not in request:
        return Condition()
    legacy = parse_filter(request.get(legacy_name), request.get("ConditionalOperator"))
    return Condition(plan=legacy.plan, values=legacy.values) if legacy else Condition()


def projection_of(request: Request) -> ProjectionPlan | None:
    """The projection of a request, from its expression or AttributesToGet."""
    text = request.get("ProjectionExpression")
    if text is not None:
        return parse_projection(text, request.get("ExpressionAttributeNames"))
    legacy = request.get("AttributesToGet")
    return parse_attributes_to_get(legacy) if legacy is not None else None


def common_parameters(request: Request) -> dict[str, Any]:
    """The members of a plan that need no further thought."""
    return {
        "index_name": request.get("IndexName"),
        "select": request.get("Select"),
        "limit": request.get("Limit"),
        "consistent": request.get("ConsistentRead", False),
        "capacity": wants(request, "ReturnConsumedCapacity"),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is read: a table, or one of its indexes, and what must be fetched from the table."""

    table: Table
    index: Index | None
    fetches: bool

    @property
    def keys(self) -> Keys:
        """The keys that order what is read."""
        return self.index.keys if self.index else self.table.keys

    def key_names(self) -> frozenset[str]:
        """The attributes of a LastEvaluatedKey."""
        return frozenset((*self.keys.names, *self.table.keys.names))


def source_of(plan: ReadPlan, table: Table) -> Source:
    """Check the index of a read; raises ValidationException for what it cannot serve."""
    if plan.index_name is None:
        return Source(table=table, index=None, fetches=False)
    index = usable_index(table, plan.index_name, plan.scope)
    if plan.consistent and index.is_global:
        raise ValidationException("Consistent reads are not supported on global secondary indexes")
    missing: list[str] = []
    if plan.projection is not None and index.projected is not None:
        missing = sorted(set(plan.projection.top_level_names) - index.projected)
    wants_all = plan.select == "ALL_ATTRIBUTES" and index.projected is not None
    if index.is_global and wants_all:
        raise ValidationException(
            f"{_INVALID}Select type ALL_ATTRIBUTES is not supported for global secondary index "
            f"{index.name} because its projection type is not ALL"
        )
    if index.is_global and missing:
        raise ValidationException(
            f"{_INVALID}Global secondary index {index.name} does not project [{', '.join(missing)}]"
        )
    return Source(table=table, index=index, fetches=wants_all or bool(missing))


def check_filter_paths(plan: ReadPlan, source: Source) -> None:
    """Refuse a filter that looks into a key attribute, which is always a scalar."""
    if plan.filter.plan is None:
        return
    for path in plan.filter.plan.attribute_paths:
        if len(path) == 1:
            continue
        for keys, what in ((source.table.keys, "Key"), (source.keys, "IndexKey")):
            if path[0] in keys.names:
                raise not_scalar(what, str(path[0]))


def start_position(source: Source, start_key: Item, error: str) -> bytes:
    """The storage key of an ExclusiveStartKey; raises `error` if it does not fit the schema."""
    if start_key.keys() != source.key_names():
        raise ValidationException(error)
    keys = source.table.keys
    attributes = keys.partition + keys.sort
    if source.index is not None:
        attributes += source.index.keys.partition + source.index.keys.sort
    for attribute in attributes:
        if not start_key[attribute.name].get(attribute.type):
            raise ValidationException(error)
    key = item_key(source.table, start_key)
    if source.index is None:
        return key
    entry = index_entry_key(source.table, source.index, start_key, key)
    if entry is None:
        raise ValidationException(error)
    return entry


@dataclass(slots=True)
class Page:
    """What one request read: the rows that passed the filter, and how far it came."""

    rows: list[Any] = field(default_factory=list)
    count: int = 0
    scanned: int = 0
    bytes_read: int = 0
    last: bytes | None = None
    fetch_units: float = 0.0
    read: list[bytes] | None = None
    """The stored values read, if contributor insights count them."""


async def read_page(
    snapshot: Snapshot,
    plan: ReadPlan,
    source: Source,
    start: bytes,
    stop: bytes,
    *,
    reverse: bool = False,
    page: Page | None = None,
    partition: Item | None = None,
) -> Page:
    """Read one page of the range; `last` is set if the page ended before the range.

    `page` is one that other ranges have begun to fill, and that has room. `partition` has the
    values of the range's partition key, where the table is watched.
    """
    page = page or Page()
    services = plan.scope.services
    meter, past = services.meter, services.past
    if source.table.is_watched and plan.is_watched:
        meter, page.read = meter_for(services, source.table), []
    if past is not None and not plan.consistent:
        snapshot = past.view(snapshot, source.index)
    if meter is None:
        return await _read_chunks(snapshot, plan, source, start, stop, reverse, page)
    use = range_use(source.table, source.index, start, stop, partition)
    meter.admit(use)
    bytes_before, units_before = page.bytes_read, page.fetch_units
    await _read_chunks(snapshot, plan, source, start, stop, reverse, page)
    read = Page(
        bytes_read=page.bytes_read - bytes_before, fetch_units=page.fetch_units - units_before
    )
    charge_read(meter, use, page_consumed(plan, source, read), page.read or ())
    return page


async def _read_chunks(
    snapshot: Snapshot,
    plan: ReadPlan,
    source: Source,
    start: bytes,
    stop: bytes,
    reverse: bool,
    page: Page,
) -> Page:
    limit = plan.limit
    expansion = _expansions.get(source.table.number, _EXPANSION)
    while start < stop:
        wanted = _CHUNK_MAX if limit is None else min(_CHUNK_MAX, limit - page.scanned)
        # A little more than what should fill the page, so that one scan will do.
        bytes_max = int((PAGE_BYTES_MAX - page.bytes_read) * expansion * 1.02) + 1
        pairs = await snapshot.scan(start, stop, limit=wanted, bytes_max=bytes_max, reverse=reverse)
        taken = _take(page, pairs)
        if page.read is not None:
            page.read += taken
        await _add_rows(snapshot, plan, source, page, taken)
        if taken and (page.bytes_read >= PAGE_BYTES_MAX or page.scanned == limit):
            page.last = taken[-1]
            return page
        if is_whole(pairs, wanted, bytes_max):
            return page
        expansion = _learn_expansion(source, pairs)
        if reverse:
            stop = pairs[-1][0]
        else:
            start = pairs[-1][0] + b"\x00"
    return page


def _learn_expansion(source: Source, pairs: list[tuple[bytes, bytes]]) -> float:
    values = [value for _, value in pairs]
    expansion = sum(map(len, values)) / max(sum(stored_sizes(values)), 1)
    if len(_expansions) >= _EXPANSIONS_MAX:
        _expansions.clear()
    _expansions[source.table.number] = expansion
    return expansion


def _take(page: Page, pairs: list[tuple[bytes, bytes]]) -> list[bytes]:
    """The values that fit the page; the one that reaches 1 MB still belongs to it."""
    values = [value for _, value in pairs]
    sizes = stored_sizes(values)
    size = page.bytes_read + sum(sizes)
    if size >= PAGE_BYTES_MAX:
        size = page.bytes_read
        for position, value_bytes in enumerate(sizes):
            size += value_bytes
            if size >= PAGE_BYTES_MAX:
                del values[position + 1 :]
                break
    page.bytes_read = size
    page.scanned += len(values)
    return values


async def _add_rows(
    snapshot: Snapshot, plan: ReadPlan, source: Source, page: Page, values: Sequence[bytes]
) -> None:
    if source.fetches and plan.select != "COUNT":
        keys = [item_key(source.table, decode_stored(value)) for value in values]
        values = [value for value in await snapshot.get_many(keys) if value is not None]
        page.fetch_units += sum(
            read_units(stored_bytes(value), consistent=plan.consistent) for value in values
        )
    if plan.filter.plan is None and plan.projection is None:
        page.count += len(values)
        if plan.select != "COUNT":
            page.rows += stored_jsons(values)
        return
    for value in values:
        item = decode_stored(value)
        if not plan.filter.matches(item):
            continue
        page.count += 1
        if plan.select == "COUNT":
            continue
        if plan.projection is None:
            page.rows.append(stored_json(value))
        else:
            page.rows.append(orjson.dumps(plan.projection.project(item)))


def page_consumed(plan: ReadPlan, source: Source, page: Page) -> Consumed:
    """What reading the page cost."""
    consumed = Consumed(source.table, page.fetch_units)
    units = read_units(page.bytes_read, consistent=plan.consistent)
    if source.index is None:
        consumed.table_units = units
    else:
        consumed.add_index(source.index, units)
    return consumed


def page_answer(plan: ReadPlan, source: Source, page: Page) -> Answer:
    """The answer of a Query or Scan, as JSON: a page may be 1 MB, and each copy of it costs."""
    answer: dict[str, Any] = {"Count": page.count, "ScannedCount": page.scanned}
    if page.last is not None:
        item = decode_stored(page.last)
        answer["LastEvaluatedKey"] = {name: item[name] for name in sorted(source.key_names())}
    if plan.capacity is not None:
        consumed = page_consumed(plan, source, page)
        answer["ConsumedCapacity"] = consumed_member(plan.capacity, consumed)
    rest = orjson.dumps(answer)
    if plan.select == "COUNT":
        return rest
    rows = page.rows or [b""]
    rows[0] = b'{"Items":[' + rows[0]
    rows[-1] += b"]," + rest[1:]
    return b",".join(rows)
