"""The tables of a serverless.yml: its `resources` are a CloudFormation template.

https://www.serverless.com/framework/docs/providers/aws/guide/resources
"""

from __future__ import annotations

from pathlib import Path

from genset.schemas import nodes
from genset.schemas.building import Notes
from genset.schemas.cloudformation.template import Surroundings, Template
from genset.schemas.definitions import TableDefinition
from genset.schemas.files import Files
from genset.schemas.nodes import Node, Unknown
from genset.schemas.parameters import Parameters
from genset.schemas.problems import Problem
from genset.schemas.serverless.variables import Variables


def service_tables(
    root: Node, folder: Path, files: Files, parameters: Parameters, notes: Notes
) -> list[TableDefinition]:
    """The tables of a service. Raises SchemaError."""
    variables = Variables(root, folder, files, parameters)
    written = root.get("resources")
    if written is None:
        return []
    provider = root.get("provider")
    tags = None if provider is None else provider.get("stackTags")
    if tags is not None:
        notes.append(Problem(tags.place, "stackTags are left out: they are the stack's"))
    template = _template(variables.resolve(written), notes)
    surroundings = Surroundings(
        folder=folder,
        files=files,
        parameters=parameters,
        stack_name=_stack_name(root, variables),
    )
    return Template(template, surroundings).tables(notes)


def _template(resources: Node, notes: Notes) -> Node:
    """The template of a service, whose resources may be in a list of parts."""
    parts = resources.data if isinstance(resources.data, list) else [resources]
    sections: dict[str, Node] = {}
    for part in parts:
        if part.data is None:
            continue
        for name, section in nodes.members(part, "resources").items():
            if name == "extensions":
                notes.append(Problem(section.place, "extensions of resources are not followed"))
                continue
            had = sections.get(name)
            if had is not None and isinstance(had.data, dict) and isinstance(section.data, dict):
                section = section.with_data(had.data | section.data)
            sections[name] = section
    return resources.with_data(sections)


def _stack_name(root: Node, variables: Variables) -> str | None:
    """The name of the stack: the provider's, or that of the service and its stage."""
    provider, service = root.get("provider"), root.get("service")
    named = None if provider is None else provider.get("stackName")
    if named is not None:
        value = variables.resolve(named)
        return None if isinstance(value.data, Unknown) else nodes.text(value, "stackName")
    if service is not None and isinstance(service.data, dict):
        service = service.get("name")
    if service is None:
        return None
    value = variables.resolve(service)
    if isinstance(value.data, Unknown):
        return None
    return f"{nodes.text(value, 'service')}-{variables.stage}"
