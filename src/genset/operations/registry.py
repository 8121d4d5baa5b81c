"""All operations that genset has, by name; the module of one is imported at its first use.

A server that starts needs none of them, and most clients ever use few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from genset.operations.operation import Operation

_MODULES: Final = {
    "CreateTable": "create_table",
    "DescribeTable": "describe_table",
    "ListTables": "list_tables",
    "UpdateTable": "update_table",
    "DeleteTable": "delete_table",
    "UpdateTimeToLive": "update_time_to_live",
    "DescribeTimeToLive": "describe_time_to_live",
    "PutItem": "put_item",
    "GetItem": "get_item",
    "UpdateItem": "update_item",
    "DeleteItem": "delete_item",
    "Query": "query",
    "Scan": "scan",
    "BatchGetItem": "batch_get_item",
    "BatchWriteItem": "batch_write_item",
    "TransactGetItems": "transact_get_items",
    "TransactWriteItems": "transact_write_items",
    "ExecuteStatement": "execute_statement",
    "BatchExecuteStatement": "batch_execute_statement",
    "ExecuteTransaction": "execute_transaction",
    "ListStreams": "list_streams",
    "DescribeStream": "describe_stream",
    "GetShardIterator": "get_shard_iterator",
    "GetRecords": "get_records",
    "TagResource": "tag_resource",
    "UntagResource": "untag_resource",
    "ListTagsOfResource": "list_tags_of_resource",
    "DescribeLimits": "describe_limits",
    "DescribeEndpoints": "describe_endpoints",
    "PutResourcePolicy": "put_resource_policy",
    "GetResourcePolicy": "get_resource_policy",
    "DeleteResourcePolicy": "delete_resource_policy",
    "UpdateContributorInsights": "update_contributor_insights",
    "DescribeContributorInsights": "describe_contributor_insights",
    "ListContributorInsights": "list_contributor_insights",
}


class _Operations(Mapping[str, Operation]):
    """Knows all names at once, and an operation when it is asked for it."""

    def __getitem__(self, name: str) -> Operation:
        module = import_module(f"genset.operations.{_MODULES[name]}")
        operation: Operation = module.OPERATION
        return operation

    def __contains__(self, name: object) -> bool:
        return name in _MODULES

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)


OPERATIONS: Final[Mapping[str, Operation]] = _Operations()
