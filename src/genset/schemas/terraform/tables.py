"""aws_dynamodb_table in the form of CreateTable.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/dynamodb_table
"""

from __future__ import annotations

from typing import Final

from genset.schemas import nodes
from genset.schemas.building import Notes, tags_node
from genset.schemas.nodes import Node
from genset.schemas.problems import Problem

_SAME: Final = {
    "name": "TableName",
    "billing_mode": "BillingMode",
    "table_class": "TableClass",
    "deletion_protection_enabled": "DeletionProtectionEnabled",
}
_MAPPED: Final = frozenset(
    {
        "attribute",
        "hash_key",
        "range_key",
        "read_capacity",
        "write_capacity",
        "on_demand_throughput",
        "warm_throughput",
        "local_secondary_index",
        "global_secondary_index",
        "stream_enabled",
        "stream_view_type",
        "ttl",
        "server_side_encryption",
        "tags",
        "tags_all",
        "point_in_time_recovery",
    }
)
# Of Terraform itself, or what it has read back.
_NOT_OF_THE_TABLE: Final = frozenset(
    {
        "id",
        "arn",
        "stream_arn",
        "stream_label",
        "region",
        "timeouts",
        "count",
        "for_each",
        "depends_on",
        "provider",
        "connection",
        "provisioner",
    }
)
_LEFT_OUT: Final = {
    "replica": "the replicas are left out: genset has no global tables",
    "import_table": "nothing is imported; the table begins empty",
    "restore_source_name": "nothing is restored; the table begins empty",
    "restore_source_table_arn": "nothing is restored; the table begins empty",
    "lifecycle": "lifecycle is not followed: the plan is made of what is written",
}
_THROUGHPUT: Final = {"read_capacity": "ReadCapacityUnits", "write_capacity": "WriteCapacityUnits"}
_ON_DEMAND: Final = {
    "max_read_request_units": "MaxReadRequestUnits",
    "max_write_request_units": "MaxWriteRequestUnits",
}
_WARM: Final = {
    "read_units_per_second": "ReadUnitsPerSecond",
    "write_units_per_second": "WriteUnitsPerSecond",
}
_INDEX: Final = frozenset(
    {
        "name",
        "hash_key",
        "range_key",
        "key_schema",
        "projection_type",
        "non_key_attributes",
        "read_capacity",
        "write_capacity",
        "on_demand_throughput",
        "warm_throughput",
    }
)


def table_node(values: Node, notes: Notes) -> Node:
    """The table of the arguments of the resource."""
    given = _given(values)
    _note(given, notes)
    members = {api: given[name] for name, api in _SAME.items() if name in given}
    members["KeySchema"] = _key_schema(values, values.get("hash_key"))
    attributes: list[Node] = [_attribute(each) for each in _blocks(values, "attribute")]
    members["AttributeDefinitions"] = values.with_data(attributes)
    members |= _capacity(values)
    local: list[Node] = [
        _local_index(each, values.get("hash_key"))
        for each in _blocks(values, "local_secondary_index")
    ]
    if local:
        members["LocalSecondaryIndexes"] = values.with_data(local)
    shared: list[Node] = [
        _global_index(each, notes) for each in _blocks(values, "global_secondary_index")
    ]
    if shared:
        members["GlobalSecondaryIndexes"] = values.with_data(shared)
    _add_stream(members, given)
    for each in _blocks(values, "ttl"):
        _add_time_to_live(members, each)
    for each in _blocks(values, "server_side_encryption"):
        _add_encryption(members, each)
    tags = given.get("tags_all") or given.get("tags")
    if tags is not None:
        members["Tags"] = tags_node(tags)
    return values.with_data(members)


def _given(node: Node) -> dict[str, Node]:
    """The arguments that are given: an empty text is none, nor is an empty list of blocks."""
    return {
        name: each
        for name, each in nodes.members(node, "the resource").items()
        if each.data != "" and each.data != []
    }


def _note(given: dict[str, Node], notes: Notes) -> None:
    for name, each in given.items():
        if name in _LEFT_OUT:
            notes.append(Problem(each.place, _LEFT_OUT[name]))
        elif name not in _SAME and name not in _MAPPED and name not in _NOT_OF_THE_TABLE:
            message = f"{name} is not supported; the table is made without it"
            notes.append(Problem(each.place, message))
    recovery = given.get("point_in_time_recovery")
    for each in () if recovery is None else nodes.items(recovery, "point_in_time_recovery"):
        enabled = each.get("enabled")
        if enabled is not None and nodes.boolean(enabled, "enabled"):
            message = "point-in-time recovery is left out: genset has no backups"
            notes.append(Problem(enabled.place, message))


