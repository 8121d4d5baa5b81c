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
    describe_contributor_insights,
    describe_limits,
    describe_stream,
    describe_table,
    describe_time_to_live,
    execute_statement,
    execute_transaction,
    get_item,
    get_records,
    get_shard_iterator,
    list_contributor_insights,
    list_streams,
    list_tables,
    list_tags_of_resource,
    put_item,
    query,
    scan,
    tag_resource,
    transact_get_items,
    transact_write_items,
    untag_resource,
    update_contributor_insights,
    update_item,
    update_table,
    update_time_to_live,
)
from genset.operations.operation import Operation

_MODULES: Final = (
    create_table,
    describe_table,
    list_tables,
    update_table,
    delete_table,
    update_time_to_live,
    describe_time_to_live,
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
    list_streams,
    describe_stream,
    get_shard_iterator,
    get_records,
    tag_resource,
    untag_resource,
    list_tags_of_resource,
    describe_limits,
    update_contributor_insights,
    describe_contributor_insights,
    list_contributor_insights,
)
OPERATIONS: Final[Mapping[str, Operation]] = {
    module.OPERATION.name: module.OPERATION for module in _MODULES
}
