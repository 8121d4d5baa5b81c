"""Keys: what a key attribute may hold, and bytes that order as key values do.

A sort-key value becomes bytes of which none is a prefix of another, so that several follow each
other in one key; strings and binaries escape 00 as 00 FF and end in 00 01. A partition key
becomes a 16-byte BLAKE2b keyed with the table's own salt, so that nobody can make two collide.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from genset.model.attribute_values import AttributeValue, Item, binary_bytes, decode_value
from genset.model.errors import ValidationException
from genset.model.limits import PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX
from genset.model.numbers import encode_number
from genset.model.tables import Index, KeyAttribute, Keys, Table
from genset.storage import keyspace
from genset.storage.keyspace import HASH_BYTES, after_prefix

_INVALID = "One or more parameter values were invalid: "
_NOT_VALID = "One or more parameter values are not valid. "
_SCHEMA_MISMATCH = "The provided key element does not match the schema"
_ABSENT: AttributeValue = {}
# A text of so many characters fits any key, whatever its characters take.
_SHORT = SORT_KEY_BYTES_MAX // 4


def _raw_bytes(key_type: str, payload: str) -> bytes:
    if key_type == "S":
        return payload.encode()
    if key_type == "N":
        return encode_number(payload)
    return binary_bytes(payload)


def encode_component(key_type: str, payload: str) -> bytes:
    """Order-preserving bytes of one key value, of which none is a prefix of another."""
    raw = _raw_bytes(key_type, payload)
    if key_type == "N":
        return raw
    return _escape(raw) + b"\x00\x01"


def _escape(raw: bytes) -> bytes:
    return raw.replace(b"\x00", b"\x00\xff") if b"\x00" in raw else raw


def partition_hash(
    salt: bytes, attributes: Sequence[KeyAttribute], values: Sequence[AttributeValue]
) -> bytes:
    """The hash of a partition key's values."""
    if len(attributes) == 1:
        key_type = attributes[0].type
        data = _raw_bytes(key_type, values[0][key_type])
    else:
        data = b"".join(
            encode_component(a.type, v[a.type]) for a, v in zip(attributes, values, strict=True)
        )
    return blake2b(data, digest_size=HASH_BYTES, key=salt).digest()


def sort_bytes(attributes: Sequence[KeyAttribute], item: Item) -> bytes:
    """The sort-key bytes of an item."""
    if len(attributes) == 1:
        attribute = attributes[0]
        return encode_component(attribute.type, item[attribute.name][attribute.type])
    return b"".join(encode_component(a.type, item[a.name][a.type]) for a in attributes)


def item_hash(table: Table, item: Item) -> bytes:
    """The partition hash of an item or key in its table."""
    partition = table.keys.partition
    return partition_hash(table.salt, partition, [item[a.name] for a in partition])


def item_key(table: Table, item: Item) -> bytes:
    """The storage key of an item, from it or its primary key (already checked)."""
    return table.items_prefix + item_hash(table, item) + sort_bytes(table.keys.sort, item)


def index_entry_key(table: Table, index: Index, item: Item, key: bytes) -> bytes | None:
    """The storage key of an item's entry in an index.

    None if it has none: an attribute is missing, or the item is older than the index and the
    attribute cannot be a key of it (developer guide, "Detecting and correcting index key
    violations in DynamoDB").
    """
    partition = index.keys.partition
    for attribute in partition + index.keys.sort:
        payload = item.get(attribute.name, _ABSENT).get(attribute.type)
        if not payload or (len(payload) > _SHORT and not _fits(index, attribute, payload)):
            return None
    # Under one sort key a local index goes by the table's sort key, a global one by no order.
    if index.is_global:
        tie = blake2b(key, digest_size=HASH_BYTES, key=table.salt).digest()
    else:
        tie = sort_bytes(table.keys.sort, item)
    return b"".join(
        (
            keyspace.index_prefix(table.number, index.number),
            partition_hash(table.salt, partition, [item[a.name] for a in partition]),
            sort_bytes(index.keys.sort, item),
            tie,
        )
    )


def _fits(index: Index, attribute: KeyAttribute, payload: str) -> bool:
    is_partition = attribute in index.keys.partition
    size_max = PARTITION_KEY_BYTES_MAX if is_partition else SORT_KEY_BYTES_MAX
    return _payload_bytes(attribute.type, payload) <= size_max


def sort_range(
    prefix: bytes, key_type: str, operator: str, operands: Sequence[AttributeValue]
) -> tuple[bytes, bytes]:
    """The half-open range of keys under `prefix` whose next component satisfies the operator.

    `operator` is one of < <= > >= BETWEEN begins_with.
    """
    if operator == "begins_with":
        start = prefix + _escape(_raw_bytes(key_type, operands[0][key_type]))
        return start, after_prefix(start)
    low = prefix + encode_component(key_type, operands[0][key_type])
    match operator:
        case "<":
            return prefix, low
        case "<=":
            return prefix, after_prefix(low)
        case ">":
            return after_prefix(low), after_prefix(prefix)
        case ">=":
            return low, after_prefix(prefix)
        case _:
            high = prefix + encode_component(key_type, operands[1][key_type])
            return low, after_prefix(high)


