"""The layout of the key space. Nobody else builds a key by hand.

01 account/region/name                        a table's catalog record
02 table(4) hash(16) sort key                 an item, by its partition key's hash
03 table(4) index(2) hash(16) sort key tie    an index entry, by its index partition key's hash
04 table(4) index(2)                          counters: items, bytes
05 table(4) hash(16)                          counter: bytes of an item collection
06 account/region/token                       a transaction's client token
07                                            counter: table numbers given out
08 table(4)                                   a deleted table whose data is to be swept
09 account/region/table/label                 a stream's descriptor
0A stream(4) shard(4) sequence(8)             a stream record
0B                                            counter: stream numbers given out
0B stream(4) shard(4)                         counter: the next sequence in a shard
0C table(4) second(8) item key                an item that expires at that second
0D table(4)                                   a table with time to live, and the state of its 0C
0E 00 table(4) index(2)                       an index to be filled, and how far that is
0E 01 table(4) index(2)                       a deleted index whose data is to be swept
0F                                            all data is on its way into this store, and how far
10 escaped key, 00 01, time(8)                what the key held before its change at that time
12 time(8) account/region/table               a DELETING table whose 01 is to be removed then

The tie is the table's sort key in a local index and a hash of the primary key in a global one.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final, NamedTuple

HASH_BYTES: Final = 16
SIZE_BYTES: Final = 4
"""An item's or an entry's value begins with its size: so many bytes, big-endian."""

_CATALOG: Final = b"\x01"
_ITEM: Final = b"\x02"
_INDEX: Final = b"\x03"
_COUNTS: Final = b"\x04"
_COLLECTION: Final = b"\x05"
_TOKEN: Final = b"\x06"
_TABLE_NUMBERS: Final = b"\x07"
_SWEEP: Final = b"\x08"
_STREAM: Final = b"\x09"
_RECORD: Final = b"\x0a"
_SEQUENCE: Final = b"\x0b"
_EXPIRY: Final = b"\x0c"
_EXPIRY_QUEUE: Final = b"\x0d"
_BACKFILL: Final = b"\x0e\x00"
_INDEX_SWEEP: Final = b"\x0e\x01"
_MIGRATION: Final = b"\x0f"
_HISTORY: Final = b"\x10"
_LEAVING: Final = b"\x12"
# All of them, ascending.
_SPACES: Final = (
    _CATALOG, _ITEM, _INDEX, _COUNTS, _COLLECTION, _TOKEN, _TABLE_NUMBERS, _SWEEP, _STREAM,
    _RECORD, _SEQUENCE, _EXPIRY, _EXPIRY_QUEUE, _BACKFILL, _INDEX_SWEEP, _MIGRATION, _HISTORY,
    _LEAVING,
)  # fmt: skip
_COUNTER_SPACES: Final = (_COUNTS, _COLLECTION, _TABLE_NUMBERS, _SEQUENCE)
# No key begins with it.
_END: Final = b"\xff"
_TABLE_BYTES: Final = 4
_INDEX_BYTES: Final = 2
_STREAM_BYTES: Final = 4
_SHARD_BYTES: Final = 4
_SEQUENCE_BYTES: Final = 8
_SECOND_BYTES: Final = 8
_TIME_BYTES: Final = 8
# 00 within the key is 00 ff, so that a key's end sorts before its continuation.
_ESCAPED: Final = b"\x00\xff"
_KEY_END: Final = b"\x00\x01"


class Span(NamedTuple):
    """A range of keys that holds only counters, or only values."""

    start: bytes
    stop: bytes
    has_counters: bool


def value_size(value: bytes) -> int:
    """The size that an item's or an entry's value begins with."""
    return int.from_bytes(value[:SIZE_BYTES])


def after_prefix(prefix: bytes) -> bytes:
    """The least key greater than every key that starts with `prefix`."""
    trimmed = prefix.rstrip(b"\xff")
    return trimmed[:-1] + bytes([trimmed[-1] + 1])


def catalog_prefix(account: str, region: str) -> bytes:
    """What the catalog keys of one account and Region start with."""
    return _CATALOG + f"{account}/{region}/".encode()


def catalog_range() -> tuple[bytes, bytes]:
    """The range of all catalog keys, of whatever account and Region."""
    return _CATALOG, after_prefix(_CATALOG)


def catalog_key(account: str, region: str, name: str) -> bytes:
    """The key of a table's catalog record."""
    return _CATALOG + f"{account}/{region}/{name}".encode()


