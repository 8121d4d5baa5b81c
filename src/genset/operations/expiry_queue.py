"""The queue of a table's expiring items: its record, and what a change of time to live asks of it.

While a table has time to live, every write of an item keeps the item's place in the queue
(`item_store`), in the order in which items expire; what was there before is put there by the
background, and what is left of an earlier attribute removed (`genset.background.expiry`). A
place that does not belong to its item is harmless, since whoever deletes looks at the item again;
an item without a place would stay for ever.

    (no record) --enable--> FILLING --walked--> READY
    FILLING, READY --disable--> EMPTYING --walked--> (no record)
    EMPTYING --enable--> REFILLING --walked--> FILLING
    REFILLING --disable--> EMPTYING
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

import orjson

from genset.model.tables import Table
from genset.storage import keyspace
from genset.storage.engine import Transaction

FILLING: Final = "FILLING"
READY: Final = "READY"
EMPTYING: Final = "EMPTYING"
REFILLING: Final = "REFILLING"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryQueue:
    """The state of one table's queue, and where that table is in the catalog.

    `cursor` is the key, in hexadecimal, from which the walk of the state goes on: one over the
    items that fills the queue, or one over the queue that empties it. "" is its beginning.
    """

    account: str
    region: str
    name: str
    state: str
    cursor: str = ""


def encode_queue(queue: ExpiryQueue) -> bytes:
    """The stored form of a queue's record."""
    return orjson.dumps(asdict(queue))


def decode_queue(stored: bytes) -> ExpiryQueue:
    """The record of a stored form."""
    return ExpiryQueue(**orjson.loads(stored))


async def follow_change(txn: Transaction, table: Table) -> None:
    """Have the background fill or empty the queue of a table whose time to live has changed."""
    key = keyspace.expiry_queue_key(table.number)
    stored = await txn.get(key)
    if table.ttl is None:
        state = EMPTYING
    else:
        state = FILLING if stored is None else REFILLING
    queue = ExpiryQueue(account=table.account, region=table.region, name=table.name, state=state)
    txn.put(key, encode_queue(queue))
