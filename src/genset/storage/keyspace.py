"""The layout of the key space. Nobody else builds a key by hand.

01 account/region/name                        a table's catalog record
02 table(4) hash(16) sort key                 an item, by its partition key's hash
03 table(4) index(2) hash(16) sort key tie    an index entry, by its index partition key's hash
04 table(4) index(2)                          counters: items, bytes
05 table(4) hash(16)                          counter: bytes of an item collection
06 account/region/token                       a transaction's client token
07                                            counter: table numbers given out
08 table(4)                                   a deleted table whose data is to be swept
10 escaped key, 00 01, time(8)                what the key held before its change at that time

The tie is the table's sort key in a local index and a hash of the primary key in a global one.
"""

from __future__ import annotations

from typing import Final

HASH_BYTES: Final = 16

_CATALOG: Final = b"\x01"
_ITEM: Final = b"\x02"
_INDEX: Final = b"\x03"
_COUNTS: Final = b"\x04"
_COLLECTION: Final = b"\x05"
_TOKEN: Final = b"\x06"
_TABLE_NUMBERS: Final = b"\x07"
_SWEEP: Final = b"\x08"
_HISTORY: Final = b"\x10"
_TABLE_BYTES: Final = 4
_INDEX_BYTES: Final = 2
_TIME_BYTES: Final = 8
# 00 within the key is 00 ff, so that a key's end sorts before its continuation.
_ESCAPED: Final = b"\x00\xff"
_KEY_END: Final = b"\x00\x01"


def after_prefix(prefix: bytes) -> bytes:
    """The least key greater than every key that starts with `prefix`."""
    trimmed = prefix.rstrip(b"\xff")
    return trimmed[:-1] + bytes([trimmed[-1] + 1])


def catalog_prefix(account: str, region: str) -> bytes:
    """What the catalog keys of one account and Region start with."""
    return _CATALOG + f"{account}/{region}/".encode()


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


def token_range() -> tuple[bytes, bytes]:
    """All records of client tokens."""
    return _TOKEN, after_prefix(_TOKEN)


def table_prefixes(table: int) -> tuple[bytes, ...]:
    """What all keys of a table's data start with: items, entries, counters, collections."""
    number = table.to_bytes(_TABLE_BYTES)
    return tuple(space + number for space in (_ITEM, _INDEX, _COUNTS, _COLLECTION))


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