def items_prefix(table: int) -> bytes:
    """What the keys of a table's items start with."""
    return _ITEM + table.to_bytes(_TABLE_BYTES)


def item_partition(key: bytes) -> bytes:
    """The partition hash in an item's key."""
    start = len(_ITEM) + _TABLE_BYTES
    return key[start : start + HASH_BYTES]


def entry_partition(key: bytes) -> bytes:
    """The partition hash in an index entry's key."""
    start = len(_INDEX) + _TABLE_BYTES + _INDEX_BYTES
    return key[start : start + HASH_BYTES]


def range_partition(start: bytes, stop: bytes) -> bytes | None:
    """The partition hash of all items or entries of a range; None if they may have several."""
    partition = entry_partition(start) if start[:1] == _INDEX else item_partition(start)
    if len(partition) < HASH_BYTES:
        return None
    prefix = start[: start.index(partition, len(_ITEM) + _TABLE_BYTES) + HASH_BYTES]
    return partition if stop <= after_prefix(prefix) else None


def key_table(key: bytes) -> int:
    """The table number in the key of an item, an entry, a counter of a table, or a queue's."""
    return int.from_bytes(key[len(_ITEM) : len(_ITEM) + _TABLE_BYTES])


def entry_index(key: bytes) -> int:
    """The index number in an index entry's key, or in that of the counters of a table's parts."""
    start = len(_INDEX) + _TABLE_BYTES
    return int.from_bytes(key[start : start + _INDEX_BYTES])


def index_prefix(table: int, index: int) -> bytes:
    """What the keys of an index's entries start with."""
    return _INDEX + table.to_bytes(_TABLE_BYTES) + index.to_bytes(_INDEX_BYTES)


def counts_key(table: int, index: int = 0) -> bytes:
    """The counters (items, bytes) of a table (index 0) or of one of its indexes."""
    return _COUNTS + table.to_bytes(_TABLE_BYTES) + index.to_bytes(_INDEX_BYTES)


def collection_key(table: int, partition_hash: bytes) -> bytes:
    """The counter of the bytes of one item collection."""
    return _COLLECTION + table.to_bytes(_TABLE_BYTES) + partition_hash


def token_key(account: str, region: str, token: str) -> bytes:
    """The record of a transaction's client token."""
    return _TOKEN + f"{account}/{region}/{token}".encode()


def table_numbers_key() -> bytes:
    """The counter of the table numbers given out so far."""
    return _TABLE_NUMBERS


def sweep_key(table: int) -> bytes:
    """The record that a deleted table's data is still to be removed."""
    return _SWEEP + table.to_bytes(_TABLE_BYTES)


def sweep_range() -> tuple[bytes, bytes]:
    """All records of deleted tables."""
    return _SWEEP, after_prefix(_SWEEP)


def swept_table(key: bytes) -> int:
    """The table number of a sweep record's key."""
    return int.from_bytes(key[len(_SWEEP) :])


def leaving_key(catalog: bytes, time: int) -> bytes:
    """The record that a catalog record goes at `time`, milliseconds since the epoch."""
    return _LEAVING + time.to_bytes(_TIME_BYTES) + catalog[len(_CATALOG) :]


def leaving_range(time: int) -> tuple[bytes, bytes]:
    """The records of catalog records that go at `time` or before."""
    return _LEAVING, _LEAVING + (time + 1).to_bytes(_TIME_BYTES)


def all_leaving() -> tuple[bytes, bytes]:
    """All records of catalog records that go."""
    return _LEAVING, after_prefix(_LEAVING)


def leaving_catalog_key(key: bytes) -> bytes:
    """The key of the catalog record that goes."""
    return _CATALOG + key[len(_LEAVING) + _TIME_BYTES :]


def backfill_key(table: int, index: int) -> bytes:
    """The record that an index lacks entries of older items, and how far they were looked at."""
    return _BACKFILL + table.to_bytes(_TABLE_BYTES) + index.to_bytes(_INDEX_BYTES)


