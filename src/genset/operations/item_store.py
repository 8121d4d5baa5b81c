"""An item in its table: the item, its index entries and the counters change together."""

from __future__ import annotations

from genset.model.attribute_values import Item, values_equal
from genset.model.errors import ItemCollectionSizeLimitExceededException
from genset.model.items import encode_stored, stored_json
from genset.model.keys import index_entry_key, item_hash
from genset.model.limits import ITEM_COLLECTION_BYTES_MAX
from genset.model.sizes import item_bytes
from genset.model.tables import Index, Table
from genset.model.time_to_live import expiry_second
from genset.operations.capacity import Consumed, write_units
from genset.operations.operation import Services
from genset.operations.stream_records import record_change
from genset.storage import keyspace
from genset.storage.engine import Transaction


async def store_item(
    txn: Transaction,
    table: Table,
    key: bytes,
    *,
    before: Item | None,
    before_bytes: int,
    after: Item | None,
    after_bytes: int,
    consumed: Consumed,
    services: Services,
    by_ttl: bool = False,
) -> None:
    """Replace the item at `key` and all that follows from it.

    `before` may be None although an item of `before_bytes` exists only if the table does not
    follow its items (`Table.follows_items`). Adds to `consumed` what the write costs. A deletion
    `by_ttl` is recorded as the service's. Raises
    ItemCollectionSizeLimitExceededException if a table with local indexes would exceed 10 GB
    under one partition key.
    """
    consumed.table_units += write_units(max(before_bytes, after_bytes))
    if after is None and not before_bytes:
        return
    local_bytes = after_bytes - before_bytes
    for index in table.indexes:
        indexed = before
        if index.partial and before is not None:
            indexed = await _maybe_indexed(txn, table, index, key, before)
        grown = _store_entry(txn, table, index, key, indexed, after, consumed)
        if not index.is_global:
            local_bytes += grown
    if table.ttl is not None:
        _store_expiry(txn, table.ttl, key, before, after)
    stored = None
    if after is None:
        txn.delete(key)
    else:
        stored = encode_stored(after, after_bytes)
        txn.put(key, stored)
    if table.stream is not None:
        await record_change(
            txn,
            table,
            key,
            before=before,
            before_bytes=before_bytes,
            after=after,
            after_bytes=after_bytes,
            after_json=stored_json(stored) if stored is not None else b"",
            now=services.now(),
            by_ttl=by_ttl,
        )
    items = (after is not None) - bool(before_bytes)
    if items or after_bytes != before_bytes:
        txn.add(keyspace.counts_key(table.number), items, after_bytes - before_bytes)
    if table.has_local_indexes:
        await _grow_collection(txn, table, after or before or {}, local_bytes)


def _store_expiry(
    txn: Transaction, attribute: str, key: bytes, before: Item | None, after: Item | None
) -> None:
    """Move an item in the queue of expiring items, if it expires at another second."""
    old = expiry_second(before, attribute) if before else None
    new = expiry_second(after, attribute) if after else None
    if old == new:
        return
    if old is not None:
        txn.delete(keyspace.expiry_key(key, old))
    if new is not None:
        txn.put(keyspace.expiry_key(key, new), b"")


async def _grow_collection(txn: Transaction, table: Table, item: Item, grown: int) -> None:
    counter = keyspace.collection_key(table.number, item_hash(table, item))
    if grown > 0:
        counts = await txn.get_counters(counter)
        if counts and counts[0] + grown > ITEM_COLLECTION_BYTES_MAX:
            raise ItemCollectionSizeLimitExceededException("Collection size exceeded.")
    txn.add(counter, grown)


async def _maybe_indexed(
    txn: Transaction, table: Table, index: Index, key: bytes, item: Item
) -> Item | None:
    """The item if it has its entry in an index that is still being filled."""
    entry = index_entry_key(table, index, item, key)
    return item if entry is not None and await txn.get(entry) is not None else None


def projected_item(index: Index, item: Item) -> Item:
    """What an index stores of an item."""
    names = index.projected
    if names is None:
        return item
    return {name: value for name, value in item.items() if name in names}


def _store_entry(
    txn: Transaction,
    table: Table,
    index: Index,
    key: bytes,
    before: Item | None,
    after: Item | None,
    consumed: Consumed,
) -> int:
    """Change an item's entry in one index; returns by how many bytes the index grew."""
    old_key = index_entry_key(table, index, before, key) if before else None
    new_key = index_entry_key(table, index, after, key) if after else None
    old = projected_item(index, before) if old_key and before else {}
    new = projected_item(index, after) if new_key and after else {}
    if old_key == new_key and (old_key is None or values_equal({"M": old}, {"M": new})):
        return 0
    old_bytes, new_bytes = item_bytes(old), item_bytes(new)
    units = 0
    if old_key == new_key:
        units = write_units(max(old_bytes, new_bytes))
    else:
        units += write_units(old_bytes) if old_key else 0
        units += write_units(new_bytes) if new_key else 0
    if old_key and old_key != new_key:
        txn.delete(old_key)
    if new_key:
        txn.put(new_key, encode_stored(new, new_bytes))
    counts = keyspace.counts_key(table.number, index.number)
    txn.add(counts, bool(new_key) - bool(old_key), new_bytes - old_bytes)
    consumed.add_index(index, units)
    return new_bytes - old_bytes


async def collection_metrics(txn: Transaction, table: Table, item: Item) -> dict[str, object]:
    """The ItemCollectionMetrics of an item's partition key; the range is in whole gigabytes."""
    counts = await txn.get_counters(keyspace.collection_key(table.number, item_hash(table, item)))
    low = (counts[0] if counts else 0) // 1024**3
    name = table.keys.partition[0].name
    return {
        "ItemCollectionKey": {name: item[name]},
        "SizeEstimateRangeGB": [float(low), float(low + 1)],
    }
