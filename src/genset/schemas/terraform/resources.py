"""The resources of Terraform that say something of tables, and the tables that they make.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/dynamodb_table
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from genset.model.insights import ACCESSED_AND_THROTTLED
from genset.schemas import nodes
from genset.schemas.building import Notes, build_table
from genset.schemas.definitions import TableDefinition
from genset.schemas.nodes import Node, Unknown
from genset.schemas.problems import Problem, SchemaError
from genset.schemas.terraform.tables import table_node

TABLE: Final = "aws_dynamodb_table"
_INSIGHTS: Final = "aws_dynamodb_contributor_insights"
_POLICY: Final = "aws_dynamodb_resource_policy"
_TAG: Final = "aws_dynamodb_tag"
_NOTED: Final = {
    "aws_dynamodb_table_item": "the item is left out: `genset load` puts items",
    "aws_dynamodb_table_replica": "the replica is left out: genset has no global tables",
    "aws_dynamodb_global_table": "the replicas are left out: genset has no global tables",
    "aws_dynamodb_global_secondary_index": "the index is left out; write it into its table",
    "aws_dynamodb_kinesis_streaming_destination": "changes are not sent to Kinesis",
    "aws_dynamodb_table_export": "nothing is exported",
    "aws_appautoscaling_target": "auto scaling is left out: throughput stays as it is written",
}
_OF_TABLES: Final = "dynamodb"
FOLLOWED: Final = frozenset({TABLE, _INSIGHTS, _POLICY, _TAG, *_NOTED})
"""The types of resources that are looked at."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its type and its arguments, blocks in it being lists of mappings."""

    type: str
    values: Node


def resource_tables(resources: Iterable[Resource], notes: Notes) -> list[TableDefinition]:
    """The tables of all resources together.

    Raises SchemaError with a problem for each that is wrong.
    """
    found: dict[str, dict[str, Node]] = {}
    places: dict[str, Node] = {}
    problems: list[Problem] = []
    others: list[Resource] = []
    for each in resources:
        try:
            if each.type == TABLE:
                node = table_node(each.values, notes)
                name = nodes.text(nodes.required(node, "TableName", "the table"), "name")
                if name in found:
                    raise node.error(f"the table {name} is defined at {places[name].place} too")
                found[name], places[name] = nodes.members(node, "a table"), node
            else:
                others.append(each)
        except SchemaError as error:
            problems += error.problems
    for each in others:
        try:
            _add(each, found, notes)
        except SchemaError as error:
            problems += error.problems
    tables = []
    for name, members in found.items():
        try:
            tables.append(build_table(places[name].with_data(members), notes))
        except SchemaError as error:
            problems += error.problems
    if problems:
        raise SchemaError(problems)
    return tables


def _add(resource: Resource, tables: dict[str, dict[str, Node]], notes: Notes) -> None:
    """Add what a resource says to its table, or note that it is not followed."""
    values, place = resource.values, resource.values.place
    if resource.type in _NOTED:
        namespace = values.get("service_namespace")
        if namespace is None or namespace.data == _OF_TABLES:
            notes.append(Problem(place, _NOTED[resource.type]))
        return
    if resource.type == _INSIGHTS:
        table = _named(nodes.required(values, "table_name", resource.type), tables)
    else:
        table = _named(nodes.required(values, "resource_arn", resource.type), tables)
    if isinstance(table, Unknown):
        notes.append(Problem(place, f"{resource.type} is left out: {table.reason}"))
    elif resource.type == _POLICY:
        table["ResourcePolicy"] = nodes.required(values, "policy", resource.type)
    elif resource.type == _TAG:
        _add_tag(table, values)
    else:
        _add_insights(table, values)


def _named(name: Node, tables: dict[str, dict[str, Node]]) -> dict[str, Node] | Unknown:
    """The table that a name or an ARN means."""
    if isinstance(name.data, Unknown):
        return name.data
    text = nodes.text(name, "the table").rpartition(":table/")[2].partition("/")[0]
    return tables.get(text) or Unknown(f"there is no table {text} in these files")


def _add_tag(table: dict[str, Node], values: Node) -> None:
    key = nodes.required(values, "key", _TAG)
    tag: dict[str, Node] = {"Key": key, "Value": nodes.required(values, "value", _TAG)}
    had = table.get("Tags")
    listed = [] if had is None else nodes.items(had, "Tags")
    table["Tags"] = values.with_data([*listed, values.with_data(tag)])


def _add_insights(table: dict[str, Node], values: Node) -> None:
    mode = values.get("mode") or values.with_data(ACCESSED_AND_THROTTLED)
    index = values.get("index_name")
    if index is None or index.data == "":
        table["ContributorInsights"] = mode
        return
    indexes = table.get("GlobalSecondaryIndexes")
    listed = [] if indexes is None else nodes.items(indexes, "global_secondary_index")
    for each in listed:
        name = each.get("IndexName")
        if name is not None and name.data == index.data:
            assert isinstance(each.data, dict)
            each.data["ContributorInsights"] = mode
            return
    raise index.error(f"the table has no index {index.data}")