def backfill_range() -> tuple[bytes, bytes]:
    """All records of indexes to be filled."""
    return _BACKFILL, after_prefix(_BACKFILL)


def index_sweep_key(table: int, index: int) -> bytes:
    """The record that a deleted index's data is still to be removed."""
    return _INDEX_SWEEP + table.to_bytes(_TABLE_BYTES) + index.to_bytes(_INDEX_BYTES)


def index_sweep_range() -> tuple[bytes, bytes]:
    """All records of deleted indexes."""
    return _INDEX_SWEEP, after_prefix(_INDEX_SWEEP)


def marked_index(key: bytes) -> tuple[int, int]:
    """The table and index numbers of the key of an index to be filled or swept."""
    numbers = key[len(_BACKFILL) :]
    return int.from_bytes(numbers[:_TABLE_BYTES]), int.from_bytes(numbers[_TABLE_BYTES:])


def token_range() -> tuple[bytes, bytes]:
    """All records of client tokens."""
    return _TOKEN, after_prefix(_TOKEN)


def expiry_prefix(table: int) -> bytes:
    """What the keys of a table's queue of expiring items start with."""
    return _EXPIRY + table.to_bytes(_TABLE_BYTES)


def expiry_key(item: bytes, second: int) -> bytes:
    """The place in its table's queue of the item of that key, which expires at that second."""
    start = len(_ITEM) + _TABLE_BYTES
    return _EXPIRY + item[len(_ITEM) : start] + second.to_bytes(_SECOND_BYTES) + item[start:]


def expiry_range(table: int, first: int, last: int) -> tuple[bytes, bytes]:
    """The places in a table's queue of the items that expire from `first` to `last`."""
    prefix = expiry_prefix(table)
    return prefix + first.to_bytes(_SECOND_BYTES), prefix + (last + 1).to_bytes(_SECOND_BYTES)


def expiring_item(key: bytes) -> bytes:
    """The key of the item that has this place in a queue."""
    start = len(_EXPIRY) + _TABLE_BYTES
    return _ITEM + key[len(_EXPIRY) : start] + key[start + _SECOND_BYTES :]


def expiry_queue_key(table: int) -> bytes:
    """The record of the state of a table's queue."""
    return _EXPIRY_QUEUE + table.to_bytes(_TABLE_BYTES)


def expiry_queues_range() -> tuple[bytes, bytes]:
    """The records of all queues."""
    return _EXPIRY_QUEUE, after_prefix(_EXPIRY_QUEUE)


def queued_table(key: bytes) -> int:
    """The table number of a queue record's key."""
    return int.from_bytes(key[len(_EXPIRY_QUEUE) :])


def table_prefixes(table: int) -> tuple[bytes, ...]:
    """What all keys of a table's data start with.

    Items, entries, counters, collections, queue of expiring items, record of that queue.
    """
    number = table.to_bytes(_TABLE_BYTES)
    spaces = (_ITEM, _INDEX, _COUNTS, _COLLECTION, _EXPIRY, _EXPIRY_QUEUE)
    return tuple(space + number for space in spaces)


def table_spans() -> tuple[Span, ...]:
    """The spans of all tables' data, of which each key's next four bytes are a table's number."""
    spaces = (_ITEM, _INDEX, _COUNTS, _COLLECTION, _EXPIRY, _EXPIRY_QUEUE)
    return tuple(Span(each, after_prefix(each), each in _COUNTER_SPACES) for each in spaces)


def stream_key(account: str, region: str, table: str, label: str) -> bytes:
    """The key of a stream's descriptor."""
    return _STREAM + f"{account}/{region}/{table}/{label}".encode()


def streams_range(
    account: str | None = None, region: str = "", table: str | None = None
) -> tuple[bytes, bytes]:
    """The descriptors of a table's streams, of an account's in a Region, or of all there are."""
    prefix = _STREAM
    if account is not None:
        prefix += f"{account}/{region}/".encode()
        if table is not None:
            prefix += f"{table}/".encode()
    return prefix, after_prefix(prefix)


def stream_numbers_key() -> bytes:
    """The counter of the stream numbers given out so far."""
    return _SEQUENCE


