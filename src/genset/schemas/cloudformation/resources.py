"""Resources that are a table in one Region, in the form of CreateTable.

AWS::DynamoDB::Table and, of SAM, AWS::Serverless::SimpleTable:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-simpletable.html
"""

from __future__ import annotations

from typing import Final

from genset.model.insights import ACCESSED_AND_THROTTLED
from genset.schemas import nodes
from genset.schemas.building import INDEX_MEMBERS, Notes, note_unknown_members, tags_node
from genset.schemas.definitions import ON_DEMAND
from genset.schemas.nodes import Node
from genset.schemas.problems import Problem

_SAME: Final = frozenset(
    {
        "TableName",
        "AttributeDefinitions",
        "KeySchema",
        "LocalSecondaryIndexes",
        "BillingMode",
        "ProvisionedThroughput",
        "OnDemandThroughput",
        "WarmThroughput",
        "TableClass",
        "DeletionProtectionEnabled",
        "TimeToLiveSpecification",
        "Tags",
    }
)
_MAPPED: Final = frozenset(
    {
        "GlobalSecondaryIndexes",
        "StreamSpecification",
        "SSESpecification",
        "ResourcePolicy",
        "ContributorInsightsSpecification",
        "PointInTimeRecoverySpecification",
        "KinesisStreamSpecification",
        "ImportSourceSpecification",
    }
)
_SIMPLE: Final = frozenset(
    {
        "TableName",
        "PrimaryKey",
        "ProvisionedThroughput",
        "SSESpecification",
        "PointInTimeRecoverySpecification",
        "Tags",
    }
)
_SIMPLE_TYPES: Final = {"String": "S", "Number": "N", "Binary": "B"}


def table_node(properties: Node, notes: Notes) -> Node:
    """AWS::DynamoDB::Table, of its evaluated properties."""
    given = nodes.members(properties, "Properties")
    note_unknown_members(given, _SAME | _MAPPED, "the table", notes)
    members = {name: each for name, each in given.items() if name in _SAME}
    note_left_out(properties, notes)
    add_stream(members, given.get("StreamSpecification"), notes)
    add_encryption(members, given.get("SSESpecification"))
    add_policy(members, given.get("ResourcePolicy"))
    add_insights(members, given.get("ContributorInsightsSpecification"))
    indexes = given.get("GlobalSecondaryIndexes")
    if indexes is not None:
        listed = nodes.items(indexes, "GlobalSecondaryIndexes")
        made: list[Node] = [_index_node(each, notes) for each in listed]
        members["GlobalSecondaryIndexes"] = indexes.with_data(made)
    return properties.with_data(members)


def simple_table_node(properties: Node, notes: Notes) -> Node:
    """AWS::Serverless::SimpleTable, of its evaluated properties."""
    given = nodes.members(properties, "Properties")
    note_unknown_members(given, _SIMPLE, "the table", notes)
    note_left_out(properties, notes)
    kept = ("TableName", "ProvisionedThroughput")
    members = {name: given[name] for name in kept if name in given}
    if "ProvisionedThroughput" not in members:
        members["BillingMode"] = properties.with_data(ON_DEMAND)
    add_encryption(members, given.get("SSESpecification"))
    tags = given.get("Tags")
    if tags is not None:
        members["Tags"] = tags_node(tags)
    key = given.get("PrimaryKey") or properties.with_data({})
    name = key.get("Name") or key.with_data("id")
    kind = key.get("Type")
    letter = "S" if kind is None else nodes.one_of(kind, "the type of the key", _SIMPLE_TYPES)
    definition: dict[str, Node] = {"AttributeName": name, "AttributeType": key.with_data(letter)}
    element: dict[str, Node] = {"AttributeName": name, "KeyType": key.with_data("HASH")}
    members["AttributeDefinitions"] = key.with_data([key.with_data(definition)])
    members["KeySchema"] = key.with_data([key.with_data(element)])
    return properties.with_data(members)


def note_left_out(properties: Node, notes: Notes) -> None:
    """Note what genset has not."""
    recovery = properties.get("PointInTimeRecoverySpecification")
    enabled = None if recovery is None else recovery.get("PointInTimeRecoveryEnabled")
    if enabled is not None and nodes.boolean(enabled, "PointInTimeRecoveryEnabled"):
        notes.append(
            Problem(enabled.place, "point-in-time recovery is left out: genset has no backups")
        )
    for member, what in (
        ("KinesisStreamSpecification", "changes are not sent to Kinesis"),
        ("ImportSourceSpecification", "nothing is imported; the table begins empty"),
    ):
        found = properties.get(member)
        if found is not None:
            notes.append(Problem(found.place, f"{member} is left out: {what}"))


def add_stream(members: dict[str, Node], given: Node | None, notes: Notes) -> None:
    """Add a stream, which is enabled where its view type is given."""
    if given is None:
        return
    view = nodes.required(given, "StreamViewType", "StreamSpecification")
    members["StreamSpecification"] = given.with_data(
        {"StreamEnabled": given.with_data(True), "StreamViewType": view}
    )
    policy = given.get("ResourcePolicy")
    if policy is not None:
        notes.append(Problem(policy.place, "the resource policy of the stream is left out"))


def add_encryption(members: dict[str, Node], given: Node | None) -> None:
    """Add the encryption."""
    if given is None:
        return
    enabled = given.get("SSEEnabled") or given.with_data(False)
    encryption = {"Enabled": enabled}
    key = given.get("KMSMasterKeyId")
    if key is not None:
        encryption["KMSMasterKeyId"] = key
    members["SSESpecification"] = given.with_data(encryption)


def add_policy(members: dict[str, Node], given: Node | None) -> None:
    """Add the resource policy."""
    if given is not None:
        members["ResourcePolicy"] = nodes.required(given, "PolicyDocument", "ResourcePolicy")


def add_insights(members: dict[str, Node], given: Node | None) -> None:
    """Add contributor insights, if they are enabled."""
    if given is None:
        return
    enabled = nodes.required(given, "Enabled", "ContributorInsightsSpecification")
    if nodes.boolean(enabled, "Enabled"):
        mode = given.get("Mode") or given.with_data(ACCESSED_AND_THROTTLED)
        members["ContributorInsights"] = mode


def _index_node(node: Node, notes: Notes) -> Node:
    given = nodes.members(node, "an index")
    insights = "ContributorInsightsSpecification"
    known = (INDEX_MEMBERS - {"ContributorInsights"}) | {insights}
    note_unknown_members(given, known, "the index", notes)
    members = {name: each for name, each in given.items() if name in known and name != insights}
    add_insights(members, given.get(insights))
    return node.with_data(members)
