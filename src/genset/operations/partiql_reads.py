"""SELECT: from a WHERE clause to reads by key, of key ranges, or of everything.

Each read is the one that GetItem, Query or Scan would make, and costs the same. A page holds at
most 1 MB or `Limit` items over all reads, counted before the filter. Texts and rules as observed on
the service, September and October 2026.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from genset.expressions.partiql.key_plan import Branch, KeyTerm
from genset.expressions.partiql.statements import CompiledSelect, filter_attributes
from genset.expressions.placeholders import hash_set_order
from genset.model.attribute_values import AttributeValue, Item, type_of
from genset.model.errors import ResourceNotFoundException, ValidationException
from genset.model.items import decode_stored, stored_bytes
from genset.model.keys import (
    check_key,
    encode_component,
    index_entry_key,
    item_key,
    not_scalar,
    partition_hash,
    sort_range,
)
from genset.model.limits import PAGE_BYTES_MAX
from genset.model.tables import Index, KeyAttribute, Keys, Table
from genset.operations.capacity import Consumed, read_units
from genset.operations.catalog import usable_index, usable_table
from genset.operations.metering import THROTTLED
from genset.operations.operation import Scope
from genset.operations.parameters import Condition, Values
from genset.operations.partiql_statements import Bound, key_names, several_key_attributes
from genset.operations.reads import Page, ReadPlan, Source, read_page
from genset.storage import keyspace
from genset.storage.engine import Snapshot
from genset.storage.keyspace import after_prefix

_INVALID: Final = "One or more parameter values were invalid: "
_ALWAYS: Final = Condition()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRead:
    """A range of keys to read. `point` says that it is one key of the table."""

    start: bytes
    stop: bytes
    point: bool = False


@dataclass(slots=True, kw_only=True)
class Rows:
    """What a SELECT read: items as JSON, where it stopped if it did, and what it cost.

    `next_read` and `last` say where the next page begins: the number of the read, and the keys of
    the last item of it that was read, if there was one.
    """

    items: list[bytes] = field(default_factory=list)
    next_read: int | None = None
    last: Item | None = None
    consumed: Consumed


async def select_source(
    snapshot: Snapshot, scope: Scope, bound: Bound, *, consistent: bool
) -> Source:
    """The table or index that a SELECT reads, checked against what the statement asks of it."""
    compiled = bound.compiled
    assert isinstance(compiled, CompiledSelect)
    select = compiled.statement
    if select.fault is not None and select.index is None:
        raise ValidationException(select.fault.message)
    try:
        table = await usable_table(snapshot, scope, bound.table_name)
    except ResourceNotFoundException:
        if select.fault is not None:
            raise ValidationException(select.fault.message) from None
        raise
    index = None
    if select.index is not None:
        if table.index(select.index) is None:
            # Query appends the index's name.
            raise ValidationException("The table does not have the specified index")
        index = usable_index(table, select.index, scope)
        if several_key_attributes(index.keys):
            raise ValidationException(
                "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or "
                "multi-attribute RANGE keys."
            )
        if select.fault is not None:
            raise ValidationException(select.fault.message)
    if index is None and not compiled.nested_paths:
        return Source(table=table, index=None, fetches=False)
    return _checked_source(compiled, table, index, consistent=consistent)


def _checked_source(
    compiled: CompiledSelect, table: Table, index: Index | None, *, consistent: bool
) -> Source:
    if index is not None and index.is_global and consistent:
        raise ValidationException(
            "Strongly consistent read is not supported on Global Secondary Indexes"
        )
    fetches = False
    if index is not None and compiled.columns is not None and index.projected is not None:
        missing = [name for name in compiled.columns.attributes if name not in index.projected]
        if missing and index.is_global:
            raise ValidationException(
                f"{_INVALID}Global secondary index {index.name} does not project "
                f"[{', '.join(missing)}]"
            )
        fetches = bool(missing)
    source = Source(table=table, index=index, fetches=fetches)
    _check_scalars(compiled, source)
    return source


def _check_scalars(compiled: CompiledSelect, source: Source) -> None:
    """Refuse paths into key attributes, which are always scalars."""
    for path in compiled.nested_paths:
        for keys, what in ((source.table.keys, "Key"), (source.keys, "IndexKey")):
            if path in keys.names:
                raise not_scalar(what, path)


# Reads


def key_reads(bound: Bound, source: Source) -> tuple[list[KeyRead] | None, Condition, bool]:
    """The reads of a SELECT in their order, the filter of their rows, and whether to go backwards.

    None is for reading everything.
    """
    compiled = bound.compiled
    assert isinstance(compiled, CompiledSelect)
    partition, sort = key_names(source.keys)
    branches = compiled.branches(partition, sort)
    if branches is not None:
        _check_types(branches, source.keys, bound.values)
        if any(_contradicts(branch, bound.values) for branch in branches):
            branches = None
    whole = Condition(plan=compiled.where, values=bound.values) if compiled.where else _ALWAYS
    if compiled.statement.order:
        _check_order(compiled, source.keys, branches, bound.values)
    if branches is None:
        return None, whole, False
    _check_projected(branches, source, bound.values)
    ordering = {term.attribute: term.descending for term in compiled.statement.order}
    # Where something is ordered by, and not the sort key, the service reads it backwards.
    backwards = bool(ordering) and ordering.get(sort or "", True)
    reads = _ranges(branches, source, bound.values)
    if ordering.get(partition, False):
        reads.reverse()
    elif backwards:
        reads = _backwards_within_partitions(reads)
    exact = all(not branch.filters for branch in branches)
    return [read for _, read in reads], _ALWAYS if exact else whole, backwards


def _contradicts(branch: Branch, values: Values) -> bool:
    """Whether a branch asks for two partition keys at once; it is not read by its key."""
    first, *others = branch.partition
    wanted = values[first.operands[0]]
    return any(values[term.operands[0]] != wanted for term in others)


def _check_types(branches: Sequence[Branch], keys: Keys, values: Values) -> None:
    types = {attribute.name: attribute.type for attribute in (*keys.partition, *keys.sort)}
    for branch in branches:
        for term in (*branch.partition, *branch.sort):
            for operand in term.operands:
                check_key_value(term.attribute, types[term.attribute], values[operand])


def check_key_value(name: str, key_type: str, value: AttributeValue) -> None:
    """Refuse a value that a key attribute cannot have."""
    found = type_of(value)
    if found not in ("S", "N", "B"):
        raise ValidationException(
            f"Key value must be of type S, N, or B. Key name: {name}, Key type: {found}"
        )
    if found != key_type:
        raise ValidationException(
            f"Key attribute's data type should match its data type in table's schema: Key {name}"
        )
    if not value[found]:
        kind = "string" if found == "S" else "binary"
        raise ValidationException(
            "One or more parameter values are not valid. The AttributeValue for a key attribute "
            f"cannot contain an empty {kind} value. Key: {name}"
        )


def _check_order(
    compiled: CompiledSelect, keys: Keys, branches: Sequence[Branch] | None, values: Values
) -> None:
    order = compiled.statement.order
    if compiled.where is None:
        raise ValidationException(
            "Must have WHERE clause in the statement when using ORDER BY clause."
        )
    for term in order:
        if term.attribute not in keys.names:
            raise ValidationException(
                f"Attribute {term.attribute} in ORDER BY clause must be part of the primary key"
            )
    if branches is None:
        raise ValidationException(
            "Must have at least one non-optional hash key condition in WHERE clause when using "
            "ORDER BY clause."
        )
    partition = keys.partition[0].name
    wanted = [values[branch.partition[0].operands[0]] for branch in branches]
    if any(value != wanted[0] for value in wanted) and all(
        term.attribute != partition for term in order
    ):
        raise ValidationException(
            "Must have hash key in ORDER BY clause when more than one hash key condition specified "
            "in WHERE clause."
        )


def _check_projected(branches: Sequence[Branch], source: Source, values: Values) -> None:
    """Refuse a filter on what the index does not hold, of a read by the index's key.

    The service does so if no branch goes without such a filter, and names the attributes of the
    branch whose partition key is last.
    """
    index = source.index
    if index is None or index.projected is None:
        return
    unprojected: list[str] = []
    for branch in sorted(branches, key=lambda each: _partition_order(each, source.keys, values)):
        attributes = filter_attributes(branch.filters)
        unprojected = [name for name in attributes if name not in index.projected]
        if not unprojected:
            return
    raise ValidationException(
        f"{_INVALID}Secondary index {index.name} does not project one or more filter attributes: "
        f"[{', '.join(hash_set_order(unprojected))}]"
    )


def _partition_order(branch: Branch, keys: Keys, values: Values) -> bytes:
    attribute = keys.partition[0]
    value = values[branch.partition[0].operands[0]]
    return encode_component(attribute.type, value[attribute.type])


def _ranges(
    branches: Sequence[Branch], source: Source, values: Values
) -> list[tuple[bytes, KeyRead]]:
    """The ranges that the branches read, by their partition keys and then by their starts.

    Raises ValidationException if two of one partition overlap, but where a filter takes keys out
    of one: then the whole partition is read once.
    """
    partitions: dict[bytes, list[Branch]] = {}
    for branch in branches:
        order = _partition_order(branch, source.keys, values)
        partitions.setdefault(order, []).append(branch)
    reads = []
    for order in sorted(partitions):
        below = partitions[order]
        prefix = _partition_prefix(below[0], source, values)
        ranges = [_range(prefix, branch, source, values) for branch in below]
        if len(below) > 1:
            if any(branch.negated for branch in below):
                ranges = [KeyRead(start=prefix, stop=after_prefix(prefix))]
            ranges = sorted((r for r in ranges if r.start < r.stop), key=lambda r: r.start)
            for one, other in pairwise(ranges):
                if other.start < one.stop:
                    raise ValidationException(
                        "Overlapping conditions with range keys are not supported in where clause"
                    )
        reads += [(order, read) for read in ranges]
    return reads


def _backwards_within_partitions(
    reads: list[tuple[bytes, KeyRead]],
) -> list[tuple[bytes, KeyRead]]:
    """The reads of each partition in reverse, the partitions in order."""
    by_partition: dict[bytes, list[tuple[bytes, KeyRead]]] = {}
    for read in reads:
        by_partition.setdefault(read[0], []).insert(0, read)
    return [read for below in by_partition.values() for read in below]


def _partition_prefix(branch: Branch, source: Source, values: Values) -> bytes:
    table = source.table
    hashed = partition_hash(
        table.salt, source.keys.partition, [values[branch.partition[0].operands[0]]]
    )
    if source.index is None:
        return table.items_prefix + hashed
    return keyspace.index_prefix(table.number, source.index.number) + hashed


def _range(prefix: bytes, branch: Branch, source: Source, values: Values) -> KeyRead:
    if not source.keys.sort:
        return KeyRead(start=prefix, stop=after_prefix(prefix), point=source.index is None)
    attribute = source.keys.sort[0]
    start, stop = prefix, after_prefix(prefix)
    point = False
    for term in branch.sort:
        low, high = _term_range(prefix, attribute, term, values)
        start, stop = max(start, low), min(stop, high)
        point |= term.operator == "="
    return KeyRead(start=start, stop=stop, point=point and source.index is None and start < stop)


def _term_range(
    prefix: bytes, attribute: KeyAttribute, term: KeyTerm, values: Values
) -> tuple[bytes, bytes]:
    operands = [values[name] for name in term.operands]
    if term.operator == "=":
        key = prefix + encode_component(attribute.type, operands[0][attribute.type])
        return key, after_prefix(key)
    return sort_range(prefix, attribute.type, term.operator, operands)


# Pages


async def read_rows(
    snapshot: Snapshot,
    scope: Scope,
    bound: Bound,
    source: Source,
    *,
    consistent: bool,
    limit: int | None,
    start: tuple[int, Item | None],
) -> Rows:
    """One page of what a SELECT asks for, from the read and the item that the last one ended at."""
    next_read, after = start
    compiled = bound.compiled
    assert isinstance(compiled, CompiledSelect)
    reads, condition, backwards = key_reads(bound, source)
    if reads is None:
        reads = [_everything(source)]
    rows = Rows(consumed=Consumed(source.table))
    if next_read >= len(reads) > 0:
        raise invalid_token()
    plan = _read_plan(scope, bound, condition, consistent=consistent, limit=limit)
    page = Page()
    for number in range(next_read, len(reads)):
        if page.scanned == limit or page.bytes_read >= PAGE_BYTES_MAX:
            rows.next_read = number
            break
        read = reads[number]
        if number == next_read and after is not None:
            read = _resumed(read, source, after, backwards=backwards)
        before = page.bytes_read
        try:
            await read_page(
                snapshot, plan, source, read.start, read.stop, reverse=backwards, page=page
            )
        except THROTTLED:
            if number == next_read:
                raise
            # The page ends here: a request that began anew each time might never come further.
            rows.next_read = number
            break
        _charge(rows.consumed, plan, source, page.bytes_read - before)
        if page.last is not None and not read.point:
            rows.next_read = number
            item = decode_stored(page.last)
            rows.last = {name: item[name] for name in sorted(source.key_names())}
            break
        # There is nothing after the one item of a key.
        page.last = None
    rows.items = page.rows
    rows.consumed.table_units += page.fetch_units
    return rows


def _everything(source: Source) -> KeyRead:
    if source.index is None:
        prefix = source.table.items_prefix
    else:
        prefix = keyspace.index_prefix(source.table.number, source.index.number)
    return KeyRead(start=prefix, stop=after_prefix(prefix))


def _read_plan(
    scope: Scope, bound: Bound, condition: Condition, *, consistent: bool, limit: int | None
) -> ReadPlan:
    compiled = bound.compiled
    assert isinstance(compiled, CompiledSelect)
    return ReadPlan(
        scope=scope,
        table_name=bound.table_name,
        index_name=compiled.statement.index,
        select=None,
        projection=compiled.columns,
        filter=condition,
        limit=limit,
        start_key=None,
        consistent=consistent,
        capacity=None,
        is_watched=False,
    )


def _charge(consumed: Consumed, plan: ReadPlan, source: Source, bytes_read: int) -> None:
    units = read_units(bytes_read, consistent=plan.consistent)
    if source.index is None:
        consumed.table_units += units
    else:
        consumed.add_index(source.index, units)


def _resumed(read: KeyRead, source: Source, after: Item, *, backwards: bool) -> KeyRead:
    """What is left of a read after the item of those keys."""
    table = source.table
    if after.keys() != source.key_names():
        raise invalid_token()
    attributes = (
        *table.keys.partition,
        *table.keys.sort,
        *source.keys.partition,
        *source.keys.sort,
    )
    for attribute in attributes:
        if not after[attribute.name].get(attribute.type):
            raise invalid_token()
    position = item_key(table, after)
    if source.index is not None:
        entry = index_entry_key(table, source.index, after, position)
        assert entry is not None, "all its key attributes are there"
        position = entry
    if not read.start <= position < read.stop:
        raise invalid_token()
    if backwards:
        return KeyRead(start=read.start, stop=position)
    return KeyRead(start=position + b"\x00", stop=read.stop)


def invalid_token() -> ValidationException:
    """The exception for a NextToken that no answer held."""
    return ValidationException("Invalid NextToken")


# One item


def exact_key(bound: Bound, table: Table) -> Item | None:
    """The primary key that a SELECT names and nothing else; None if it asks for something else."""
    compiled = bound.compiled
    assert isinstance(compiled, CompiledSelect)
    operands = compiled.key_operands(*key_names(table.keys))
    if operands is None:
        return None
    key: Item = {}
    for attribute, operand in operands:
        value = bound.values[operand]
        if key.setdefault(attribute, value) != value:
            return None
    return key


def check_readable(bound: Bound, source: Source) -> None:
    """Refuse a SELECT that could not be read even if it need not name one item."""
    key_reads(bound, source)


def checked_key(key: Item, table: Table) -> bytes:
    """The storage key of an item; raises ValidationException for values no key can have."""
    try:
        check_key(table.keys, key)
    except ValidationException:
        for attribute in (*table.keys.partition, *table.keys.sort):
            check_key_value(attribute.name, attribute.type, key[attribute.name])
        raise
    return item_key(table, key)


def item_units(stored: bytes | None, *, consistent: bool) -> float:
    """What reading one item costs, or finding that there is none."""
    return read_units(stored_bytes(stored) if stored else 0, consistent=consistent)
