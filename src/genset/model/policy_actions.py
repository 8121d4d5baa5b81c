"""The actions that a resource policy may name, as IAM knows them.

Service authorization reference, "Actions, resources, and condition keys for Amazon DynamoDB". An
action of the account alone, such as ListTables, is none of a table.
"""

from __future__ import annotations

from typing import Final

_POLICY_ACTIONS: Final = ("DeleteResourcePolicy", "GetResourcePolicy", "PutResourcePolicy")

STREAM_ACTIONS: Final = frozenset(
    (*_POLICY_ACTIONS, "DescribeStream", "GetRecords", "GetShardIterator")
)
TABLE_ACTIONS: Final = frozenset(
    (
        *_POLICY_ACTIONS,
        "BatchGetItem",
        "BatchWriteItem",
        "ConditionCheckItem",
        "CreateBackup",
        "CreateGlobalTable",
        "CreateTable",
        "CreateTableReplica",
        "DeleteItem",
        "DeleteTable",
        "DeleteTableReplica",
        "DescribeContinuousBackups",
        "DescribeContributorInsights",
        "DescribeKinesisStreamingDestination",
        "DescribeTable",
        "DescribeTableReplicaAutoScaling",
        "DescribeTimeToLive",
        "DisableKinesisStreamingDestination",
        "EnableKinesisStreamingDestination",
        "ExportTableToPointInTime",
        "GetItem",
        "ListTagsOfResource",
        "PartiQLDelete",
        "PartiQLInsert",
        "PartiQLSelect",
        "PartiQLUpdate",
        "PutItem",
        "Query",
        "ReadDataForReplication",
        "ReplicateSettings",
        "RestoreTableToPointInTime",
        "Scan",
        "SearchVectors",
        "StartAwsBackupJob",
        "TagResource",
        "UntagResource",
        "UpdateContinuousBackups",
        "UpdateContributorInsights",
        "UpdateItem",
        "UpdateKinesisStreamingDestination",
        "UpdateTable",
        "UpdateTableReplicaAutoScaling",
        "UpdateTimeToLive",
        "WriteDataForReplication",
    )
)
