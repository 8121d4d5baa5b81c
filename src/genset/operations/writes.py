"""One write of one item: what PutItem, UpdateItem, DeleteItem, batches and transactions share.

A `Write` is a request's wish, checked as far as possible without data. `perform` reads the item,
checks the condition, and stores what follows from it. Several writes read their items at once,
with `read_before`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from genset.expressions.update import UpdatePlan
from genset.model.attribute_values import Item, check_nesting, values_equal
from genset.model.errors import (
    ConditionalCheckFailedException,
    DuplicateItemException,
    ValidationException,
)
from genset.model.items import decode_stored, encode_stored, stored_bytes
from genset.model.keys import (
    check_index_keys,
    check_item_key,
    check_key,
    index_entry_key,
    item_key,
    not_scalar,
)
from genset.model.limits import ITEM_BYTES_MAX, LOCAL_INDEXES_MAX
from genset.model.sizes import item_bytes
from genset.model.tables import Table
from genset.operations.capacity import Consumed, write_units
from genset.operations.item_store import projected_item, store_item
from genset.operations.metering import Meter, Use, charge_write, item_use, meter_for
from genset.operations.operation import Services
from genset.operations.parameters import Condition, Values
from genset.storage import keyspace
from genset.storage.engine import Transaction

PUT: Final = "Put"
UPDATE: Final = "Update"
DELETE: Final = "Delete"
CHECK: Final = "ConditionCheck"

Known: TypeAlias = Mapping[bytes, bytes | None]
"""What a transaction has read already, by key."""
_NOTHING: Final[Known] = {}

# An item of so many bytes is within the limit with a whole copy of it in every local index.
_ALWAYS_FITS_BYTES: Final = ITEM_BYTES_MAX // (LOCAL_INDEXES_MAX + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A wish to put `item`, or to update, delete or check the item of key `item`."""

    kind: str
    table_name: str
    item: Item
    item_bytes: int = 0
    condition: Condition
    update: UpdatePlan | None = None
    values: Values = field(default_factory=dict)
    item_on_failure: bool = False
    reads_before: bool = False
    inserts: bool = False
    """Whether it may only create an item, as a PartiQL INSERT."""
    is_watched: bool = True
    """Whether contributor insights count it, as they do not count PartiQL."""
    is_blind: bool = False
    """Whether nobody asks what was there before: a put that returns and reports nothing."""


@dataclass(slots=True)
class Effect:
    """What a write found and left behind, and what it cost."""

    key: bytes
    before: Item | None
    after: Item | None
    before_bytes: int
    after_bytes: int
    consumed: Consumed


@dataclass(frozen=True, slots=True)
class Target:
    """A write on its table, with the storage key of its item, which has been checked."""

    table: Table
    write: Write
    key: bytes


def check_target(table: Table, write: Write) -> bytes:
    """Check the write's key against the table's schema; returns the item's storage key."""
    if write.kind == PUT:
        check_item_key(table.keys, write.item)
        check_index_keys(table, write.item)
    else:
        check_key(table.keys, write.item)
    if write.update is not None:
        _check_names(table, write.update)
    return item_key(table, write.item)


def _check_names(table: Table, update: UpdatePlan) -> None:
    for name in update.top_level_names:
        if name in table.keys.names:
            raise ValidationException(
                "One or more parameter values were invalid: Cannot update attribute "
                f"{name}. This attribute is part of the key"
            )
    for name in update.nested_names:
        if any(name in index.keys.names for index in table.indexes):
            raise not_scalar("IndexKey", name)


async def read_before(txn: Transaction, targets: Sequence[Target], services: Services) -> Known:
    """The items of several writes as they are before, read at once.

    Without those that nobody asks for. Nothing if there are not several, or if two are of one item,
    which a request can name by its table's name and ARN: the second has to see what the first did.
    """
    keys = [
        each.key
        for each in targets
        if not _is_blind(each.table, each.write, _meter(each.table, each.write, services))
    ]
    if len(keys) < 2 or len({each.key for each in targets}) < len(targets):
        return _NOTHING
    return dict(zip(keys, await txn.get_many(keys), strict=True))


def _meter(table: Table, write: Write, services: Services) -> Meter | None:
    return meter_for(services, table) if write.is_watched else services.meter


def _is_blind(table: Table, write: Write, meter: Meter | None) -> bool:
    """Whether a write needs nothing of what was there before."""
    return (
        write.is_blind
        and write.condition.plan is None
        and meter is None
        and not table.follows_items
    )


def perform(txn: Transaction, table: Table, write: Write, services: Services) -> Awaitable[Effect]:
    """Do the write, once its key is checked: see `perform_at`."""
    return perform_at(txn, table, write, check_target(table, write), services)


