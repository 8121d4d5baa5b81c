"""All operations that genset has, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from genset.operations import (
    batch_execute_statement,
    batch_get_item,
    batch_write_item,
    create_table,
    delete_item,
    delete_table,
    describe_table,
    execute_statement,
    execute_transaction,
    get_item,
    list_tables,
    put_item,
    query,
    scan,
    transact_get_items,
    transact_write_items,
    update_item,
    update_table,
)
from genset.operations.operation import Operation

_MODULES: Final = (
    create_table,
    describe_table,
    list_tables,
    update_table,
    delete_table,
    put_item,
    get_item,
    update_item,
    delete_item,
    query,
    scan,
    batch_get_item,
    batch_write_item,
    transact_get_items,
    transact_write_items,
    execute_statement,
    batch_execute_statement,
    execute_transaction,
)
OPERATIONS: Final[Mapping[str, Operation]] = {
    module.OPERATION.name: module.OPERATION for module in _MODULES
}
