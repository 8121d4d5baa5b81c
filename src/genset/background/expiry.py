"""Time to live: deleting what has expired, and keeping the queues that say what has.

`genset.operations.expiry_queue` says what a queue is and how its states follow each other. The
record of a deleted table's queue is nobody's here: `genset.background.sweep` removes it.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from genset.background.portions import (
    BYTES_PER_WRITE,
    KEYS_AT_FIRST,
    KEYS_PER_WRITE,
    read_portion,
)
from genset.model.attribute_values import Item
from genset.model.items import decode_stored, stored_bytes
from genset.model.tables import Table
from genset.model.time_to_live import due_seconds, expiry_second
from genset.operations.capacity import Consumed
from genset.operations.catalog import maybe_table
from genset.operations.expiry_queue import (
    FILLING,
    READY,
    REFILLING,
    ExpiryQueue,
    decode_queue,
    encode_queue,
)
from genset.operations.item_store import store_item
from genset.operations.operation import Scope, Services
from genset.storage import keyspace
from genset.storage.engine import Engine, Snapshot, Transaction
from genset.storage.keyspace import after_prefix

ITEMS_PER_WRITE: Final = KEYS_PER_WRITE
ITEMS_PER_READ: Final = KEYS_AT_FIRST
PORTIONS_PER_TURN: Final = 10
_RECORDS_PER_READ: Final = 100


async def delete_expired_round(engine: Engine, services: Services) -> None:
    """Delete all items that have expired; tables take turns. Raises StorageError."""
    while numbers := await _tables(engine, services, _is_due):
        for number in numbers:
            await _take_turn(engine, partial(_delete_portion, number=number, services=services))


async def prepare_queues_round(engine: Engine, services: Services) -> None:
    """Fill and empty the queues of tables whose time to live has changed; tables take turns.

    Raises StorageError.
    """
    while numbers := await _tables(engine, services, _is_unready):
        for number in numbers:
            await _take_turn(engine, partial(_walk_portion, number=number, services=services))


async def _take_turn(engine: Engine, portion: Callable[[Transaction], Awaitable[bool]]) -> None:
    """Do portions of one table's work until it is done or another table's turn."""
    for _ in range(PORTIONS_PER_TURN):
        if not await engine.write(portion):
            return


_Wanted = Callable[[Snapshot, int, ExpiryQueue, Services], Awaitable[bool]]


async def _is_due(snapshot: Snapshot, number: int, queue: ExpiryQueue, services: Services) -> bool:
    """Whether an item of the queue's table is to be deleted now."""
    table = await _live_table(snapshot, number, queue, services)
    if table is None or table.ttl is None:
        return False
    first, last = due_seconds(services.now())
    return bool(await snapshot.scan(*keyspace.expiry_range(number, first, last), limit=1))


async def _is_unready(
    snapshot: Snapshot, number: int, queue: ExpiryQueue, services: Services
) -> bool:
    """Whether the queue is not what it is to be, and its table is there."""
    if queue.state == READY:
        return False
    return await _live_table(snapshot, number, queue, services) is not None


async def _tables(engine: Engine, services: Services, wanted: _Wanted) -> list[int]:
    """The tables whose queues are wanted."""
    start, stop = keyspace.expiry_queues_range()
    found: list[int] = []
    while True:
        read = partial(_page, start=start, stop=stop, services=services, wanted=wanted)
        numbers, following = await engine.read(read)
        found += numbers
        if following is None:
            return found
        start = following
        # Short reads do not suspend: without this, requests would wait for all pages.
        await asyncio.sleep(0)


async def _page(
    snapshot: Snapshot, start: bytes, stop: bytes, services: Services, wanted: _Wanted
) -> tuple[list[int], bytes | None]:
    """The wanted tables of a page of queues, and where the next page starts."""
    records = await snapshot.scan(start, stop, limit=_RECORDS_PER_READ)
    queues = [(keyspace.queued_table(key), decode_queue(stored)) for key, stored in records]
    numbers = [
        number for number, queue in queues if await wanted(snapshot, number, queue, services)
    ]
    return numbers, records[-1][0] + b"\x00" if len(records) == _RECORDS_PER_READ else None