def _blocks(values: Node, name: str) -> list[Node]:
    found = values.get(name)
    return [] if found is None else nodes.items(found, name)


def _attribute(block: Node) -> Node:
    members: dict[str, Node] = {
        "AttributeName": nodes.required(block, "name", "an attribute"),
        "AttributeType": nodes.required(block, "type", "an attribute"),
    }
    return block.with_data(members)


def _key_schema(block: Node, hash_key: Node | None) -> Node:
    """The key of a table or index, of its `key_schema` blocks or of `hash_key` and `range_key`."""
    elements: list[Node] = []
    for each in _blocks(block, "key_schema"):
        name = nodes.required(each, "attribute_name", "key_schema")
        kind = nodes.required(each, "key_type", "key_schema")
        elements.append(each.with_data({"AttributeName": name, "KeyType": kind}))
    if elements:
        return block.with_data(elements)
    if hash_key is None:
        raise block.error("has no hash_key")
    for kind_, found in (("HASH", hash_key), ("RANGE", block.get("range_key"))):
        if found is not None and found.data != "":
            element: dict[str, Node] = {"AttributeName": found, "KeyType": found.with_data(kind_)}
            elements.append(found.with_data(element))
    return block.with_data(elements)


def _capacity(block: Node) -> dict[str, Node]:
    members: dict[str, Node] = {}
    throughput = {api: each for name, api in _THROUGHPUT.items() if (each := block.get(name))}
    if any(each.data != 0 for each in throughput.values()):
        place = next(iter(throughput.values()))
        members["ProvisionedThroughput"] = place.with_data(throughput)
    for name, api, names in (
        ("on_demand_throughput", "OnDemandThroughput", _ON_DEMAND),
        ("warm_throughput", "WarmThroughput", _WARM),
    ):
        for each in _blocks(block, name):
            units = {to: found for of, to in names.items() if (found := each.get(of))}
            members[api] = each.with_data(units)
    return members


def _local_index(block: Node, hash_key: Node | None) -> Node:
    members = _index_members(block)
    members["KeySchema"] = _key_schema(block, hash_key)
    return block.with_data(members)


def _global_index(block: Node, notes: Notes) -> Node:
    for name, each in _given(block).items():
        if name not in _INDEX:
            message = f"{name} is not supported; the index is made without it"
            notes.append(Problem(each.place, message))
    members = _index_members(block) | _capacity(block)
    members["KeySchema"] = _key_schema(block, block.get("hash_key"))
    return block.with_data(members)


def _index_members(block: Node) -> dict[str, Node]:
    kind = nodes.required(block, "projection_type", "an index")
    projection = {"ProjectionType": kind}
    names = block.get("non_key_attributes")
    if names is not None and names.data != []:
        projection["NonKeyAttributes"] = names
    name = nodes.required(block, "name", "an index")
    return {"IndexName": name, "Projection": kind.with_data(projection)}


def _add_stream(members: dict[str, Node], given: dict[str, Node]) -> None:
    enabled = given.get("stream_enabled")
    if enabled is None or not nodes.boolean(enabled, "stream_enabled"):
        return
    view = given.get("stream_view_type")
    if view is None:
        raise enabled.error("stream_enabled needs stream_view_type")
    stream: dict[str, Node] = {"StreamEnabled": enabled, "StreamViewType": view}
    members["StreamSpecification"] = enabled.with_data(stream)


def _add_time_to_live(members: dict[str, Node], block: Node) -> None:
    enabled = block.get("enabled") or block.with_data(True)
    attribute = block.get("attribute_name")
    if attribute is not None and attribute.data != "":
        specification: dict[str, Node] = {"AttributeName": attribute, "Enabled": enabled}
        members["TimeToLiveSpecification"] = block.with_data(specification)


def _add_encryption(members: dict[str, Node], block: Node) -> None:
    specification = {"Enabled": nodes.required(block, "enabled", "server_side_encryption")}
    key = block.get("kms_key_arn")
    if key is not None and key.data != "":
        specification["KMSMasterKeyId"] = key
    members["SSESpecification"] = block.with_data(specification)