def sequence_key(stream: int, shard: int) -> bytes:
    """The counter of the next sequence that a shard gives to a record."""
    return _SEQUENCE + stream.to_bytes(_STREAM_BYTES) + shard.to_bytes(_SHARD_BYTES)


def record_key(stream: int, shard: int, sequence: int) -> bytes:
    """The key of a stream record."""
    return _shard_prefix(stream, shard) + sequence.to_bytes(_SEQUENCE_BYTES)


def records_range(stream: int, shard: int, sequence: int = 0) -> tuple[bytes, bytes]:
    """The records of a shard from `sequence` on."""
    stop = after_prefix(_shard_prefix(stream, shard))
    return record_key(stream, shard, sequence), stop


def record_sequence(key: bytes) -> int:
    """The sequence in a stream record's key."""
    return int.from_bytes(key[-_SEQUENCE_BYTES:])


def streams_data_spans() -> tuple[Span, Span]:
    """All streams' records, and the counters of their shards."""
    records = Span(_RECORD, after_prefix(_RECORD), False)
    return records, Span(_SEQUENCE + b"\x00", after_prefix(_SEQUENCE), True)


def key_shard(key: bytes) -> tuple[int, int]:
    """The stream and shard numbers in the key of a stream record or of a shard's counter."""
    start, stop = len(_RECORD), len(_RECORD) + _STREAM_BYTES
    return (
        int.from_bytes(key[start:stop]),
        int.from_bytes(key[stop : stop + _SHARD_BYTES]),
    )


def unknown_spans() -> tuple[Span, ...]:
    """The ranges in which nobody has keys."""
    ends = [after_prefix(space) for space in _SPACES]
    spaces = zip([b"", *ends], [*_SPACES, _END], strict=True)
    return tuple(Span(start, stop, False) for start, stop in spaces if start < stop)


def migration_key() -> bytes:
    """The record of how far the data that is on its way into this store has come."""
    return _MIGRATION


def data_spans() -> tuple[Span, ...]:
    """Ranges, ascending, that hold every key of data once: all but the record of a migration."""
    counters = [Span(space, after_prefix(space), True) for space in _COUNTER_SPACES]
    apart = [Span(_MIGRATION, after_prefix(_MIGRATION), False), Span(_END, _END, False)]
    named = sorted([Span(b"", b"", False), *counters, *apart])
    values = [Span(before.stop, after.start, False) for before, after in pairwise(named)]
    return tuple(sorted([*counters, *(span for span in values if span.start < span.stop)]))


def counts_range() -> tuple[bytes, bytes]:
    """The counters of all tables and indexes."""
    return _COUNTS, after_prefix(_COUNTS)


def _shard_prefix(stream: int, shard: int) -> bytes:
    return _RECORD + stream.to_bytes(_STREAM_BYTES) + shard.to_bytes(_SHARD_BYTES)


def has_history(key: bytes) -> bool:
    """Whether the key is of an item or an index entry, whose past may be kept."""
    return key[:1] in (_ITEM, _INDEX)


def history_key(key: bytes, time: int) -> bytes:
    """What `key` held before its change at `time`, microseconds since the epoch."""
    return _HISTORY + _escape(key) + _KEY_END + time.to_bytes(_TIME_BYTES)


def history_since(key: bytes, time: int) -> tuple[bytes, bytes]:
    """The records of one key's changes from `time` on, the earliest first."""
    return history_key(key, time), _HISTORY + _escape(key) + b"\x00\x02"


def history_range(start: bytes, stop: bytes) -> tuple[bytes, bytes]:
    """The records of all keys of a range: by key, and then by time."""
    return _HISTORY + _escape(start), _HISTORY + _escape(stop)


def all_history() -> tuple[bytes, bytes]:
    """All records of changes."""
    return _HISTORY, after_prefix(_HISTORY)


def history_parts(record: bytes) -> tuple[bytes, int]:
    """The key and the time of a record's key."""
    escaped = record[len(_HISTORY) : -_TIME_BYTES - len(_KEY_END)]
    return escaped.replace(_ESCAPED, b"\x00"), int.from_bytes(record[-_TIME_BYTES:])


def _escape(key: bytes) -> bytes:
    return key.replace(b"\x00", _ESCAPED)
