"""The rules on an index that UpdateTable creates, beyond those on its own definition."""

from __future__ import annotations

from typing import Any

from genset.model.errors import LimitExceededException
from genset.model.limits import GLOBAL_INDEXES_MAX
from genset.model.tables import Index, KeyAttribute, Keys, Table
from genset.operations import create_rules
from genset.operations.operation import Request
from genset.operations.table_rules import invalid


def created(
    table: Table, create: dict[str, Any], request: Request, number: int, billing_mode: str
) -> Index:
    """The index that a request adds to the table.

    Raises ValidationException, and LimitExceededException if the table has all it can have.
    """
    definitions = request["AttributeDefinitions"]
    index = create_rules.added_index(create, number, table.keys, definitions, billing_mode)
    _check_types(table, index.keys)
    create_rules.check_projected((*table.indexes, index))
    if sum(each.is_global for each in table.indexes) >= GLOBAL_INDEXES_MAX:
        raise LimitExceededException(
            "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table "
            f"limit of {GLOBAL_INDEXES_MAX}"
        )
    return index


def _check_types(table: Table, keys: Keys) -> None:
    """Refuse a key attribute that another key of the table has with another type.

    Observed on the service with keys of one attribute; how it lists several is inferred.
    """
    types = {attribute.name: attribute.type for attribute in _attributes(keys)}
    for existing in (table.keys, *(index.keys for index in table.indexes)):
        if any(types.get(each.name, each.type) != each.type for each in _attributes(existing)):
            raise invalid(
                "Attributes cannot be redefined. Please check that your attribute has the same "
                f"type as previously defined. Existing schema: {_printed(existing)} New schema: "
                f"{_printed(keys)}"
            )


def _attributes(keys: Keys) -> tuple[KeyAttribute, ...]:
    return keys.partition + keys.sort


def _printed(keys: Keys) -> str:
    elements = [f"SchemaElement: key{{{a.name}:{a.type}:HASH}}" for a in keys.partition]
    elements += [f"SchemaElement: key{{{a.name}:{a.type}:RANGE}}" for a in keys.sort]
    return f"Schema:[{', '.join(elements)}]"
