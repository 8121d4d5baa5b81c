"""What a write records in its table's stream, in the write's own transaction.

A record is stored as its age and size, for trimming and paging, and then as the very JSON that
GetRecords answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from struct import Struct
from typing import Final

import orjson

from genset.model.attribute_values import Item
from genset.model.sizes import item_bytes
from genset.model.streams import sequence_number
from genset.model.tables import Table
from genset.storage import keyspace
from genset.storage.engine import Transaction

_EVENT_ID_BYTES: Final = 16
_HEADER: Final = Struct(">QI")
_RECORD: Final = (
    b'{"eventID":"%%b","eventName":"%%b","eventVersion":"1.1","eventSource":"aws:dynamodb",'
    b'"awsRegion":"%b","dynamodb":{"ApproximateCreationDateTime":%%d,"Keys":%%b%%b,'
    b'"SequenceNumber":"%%d","SizeBytes":%%d,"StreamViewType":"%b"}%%b}'
)
# Developer guide, "DynamoDB Streams and Time to Live"; the members are spelt as the API's model
# spells them.
_BY_TTL: Final = b',"userIdentity":{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"}'
_WITH_NEW: Final = ("NEW_IMAGE", "NEW_AND_OLD_IMAGES")
_WITH_OLD: Final = ("OLD_IMAGE", "NEW_AND_OLD_IMAGES")


@cache
def _template(region: str, view_type: str) -> bytes:
    return _RECORD % (region.encode(), view_type.encode())


async def record_change(
    txn: Transaction,
    table: Table,
    key: bytes,
    *,
    before: Item | None,
    before_bytes: int,
    after: Item | None,
    after_bytes: int,
    after_json: bytes,
    now: float,
    by_ttl: bool,
) -> None:
    """Record the change of the item at `key` in the table's stream, which it has.

    A write that leaves the item as it was leaves no record, whatever the order of its attributes
    and of its sets' members. SizeBytes are those of the keys and of the images shown, as in the
    developer guide's example, "Reading and processing a stream".
    """
    # Decoded items are canonical, sets in order too, so equal values are equal Python objects.
    if before_bytes == after_bytes and before == after:
        return
    stream = table.stream
    assert stream is not None
    item, name, images, size = after or {}, b"INSERT", b"", 0
    view_type = stream.view_type
    if after is None:
        item, name = before or {}, b"REMOVE"
    elif view_type in _WITH_NEW:
        images = b',"NewImage":' + after_json
        size = after_bytes
    if before is not None:
        if after is not None:
            name = b"MODIFY"
        if view_type in _WITH_OLD:
            images += b',"OldImage":' + orjson.dumps(before)
            size += before_bytes
    keys = {attribute: item[attribute] for attribute in table.keys.names}
    size += item_bytes(keys)
    shard = stream.shard_of(keyspace.item_partition(key))
    counter = keyspace.sequence_key(stream.number, shard)
    sequence = (await txn.get_counters(counter))[0]
    txn.add(counter, 1)
    place = keyspace.record_key(stream.number, shard, sequence)
    seconds = int(now)
    record = _template(table.region, view_type) % (
        blake2b(place, digest_size=_EVENT_ID_BYTES, key=table.salt).hexdigest().encode(),
        name,
        seconds,
        orjson.dumps(keys),
        images,
        sequence_number(shard, sequence),
        size,
        _BY_TTL if by_ttl else b"",
    )
    txn.put(place, _HEADER.pack(seconds, size) + record)


def recorded_at(stored: bytes) -> int:
    """When a stored record was made, in whole seconds."""
    return _HEADER.unpack_from(stored)[0]  # type: ignore[no-any-return]


def record_bytes(stored: bytes) -> int:
    """The SizeBytes of a stored record."""
    return _HEADER.unpack_from(stored)[1]  # type: ignore[no-any-return]


def record_jsons(stored: Sequence[bytes]) -> list[bytes]:
    """The JSON of each stored record, ready for the wire."""
    start = _HEADER.size
    return [value[start:] for value in stored]