def decode_key(raw: dict[str, Any]) -> Item:
    """Check a `Key` map's values, in place, and return it; its schema is `check_key`'s."""
    for value in raw.values():
        decode_value(value)
    return raw


def not_scalar(what: str, name: str) -> ValidationException:
    """The error of an expression that looks into a key attribute, which is always a scalar.

    `what` is "Key" or "IndexKey".
    """
    return ValidationException(
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not "
        f"allowed: {what}: {name}"
    )


def check_key(keys: Keys, key: Item) -> None:
    """Check a `Key` against the schema: attributes, types, empty values, sizes."""
    if len(key) != len(keys.names):
        raise ValidationException(_SCHEMA_MISMATCH)
    for attribute in keys.partition + keys.sort:
        value = key.get(attribute.name)
        if value is None or attribute.type not in value:
            raise ValidationException(_SCHEMA_MISMATCH)
    _check_values(keys, key)


def check_item_key(keys: Keys, item: Item) -> None:
    """Check that an item to be put has its table's key, with PutItem's messages."""
    for attribute in keys.partition + keys.sort:
        value = item.get(attribute.name)
        if value is None:
            raise ValidationException(f"{_INVALID}Missing the key {attribute.name} in the item")
        if attribute.type not in value:
            actual = next(iter(value))
            raise ValidationException(
                f"{_INVALID}Type mismatch for key {attribute.name} expected: "
                f"{attribute.type} actual: {actual}"
            )
    _check_values(keys, item)


def _check_values(keys: Keys, item: Item) -> None:
    for attribute in keys.partition:
        payload = item[attribute.name][attribute.type]
        if not payload:
            raise ValidationException(f"{_NOT_VALID}{_empty(attribute)} Key: {attribute.name}")
        if _payload_bytes(attribute.type, payload) > PARTITION_KEY_BYTES_MAX:
            raise _partition_too_long()
    for attribute in keys.sort:
        payload = item[attribute.name][attribute.type]
        if not payload:
            raise ValidationException(f"{_NOT_VALID}{_empty(attribute)} Key: {attribute.name}")
        if _payload_bytes(attribute.type, payload) > SORT_KEY_BYTES_MAX:
            raise _sort_too_long()


def _partition_too_long() -> ValidationException:
    return ValidationException(
        f"{_INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes"
    )


def _sort_too_long() -> ValidationException:
    return ValidationException(
        f"{_INVALID}Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
    )


def _payload_bytes(key_type: str, payload: str) -> int:
    if key_type == "N":
        return 0
    if key_type == "B":
        return len(payload) * 3 // 4 - payload.count("=")
    return len(payload) if payload.isascii() else len(payload.encode())


def _empty(attribute: KeyAttribute) -> str:
    kind = "string" if attribute.type == "S" else "binary"
    return f"The AttributeValue for a key attribute cannot contain an empty {kind} value."


def check_index_keys(
    table: Table, item: Item, *, before: Item | None = None, updating: bool = False
) -> None:
    """Check the index key attributes of an item: type, emptiness, size.

    `updating` takes UpdateItem's wording and checks only attributes that differ from `before`.
    The alphabetically first offending index is named, as the service does.
    """
    if not table.indexes:
        return
    for index in sorted(table.indexes, key=lambda index: index.name):
        for attribute in index.keys.partition + index.keys.sort:
            value = item.get(attribute.name)
            if value is None or attribute.name in table.keys.names:
                continue
            if updating and before is not None and before.get(attribute.name) == value:
                continue
            _check_index_value(index, attribute, value, updating=updating)


def _check_index_value(
    index: Index, attribute: KeyAttribute, value: AttributeValue, *, updating: bool
) -> None:
    if attribute.type not in value:
        raise ValidationException(
            f"{_INVALID}Type mismatch for Index Key {attribute.name} Expected: {attribute.type} "
            f"Actual: {next(iter(value))} IndexName: {index.name}"
        )
    payload = value[attribute.type]
    if not payload:
        if updating:
            raise ValidationException(
                f"{_NOT_VALID}The update expression attempted to update a secondary index key "
                f"to a value that is not supported. {_empty(attribute)}"
            )
        raise ValidationException(
            f"{_NOT_VALID}A value specified for a secondary index key is not supported. "
            f"{_empty(attribute)} IndexName: {index.name}, IndexKey: {attribute.name}"
        )
    size = _payload_bytes(attribute.type, payload)
    in_partition = attribute in index.keys.partition
    size_max = PARTITION_KEY_BYTES_MAX if in_partition else SORT_KEY_BYTES_MAX
    if size > size_max:
        # Reported from the service in 2015 and 2018.
        raise ValidationException(
            f"{_INVALID}Size limit exceeded for Index Key {attribute.name} "
            f"Actual Size: {size} bytes Max Size: {size_max} bytes IndexName: {index.name}"
        )
