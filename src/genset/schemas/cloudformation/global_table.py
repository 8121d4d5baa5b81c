"""AWS::DynamoDB::GlobalTable in the form of CreateTable: its replica in one Region.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
"""

from __future__ import annotations

from typing import Final

from genset.schemas import nodes
from genset.schemas.building import Notes, note_unknown_members
from genset.schemas.cloudformation.resources import (
    add_encryption,
    add_insights,
    add_policy,
    add_stream,
    note_left_out,
)
from genset.schemas.definitions import PROVISIONED
from genset.schemas.nodes import Node
from genset.schemas.problems import Problem

_SAME: Final[tuple[str, ...]] = (
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "LocalSecondaryIndexes",
    "BillingMode",
    "WarmThroughput",
    "TimeToLiveSpecification",
)
_TABLE: Final = frozenset(
    {
        *_SAME,
        "GlobalSecondaryIndexes",
        "Replicas",
        "SSESpecification",
        "StreamSpecification",
        "WriteProvisionedThroughputSettings",
        "WriteOnDemandThroughputSettings",
        "ReadProvisionedThroughputSettings",
        "ReadOnDemandThroughputSettings",
    }
)
_OF_REPLICA: Final[tuple[str, ...]] = ("DeletionProtectionEnabled", "TableClass", "Tags")
_REPLICA: Final = frozenset(
    {
        *_OF_REPLICA,
        "Region",
        "ContributorInsightsSpecification",
        "GlobalSecondaryIndexes",
        "KinesisStreamSpecification",
        "PointInTimeRecoverySpecification",
        "ReadProvisionedThroughputSettings",
        "ReadOnDemandThroughputSettings",
        "ResourcePolicy",
        "SSESpecification",
    }
)
_INDEX_SAME: Final[tuple[str, ...]] = ("IndexName", "KeySchema", "Projection", "WarmThroughput")
_INDEX: Final = frozenset(
    {
        *_INDEX_SAME,
        "WriteProvisionedThroughputSettings",
        "WriteOnDemandThroughputSettings",
        "ReadProvisionedThroughputSettings",
        "ReadOnDemandThroughputSettings",
    }
)


def global_table_node(properties: Node, region: str, notes: Notes) -> Node:
    """The table in `region`, or in the first Region of the list, of the evaluated properties."""
    given = nodes.members(properties, "Properties")
    note_unknown_members(given, _TABLE, "the table", notes)
    replica = _replica(properties, region, notes)
    members = {name: given[name] for name in _SAME if name in given}
    members |= {name: each for name in _OF_REPLICA if (each := replica.get(name)) is not None}
    is_provisioned = _is_provisioned(properties)
    _add_capacity(members, properties, replica, is_provisioned, notes)
    add_stream(members, given.get("StreamSpecification"), notes)
    add_encryption(members, _encryption(properties, replica))
    add_policy(members, replica.get("ResourcePolicy"))
    add_insights(members, replica.get("ContributorInsightsSpecification"))
    note_left_out(replica, notes)
    indexes = given.get("GlobalSecondaryIndexes")
    if indexes is not None:
        listed = nodes.items(indexes, "GlobalSecondaryIndexes")
        made: list[Node] = [_index_node(each, replica, is_provisioned, notes) for each in listed]
        members["GlobalSecondaryIndexes"] = indexes.with_data(made)
    return properties.with_data(members)


def _replica(properties: Node, region: str, notes: Notes) -> Node:
    """The replica that is made; the others are noted."""
    given = nodes.required(properties, "Replicas", "the global table")
    replicas = nodes.items(given, "Replicas")
    if not replicas:
        raise given.error("Replicas is empty")
    regions = []
    for each in replicas:
        written = nodes.required(each, "Region", "a replica")
        # A Region that only the deployment knows is another one than that of the server.
        regions.append(written.data if isinstance(written.data, str) else "another Region")
    chosen = regions.index(region) if region in regions else 0
    others = [name for number, name in enumerate(regions) if number != chosen]
    if others:
        message = f"the replicas in {', '.join(others)} are left out: genset has no global tables"
        notes.append(Problem(given.place, message))
    replica = replicas[chosen]
    note_unknown_members(nodes.members(replica, "a replica"), _REPLICA, "the table", notes)
    return replica


def _is_provisioned(properties: Node) -> bool:
    mode = properties.get("BillingMode")
    return mode is None or mode.data == PROVISIONED


def _encryption(properties: Node, replica: Node) -> Node | None:
    """The table's encryption, with the key of the replica."""
    given = properties.get("SSESpecification")
    of_replica = replica.get("SSESpecification")
    key = None if of_replica is None else of_replica.get("KMSMasterKeyId")
    if given is None or key is None:
        return given
    return given.with_data({**nodes.members(given, "SSESpecification"), "KMSMasterKeyId": key})


def _index_node(node: Node, replica: Node, is_provisioned: bool, notes: Notes) -> Node:
    given = nodes.members(node, "an index")
    note_unknown_members(given, _INDEX, "the index", notes)
    members = {name: given[name] for name in _INDEX_SAME if name in given}
    of_replica = _index_of_replica(node, replica)
    _add_capacity(members, node, of_replica, is_provisioned, notes)
    add_insights(members, of_replica.get("ContributorInsightsSpecification"))
    return node.with_data(members)


def _index_of_replica(node: Node, replica: Node) -> Node:
    """What the replica says of an index."""
    name = node.get("IndexName")
    listed = replica.get("GlobalSecondaryIndexes")
    for each in () if listed is None else nodes.items(listed, "GlobalSecondaryIndexes"):
        found = each.get("IndexName")
        if found is not None and name is not None and found.data == name.data:
            return each
    return replica.with_data({})


def _add_capacity(
    members: dict[str, Node], written: Node, read: Node, is_provisioned: bool, notes: Notes
) -> None:
    """Add throughput or its ceilings; writes are the table's, reads the replica's."""
    settings = (
        ("Read", read.get("ReadProvisionedThroughputSettings")
         or written.get("ReadProvisionedThroughputSettings")),
        ("Write", written.get("WriteProvisionedThroughputSettings")),
    )  # fmt: skip
    units = {
        f"{kind}CapacityUnits": _units(given, kind, notes)
        for kind, given in settings
        if given is not None
    }
    if is_provisioned and units:
        members["ProvisionedThroughput"] = written.with_data(units)
    ceilings: dict[str, Node] = {}
    for kind, given in (
        ("Read", read.get("ReadOnDemandThroughputSettings")
         or written.get("ReadOnDemandThroughputSettings")),
        ("Write", written.get("WriteOnDemandThroughputSettings")),
    ):  # fmt: skip
        ceiling = None if given is None else given.get(f"Max{kind}RequestUnits")
        if ceiling is not None:
            ceilings[f"Max{kind}RequestUnits"] = ceiling
    if ceilings:
        members["OnDemandThroughput"] = written.with_data(ceilings)


def _units(given: Node, kind: str, notes: Notes) -> Node:
    """Fixed units, or those that auto scaling begins with."""
    fixed = given.get(f"{kind}CapacityUnits")
    if fixed is not None:
        return fixed
    scaling = nodes.required(given, f"{kind}CapacityAutoScalingSettings", "the throughput")
    units = scaling.get("SeedCapacity") or nodes.required(scaling, "MinCapacity", "auto scaling")
    number = nodes.integer(units, "its capacity")
    notes.append(
        Problem(scaling.place, f"auto scaling is left out: it has {number} units all the time")
    )
    return units