async def perform_at(
    txn: Transaction,
    table: Table,
    write: Write,
    key: bytes,
    services: Services,
    *,
    times: int = 1,
    known: Known = _NOTHING,
) -> Effect:
    """Do the write of the item at `key`.

    Raises ConditionalCheckFailedException, with the item where asked for. A meter is charged
    `times` the table's units. What it refuses has changed nothing.
    """
    meter = _meter(table, write, services)
    if meter is not None:
        use = item_use(table, key, write.item, writes=True)
        meter.admit(use)
    elif _is_blind(table, write, meter):
        value = encode_stored(write.item, write.item_bytes)
        await txn.put_counted(key, value, keyspace.counts_key(table.number))
        return Effect(key, None, write.item, 0, write.item_bytes, Consumed(table))
    stored = known[key] if key in known else await txn.get(key)
    before_bytes = stored_bytes(stored) if stored else 0
    if stored and write.inserts:
        if meter is not None:
            meter.charge(use, times * write_units(max(before_bytes, write.item_bytes)))
        raise DuplicateItemException("Duplicate primary key exists in table")
    before = None
    if stored and (
        write.kind in (UPDATE, CHECK)
        or write.reads_before
        or write.condition.plan is not None
        or table.follows_items
    ):
        before = decode_stored(stored)
    if not write.condition.matches(before or {}):
        if meter is not None:
            meter.charge(use, times * write_units(before_bytes))
        members = {"Item": before} if write.item_on_failure and before is not None else {}
        raise ConditionalCheckFailedException("The conditional request failed", **members)
    consumed = Consumed(table)
    after, after_bytes = _outcome(table, write, before, before_bytes)
    if after_bytes > _ALWAYS_FITS_BYTES and after is not None and table.has_local_indexes:
        _check_local_entries(table, write, key, after, after_bytes)
    effect = Effect(key, before, after, before_bytes, after_bytes, consumed)
    entries: dict[str, Use] = {}
    if meter is not None and write.kind != CHECK and table.follows_items:
        entries = _changed_entries(table, effect)
        meter.admit(*entries.values())
    if write.kind == CHECK:
        consumed.table_units = write_units(before_bytes)
    else:
        await store_item(
            txn,
            table,
            key,
            before=before,
            before_bytes=before_bytes,
            after=after,
            after_bytes=after_bytes,
            consumed=consumed,
            services=services,
        )
    if meter is not None:
        charge_write(meter, use, entries, consumed, times)
    return effect


def _changed_entries(table: Table, effect: Effect) -> dict[str, Use]:
    """The uses of the global indexes, by name, whose entries the write changes."""
    uses = {}
    before, after = effect.before, effect.after
    for index in table.indexes:
        if not index.is_global:
            continue
        old_key = index_entry_key(table, index, before, effect.key) if before else None
        new_key = index_entry_key(table, index, after, effect.key) if after else None
        entry = new_key or old_key
        if entry is None:
            continue
        old = projected_item(index, before or {})
        new = projected_item(index, after or {})
        if old_key != new_key or not values_equal({"M": old}, {"M": new}):
            item = after if new_key else before
            uses[index.name] = Use(table, index, True, keyspace.entry_partition(entry), item)
    return uses


def _check_local_entries(table: Table, write: Write, key: bytes, item: Item, size: int) -> None:
    """Refuse an item that is too large together with its entries in local indexes.

    The developer guide, "Constraints", has the rule and no words for it: these are what the limit
    is answered with where there is no index.
    """
    for index in table.indexes:
        if not index.is_global and index_entry_key(table, index, item, key) is not None:
            size += item_bytes(projected_item(index, item))
    if size > ITEM_BYTES_MAX:
        raise update_too_large() if write.kind == UPDATE else item_too_large()


def _outcome(
    table: Table, write: Write, before: Item | None, before_bytes: int
) -> tuple[Item | None, int]:
    if write.kind == PUT:
        return write.item, write.item_bytes
    if write.kind == UPDATE:
        return _updated(table, write, before, before_bytes)
    return None, 0


def _updated(
    table: Table, write: Write, before: Item | None, before_bytes: int
) -> tuple[Item | None, int]:
    update = write.update
    if update is not None and before is None and update.only_removes:
        return None, 0
    if before is None:
        before, before_bytes = write.item, item_bytes(write.item)
    if update is None:
        return before, before_bytes
    after = update.apply(before, write.values)
    check_index_keys(table, after, before=before, updating=True)
    # Only what the update names can have grown: the rest is as deep and as large as it was.
    named = update.top_level_names
    written = {name: after[name] for name in named if name in after}
    overwritten = {name: before[name] for name in named if name in before}
    check_nesting(written)
    size = before_bytes - item_bytes(overwritten) + item_bytes(written)
    if size > ITEM_BYTES_MAX:
        raise update_too_large()
    return after, size


def item_too_large() -> ValidationException:
    """The exception for an item that is too large to be put."""
    return ValidationException("Item size has exceeded the maximum allowed size")


def update_too_large() -> ValidationException:
    """The exception for an update that is too large, or makes an item that is."""
    return ValidationException("Item size to update has exceeded the maximum allowed size")