async def _live_table(
    snapshot: Snapshot, number: int, queue: ExpiryQueue, services: Services
) -> Table | None:
    """The table of a queue, unless it is deleted; another may have its name."""
    scope = Scope(account=queue.account, region=queue.region, services=services)
    table = await maybe_table(snapshot, scope, queue.name)
    if table is None or table.number != number or table.status == "DELETING":
        return None
    return table


async def _queue_of(
    snapshot: Snapshot, number: int, services: Services
) -> tuple[Table, ExpiryQueue] | None:
    """The table of that number and its queue, if both are there."""
    stored = await snapshot.get(keyspace.expiry_queue_key(number))
    if stored is None:
        return None
    queue = decode_queue(stored)
    table = await _live_table(snapshot, number, queue, services)
    return None if table is None else (table, queue)


async def _delete_portion(txn: Transaction, number: int, services: Services) -> bool:
    """Take the items that are due first out of a table's queue, and delete those that expired.

    An item may have been written since it got its place, or its table's attribute be another:
    what the item holds now decides. Returns whether there may be more to do.
    """
    found = await _queue_of(txn, number, services)
    if found is None or found[0].ttl is None:
        return False
    table, attribute = found[0], found[0].ttl
    first, last = due_seconds(services.now())
    places = await txn.scan(*keyspace.expiry_range(number, first, last), limit=ITEMS_PER_WRITE)
    size = 0
    for some in range(0, len(places), ITEMS_PER_READ):
        if size >= BYTES_PER_WRITE:
            return True
        taken = [place for place, _ in places[some : some + ITEMS_PER_READ]]
        for place in taken:
            txn.delete(place)
        # An item may have a second place, left from an earlier attribute, and goes but once.
        keys = list(dict.fromkeys(map(keyspace.expiring_item, taken)))
        for key, stored in zip(keys, await txn.get_many(keys), strict=True):
            if stored is None:
                continue
            size += len(stored)
            item = decode_stored(stored)
            second = expiry_second(item, attribute)
            if second is not None and first <= second <= last:
                await _delete(txn, table, key, item, stored_bytes(stored), services)
    return len(places) == ITEMS_PER_WRITE


async def _delete(
    txn: Transaction, table: Table, key: bytes, item: Item, item_bytes: int, services: Services
) -> None:
    # Nobody is charged for it (developer guide, "Using time to live"): `consumed` goes nowhere.
    await store_item(
        txn,
        table,
        key,
        before=item,
        before_bytes=item_bytes,
        after=None,
        after_bytes=0,
        consumed=Consumed(table),
        services=services,
        by_ttl=True,
    )


async def _walk_portion(txn: Transaction, number: int, services: Services) -> bool:
    """Go on with the filling or emptying of a table's queue; whether there is more to do."""
    found = await _queue_of(txn, number, services)
    if found is None:
        return False
    table, queue = found
    if queue.state == READY:
        return False
    filling = queue.state == FILLING
    prefix = table.items_prefix if filling else keyspace.expiry_prefix(number)
    start = bytes.fromhex(queue.cursor) or prefix
    pairs, is_end = await read_portion(
        txn,
        start,
        after_prefix(prefix),
        keys_max=ITEMS_PER_WRITE,
        bytes_max=BYTES_PER_WRITE,
        keys_at_first=ITEMS_PER_READ,
    )
    if filling:
        _queue_items(txn, table, pairs)
    else:
        for place, _ in pairs:
            txn.delete(place)
    if not is_end:
        following = dataclasses.replace(queue, cursor=(pairs[-1][0] + b"\x00").hex())
    elif filling:
        following = dataclasses.replace(queue, state=READY, cursor="")
    elif queue.state == REFILLING:
        following = dataclasses.replace(queue, state=FILLING, cursor="")
    else:
        txn.delete(keyspace.expiry_queue_key(number))
        return False
    txn.put(keyspace.expiry_queue_key(number), encode_queue(following))
    return following.state != READY


def _queue_items(txn: Transaction, table: Table, pairs: list[tuple[bytes, bytes]]) -> None:
    """Give each of these items its place in the queue."""
    assert table.ttl is not None, "a queue is filled only while its table has time to live"
    for key, stored in pairs:
        second = expiry_second(decode_stored(stored), table.ttl)
        if second is not None:
            txn.put(keyspace.expiry_key(key, second), b"")
