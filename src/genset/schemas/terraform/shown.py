"""What `terraform show -json` prints of a plan or a state, and a state itself.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from collections.abc import Iterator

from genset.schemas import nodes
from genset.schemas.building import Notes
from genset.schemas.definitions import TableDefinition
from genset.schemas.nodes import Node
from genset.schemas.terraform.resources import FOLLOWED, Resource, resource_tables


def shown_tables(document: Node, notes: Notes) -> list[TableDefinition]:
    """The tables of a plan as they will be, or of a state as they are. Raises SchemaError."""
    values = document.get("planned_values") or document.get("values")
    if values is not None:
        module = values.get("root_module")
        found = [] if module is None else list(_of_module(module))
    else:
        found = list(_of_state(document))
    return resource_tables(found, notes)


def _of_module(module: Node) -> Iterator[Resource]:
    """The resources of a module and of those in it."""
    listed = module.get("resources")
    for each in () if listed is None else nodes.items(listed, "resources"):
        yield from _resource(each, each.get("values"))
    children = module.get("child_modules")
    for each in () if children is None else nodes.items(children, "child_modules"):
        yield from _of_module(each)


def _of_state(document: Node) -> Iterator[Resource]:
    listed = document.get("resources")
    for each in () if listed is None else nodes.items(listed, "resources"):
        instances = each.get("instances")
        for instance in () if instances is None else nodes.items(instances, "instances"):
            yield from _resource(each, instance.get("attributes"))


def _resource(node: Node, values: Node | None) -> Iterator[Resource]:
    mode, type_ = node.get("mode"), node.get("type")
    is_managed = mode is None or mode.data == "managed"
    if values is not None and type_ is not None and is_managed and type_.data in FOLLOWED:
        yield Resource(nodes.text(type_, "type"), Node(values.data, node.place))
