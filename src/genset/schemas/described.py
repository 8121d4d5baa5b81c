"""Tables as the API shows and takes them: DescribeTable's answers and CreateTable's requests.

`described_node` also reads what an endpoint answers, which is how a plan knows what there is.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from genset.schemas import nodes
from genset.schemas.building import TABLE_MEMBERS, Notes, build_table
from genset.schemas.definitions import INSIGHTS, POLICY, TAGS, TIME_TO_LIVE, TableDefinition
from genset.schemas.nodes import Data, Node
from genset.schemas.problems import Problem

_KEPT: Final = TABLE_MEMBERS - {"BillingMode", "SSESpecification", "TableClass"}
_LOCAL_KEPT: Final = ("IndexName", "KeySchema", "Projection")
_INDEX_KEPT: Final = (*_LOCAL_KEPT, "OnDemandThroughput")


def describe_tables(node: Node, notes: Notes) -> list[TableDefinition]:
    """The tables of an answer of DescribeTable, or of several in a list or beside each other."""
    unsaid = (TIME_TO_LIVE, TAGS, POLICY, INSIGHTS)
    descriptions = _descriptions(node)
    for each in descriptions:
        replicas = each.get("Replicas")
        if replicas is not None:
            message = "the replicas are left out: genset has no global tables"
            notes.append(Problem(replicas.place, message))
    return [build_table(described_node(each), notes, unsaid=unsaid) for each in descriptions]


def input_tables(node: Node, notes: Notes) -> list[TableDefinition]:
    """The tables of a CreateTable request, or of a list of them.

    What a skeleton of the AWS CLI leaves empty counts as not there.
    """
    given = nodes.items(node, "the list") if isinstance(node.data, list) else [node]
    return [
        build_table(_without_empty(each), notes, unsaid=(TIME_TO_LIVE, INSIGHTS)) for each in given
    ]


def described_node(node: Node, *, warm: bool = False) -> Node:
    """A TableDescription as a CreateTable request that makes such a table.

    With `warm` it has the warm throughput, which every table has, and which grows with its use.
    """
    given = nodes.members(node, "a table's description")
    members = {name: each for name, each in given.items() if name in _KEPT}
    place = node.place
    billing = node.get("BillingModeSummary")
    mode = None if billing is None else billing.get("BillingMode")
    if mode is not None:
        members["BillingMode"] = mode
    on_demand = mode is not None and mode.data == "PAY_PER_REQUEST"
    if on_demand:
        members.pop("ProvisionedThroughput", None)
    table_class = node.get("TableClassSummary")
    if table_class is not None:
        members["TableClass"] = nodes.required(table_class, "TableClass", "TableClassSummary")
    encryption = node.get("SSEDescription")
    if encryption is not None:
        members["SSESpecification"] = _encryption(encryption)
    if not warm:
        members.pop("WarmThroughput", None)
    kept = {*_INDEX_KEPT, *(("WarmThroughput",) if warm else ())}
    if not on_demand:
        kept.add("ProvisionedThroughput")
    if "LocalSecondaryIndexes" in members:
        members["LocalSecondaryIndexes"] = _indexes(members["LocalSecondaryIndexes"], _LOCAL_KEPT)
    if "GlobalSecondaryIndexes" in members:
        members["GlobalSecondaryIndexes"] = _indexes(members["GlobalSecondaryIndexes"], kept)
    return Node(members, place)


def _descriptions(node: Node) -> list[Node]:
    if isinstance(node.data, list):
        return [found for each in node.data for found in _descriptions(each)]
    for member in ("Table", "TableDescription"):
        found = node.get(member)
        if found is not None:
            return [found]
    return [node]


def _encryption(node: Node) -> Node:
    members: dict[str, Node] = {"Enabled": node.with_data(True)}
    status = node.get("Status")
    if status is not None and status.data in ("DISABLED", "DISABLING"):
        return node.with_data({"Enabled": node.with_data(False)})
    key = node.get("KMSMasterKeyArn")
    if key is not None:
        members["KMSMasterKeyId"] = key
    return node.with_data(members)


def _indexes(node: Node, kept: Iterable[str]) -> Node:
    """The indexes with the members `kept`, but those that are being deleted."""
    indexes: list[Node] = []
    for each in nodes.items(node, "the indexes"):
        given = nodes.members(each, "an index")
        status = given.get("IndexStatus")
        if status is None or status.data != "DELETING":
            members = {name: given[name] for name in kept if name in given}
            indexes.append(each.with_data(members))
    return node.with_data(indexes)


def _without_empty(node: Node) -> Node:
    """The node without empty texts, and without lists and mappings that have nothing in them."""
    data: Data = node.data
    if isinstance(data, dict):
        kept = {name: _without_empty(each) for name, each in data.items()}
        data = {name: each for name, each in kept.items() if _is_given(each)}
    elif isinstance(data, list):
        data = [each for each in map(_without_empty, data) if _is_given(each)]
    return node.with_data(data)


def _is_given(node: Node) -> bool:
    return node.data is not None and node.data != "" and node.data != {} and node.data != []
