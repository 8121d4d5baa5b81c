"""INSERT, UPDATE, DELETE and EXISTS: the writes that they are, on their table.

INSERT does not replace, UPDATE does not create, and DELETE takes a missing item for deleted. Texts
and rules as observed on the service, July to October 2026.
"""

from __future__ import annotations

from typing import Any, Final

from genset.expressions.partiql.statements import (
    CompiledChange,
    CompiledDelete,
    CompiledExists,
    CompiledInsert,
    Values,
    WriteKey,
)
from genset.model.attribute_values import Item
from genset.model.errors import ValidationException
from genset.model.limits import ITEM_BYTES_MAX
from genset.model.sizes import item_bytes
from genset.model.tables import Keys, Table
from genset.operations.parameters import Condition
from genset.operations.partiql_reads import check_key_value
from genset.operations.partiql_statements import Bound, key_names
from genset.operations.writes import CHECK, DELETE, PUT, UPDATE, Effect, Write, item_too_large

_ALWAYS: Final = Condition()
_NO_KEY: Final = "Where clause does not contain a mandatory equality on all key attributes"


def check_write(bound: Bound) -> None:
    """Refuse a write that is wrong whatever its table is."""
    compiled = bound.compiled
    if isinstance(compiled, CompiledChange | CompiledDelete) and compiled.where is None:
        raise ValidationException(_NO_KEY)
    if isinstance(compiled, CompiledInsert) and item_bytes(_item(compiled, bound)) > ITEM_BYTES_MAX:
        raise item_too_large()


def bind_write(bound: Bound, table: Table, *, in_transaction: bool = False) -> Write:
    """The write that a statement is, of an item whose key has been checked.

    Raises ValidationException if the statement does not name one item of the table.
    """
    compiled = bound.compiled
    if isinstance(compiled, CompiledInsert):
        return _insert(compiled, bound, table, in_transaction=in_transaction)
    assert isinstance(compiled, CompiledChange | CompiledDelete | CompiledExists)
    partition, sort = key_names(table.keys)
    found = compiled.write_key(partition, sort)
    if isinstance(compiled, CompiledExists) and (
        found.condition is None or found.attributes.keys() != set(table.keys.names)
    ):
        raise ValidationException(
            "EXISTS() must contain a single item read with additional condition"
        )
    shared: dict[str, Any] = {
        "table_name": bound.table_name,
        "item": write_key_of(found, table.keys, bound),
        "condition": _condition(found, bound.values),
        "item_on_failure": bound.item_on_failure,
        "is_watched": False,
    }
    match compiled:
        case CompiledChange():
            return Write(kind=UPDATE, update=compiled.update, values=bound.values, **shared)
        case CompiledDelete():
            return Write(kind=DELETE, reads_before=compiled.statement.returning, **shared)
        case CompiledExists():
            return Write(kind=CHECK, **shared)


def _condition(found: WriteKey, values: Values) -> Condition:
    if found.condition is None:
        return _ALWAYS
    return Condition(plan=found.condition, values=values)


def write_key_of(found: WriteKey, keys: Keys, bound: Bound) -> Item:
    """The key that a WHERE clause names."""
    key: Item = {}
    for attribute in (*keys.partition, *keys.sort):
        names = found.attributes.get(attribute.name, ())
        if not names:
            raise ValidationException(_NO_KEY)
        value = bound.values[names[0]]
        if any(bound.values[name] != value for name in names[1:]):
            raise ValidationException(
                f"Multiple conditions on same key {attribute.name}. Only single item "
                "Update/Insert/Delete are supported"
            )
        key[attribute.name] = value
    for attribute in (*keys.partition, *keys.sort):
        check_key_value(attribute.name, attribute.type, key[attribute.name])
    return key


def _item(compiled: CompiledInsert, bound: Bound) -> Item:
    return {name: bound.values[value.name] for name, value in compiled.statement.item.items()}


def _insert(compiled: CompiledInsert, bound: Bound, table: Table, *, in_transaction: bool) -> Write:
    # In a transaction the key is checked as that of a put, and in a put's words.
    item = _item(compiled, bound)
    for attribute in () if in_transaction else (*table.keys.partition, *table.keys.sort):
        if attribute.name not in item:
            raise ValidationException(
                f"Key attribute should be present in the item: Key {attribute.name}"
            )
        check_key_value(attribute.name, attribute.type, item[attribute.name])
    return Write(
        kind=PUT,
        table_name=bound.table_name,
        item=item,
        item_bytes=item_bytes(item),
        condition=_ALWAYS,
        item_on_failure=bound.item_on_failure,
        inserts=True,
        is_watched=False,
    )


def returned_item(bound: Bound, effect: Effect) -> Item | None:
    """What RETURNING asks for; None if it is not asked for, or there is nothing of it."""
    compiled = bound.compiled
    if isinstance(compiled, CompiledDelete):
        return effect.before if compiled.statement.returning else None
    if not isinstance(compiled, CompiledChange) or compiled.statement.returning is None:
        return None
    which, when = compiled.statement.returning
    item = effect.before if when == "OLD" else effect.after
    if item is None or which == "ALL":
        return item
    pick = compiled.update.pick_old if when == "OLD" else compiled.update.pick_new
    return pick(item) or None
