"""A template: its tables, and what its names stand for.

Other resources are not looked at, but as far as tables refer to them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from genset.schemas import nodes
from genset.schemas.building import Notes, build_table
from genset.schemas.cloudformation.evaluation import Evaluator, NoValue
from genset.schemas.cloudformation.global_table import global_table_node
from genset.schemas.cloudformation.loops import unroll
from genset.schemas.cloudformation.parameters import parameter_value
from genset.schemas.cloudformation.resources import simple_table_node, table_node
from genset.schemas.definitions import TableDefinition
from genset.schemas.files import Files
from genset.schemas.nodes import Node, Unknown
from genset.schemas.parameters import Parameters
from genset.schemas.problems import Problem, SchemaError

_TABLE: Final = "AWS::DynamoDB::Table"
_GLOBAL_TABLE: Final = "AWS::DynamoDB::GlobalTable"
_SIMPLE_TABLE: Final = "AWS::Serverless::SimpleTable"
_TABLES: Final = (_TABLE, _GLOBAL_TABLE, _SIMPLE_TABLE)
_STACKS: Final = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application":
                  "Location"}  # fmt: skip
_NOTED: Final = {
    "AWS::ApplicationAutoScaling::ScalableTarget": "auto scaling is left out: throughput stays as "
    "it is written",
    "Custom::DynamoDBReplica": "the replica is left out: genset has no global tables",
}
# Those that are followed, and those that AWS itself says have nothing to do with tables.
_TRANSFORMS: Final = (
    "AWS::Serverless-",
    "AWS::LanguageExtensions",
    "AWS::CodeDeploy",
    "AWS::SecretsManager-",
)
_OUTPUTS: Final = "Outputs."
_STACKS_DEEP_MAX: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a template is read in: its folder, the values given, and its stack's name if known."""

    folder: Path
    files: Files
    parameters: Parameters
    stack_name: str | None = None
    depth: int = 0


class Template:
    """One template of a stack. Raises SchemaError if its sections are no sections."""

    def __init__(self, root: Node, surroundings: Surroundings) -> None:
        self._root = root
        self._in = surroundings
        self._parameters = {
            name: parameter_value(name, each, surroundings.parameters)
            for name, each in self._section("Parameters").items()
        }
        self._stacks: dict[str, Template | Unknown] = {}
        self._resources: dict[str, Node] = {}
        self._evaluator = Evaluator(self, self._section("Mappings"), {})
        self._evaluator = Evaluator(self, self._section("Mappings"), self._unrolled("Conditions"))
        self._resources = self._unrolled("Resources")
        self._names: dict[str, str] = {}

    def tables(self, notes: Notes) -> list[TableDefinition]:
        """The tables of the template and of the stacks in it.

        Raises SchemaError with a problem for each resource that is wrong.
        """
        tables: list[TableDefinition] = []
        problems: list[Problem] = []
        self._note_macros(notes)
        for name, resource in self._resources.items():
            try:
                tables += self._tables_of(name, resource, notes)
            except SchemaError as error:
                problems += error.problems
        if problems:
            raise SchemaError(problems)
        return tables

    def _note_macros(self, notes: Notes) -> None:
        """Note the macros that would change the template in a way that is not known here."""
        written = self._root.get("Transform")
        named = [] if written is None else [written]
        if written is not None and isinstance(written.data, list):
            named = written.data
        for each in named:
            if not isinstance(each.data, str) or not each.data.startswith(_TRANSFORMS):
                name = each.data if isinstance(each.data, str) else "in Transform"
                notes.append(Problem(each.place, f"the macro {name} is not run"))
        included = self._resources.get("Fn::Transform")
        if included is not None:
            notes.append(Problem(included.place, "what Fn::Transform adds is not read"))

    def output(self, name: str, node: Node) -> Node:
        """The value of an output."""
        found = self._unrolled("Outputs").get(name)
        if found is None:
            raise node.error(f"the nested stack has no output {name}")
        return self._evaluator.value(nodes.required(found, "Value", f"the output {name}"))

    def reference(self, name: str, node: Node) -> Node | NoValue:
        """See `Names`."""
        if name == "AWS::NoValue":
            return NoValue()
        if name.startswith("AWS::"):
            return node.with_data(self._pseudo(name))
        if name in self._parameters:
            return node.with_data(self._parameters[name].data)
        return self._resource_value(name, node)

    def attribute(self, resource: str, attribute: str, node: Node) -> Node:
        """See `Names`."""
        found = self._resource(resource, node)
        given = self._in.parameters.find(f"{resource}.{attribute}")
        if given is not None:
            return node.with_data(given)
        kind = _kind(found)
        if kind in _TABLES and attribute == "Arn":
            name = self._table_name(resource, found, [])
            return node.with_data(self._in.parameters.table_arn(name))
        if kind in _STACKS and attribute.startswith(_OUTPUTS):
            return self._stack_output(resource, found, attribute.removeprefix(_OUTPUTS), node)
        return node.with_data(_unknown(f"{resource}.{attribute}"))

    def exported(self, name: str, node: Node) -> Node:
        """See `Names`."""
        given = self._in.parameters.find(name)
        if given is not None:
            return node.with_data(given)
        reason = f"{name} is another stack's export; give it with --parameter {name}=VALUE"
        return node.with_data(Unknown(reason))

    def _section(self, name: str) -> dict[str, Node]:
        found = self._root.get(name)
        return {} if found is None else nodes.members(found, name)

    def _unrolled(self, name: str) -> dict[str, Node]:
        found = self._root.get(name)
        if found is None:
            return {}
        return nodes.members(unroll(found, self._evaluator.value), name)

    def _pseudo(self, name: str) -> str | Unknown:
        parameters = self._in.parameters
        match name:
            case "AWS::Region":
                return parameters.region
            case "AWS::AccountId":
                return parameters.account
            case "AWS::Partition":
                return "aws"
            case "AWS::URLSuffix":
                return "amazonaws.com"
        found = parameters.find(name)
        if found is None and name == "AWS::StackName":
            found = self._in.stack_name
        return found or Unknown(f"{name} is not known here; give it with --parameter {name}=VALUE")

    def _resource(self, name: str, node: Node) -> Node:
        found = self._resources.get(name)
        if found is None:
            raise node.error(f"there is no parameter or resource {name}")
        return found

    def _resource_value(self, name: str, node: Node) -> Node:
        found = self._resource(name, node)
        given = self._in.parameters.find(name)
        if given is not None:
            return node.with_data(given)
        if _kind(found) in _TABLES:
            return node.with_data(self._table_name(name, found, []))
        return node.with_data(_unknown(name))

    def _tables_of(self, name: str, resource: Node, notes: Notes) -> list[TableDefinition]:
        if not isinstance(resource.data, dict):
            raise resource.error(f"the resource {name} must be a mapping")
        condition = resource.get("Condition")
        kind = _kind(resource)
        relevant = kind in _TABLES or kind in _STACKS or kind in _NOTED
        if not relevant:
            return []
        if condition is not None and not self._evaluator.truth(
            nodes.text(condition, "Condition"), condition
        ):
            return []
        if kind in _TABLES:
            return [self._table(name, resource, notes)]
        if kind in _STACKS:
            nested = self._stack(name, resource)
            if isinstance(nested, Template):
                return nested.tables(notes)
            notes.append(Problem(resource.place, f"the stack {name} is not read: {nested.reason}"))
        elif kind in _NOTED and self._is_of_tables(resource):
            notes.append(Problem(resource.place, _NOTED[kind]))
        return []

    def _is_of_tables(self, resource: Node) -> bool:
        namespace = (resource.get("Properties") or resource).get("ServiceNamespace")
        return namespace is None or namespace.data == "dynamodb"

    def _table(self, name: str, resource: Node, notes: Notes) -> TableDefinition:
        written = resource.get("Properties") or resource.with_data({})
        properties = self._evaluator.value(self._with_globals(resource, written))
        properties = Node(properties.data, resource.place)
        makers: dict[str, Callable[[], Node]] = {
            _TABLE: lambda: table_node(properties, notes),
            _SIMPLE_TABLE: lambda: simple_table_node(properties, notes),
            _GLOBAL_TABLE: lambda: global_table_node(properties, self._in.parameters.region, notes),
        }
        node = makers[_kind(resource)]()
        return build_table(node, notes, name=self._table_name(name, resource, notes))

    def _with_globals(self, resource: Node, properties: Node) -> Node:
        """The properties with SAM's Globals, which those of the resource come before."""
        found = self._root.get("Globals")
        section = None if found is None else found.get("SimpleTable")
        if section is None or _kind(resource) != _SIMPLE_TABLE:
            return properties
        common = nodes.members(section, "SimpleTable")
        return properties.with_data(common | nodes.members(properties, "Properties"))

    def _table_name(self, name: str, resource: Node, notes: Notes) -> str:
        """The table's name; CloudFormation makes one up where none is given, we take the id."""
        written = (resource.get("Properties") or resource).get("TableName")
        value = None if written is None else self._evaluator.value(written)
        if value is None or value.data is None:
            message = f"the table has no TableName, which AWS would make up; it is named {name}"
            notes.append(Problem(resource.place, message))
            return name
        return nodes.text(value, "TableName")

    def _stack_output(self, resource: str, found: Node, name: str, node: Node) -> Node:
        nested = self._stack(resource, found)
        if isinstance(nested, Unknown):
            return node.with_data(nested)
        value = nested.output(name, node)
        return node.with_data(value.data)

    def _stack(self, name: str, resource: Node) -> Template | Unknown:
        """The template of a nested stack, if it is a file here."""
        if name not in self._stacks:
            self._stacks[name] = self._read_stack(name, resource)
        return self._stacks[name]

    def _read_stack(self, name: str, resource: Node) -> Template | Unknown:
        properties = resource.get("Properties") or resource.with_data({})
        path = self._template_path(resource, properties)
        if isinstance(path, Unknown):
            return path
        if self._in.depth >= _STACKS_DEEP_MAX:
            raise resource.error(f"stacks are nested more than {_STACKS_DEEP_MAX} deep")
        given = properties.get("Parameters")
        values: dict[str, str] = {}
        for parameter, each in ({} if given is None else nodes.members(given, "them")).items():
            value = self._evaluator.value(each)
            if nodes.find_unknown(value) is None:
                listed = value.data if isinstance(value.data, list) else [value]
                values[parameter] = ",".join(nodes.text(part, parameter) for part in listed)
        parent = self._in.stack_name
        return Template(
            self._in.files.document(path, resource.place),
            Surroundings(
                folder=path.parent,
                files=self._in.files,
                parameters=self._in.parameters.replaced(values),
                stack_name=None if parent is None else f"{parent}-{name}",
                depth=self._in.depth + 1,
            ),
        )

    def _template_path(self, resource: Node, properties: Node) -> Path | Unknown:
        """Where the nested template is: CDK says it beside the properties."""
        metadata = resource.get("Metadata")
        asset = None if metadata is None else metadata.get("aws:asset:path")
        written = asset or properties.get(_STACKS[_kind(resource)])
        if written is None or not isinstance(written.data, str):
            return Unknown("its template is no file here")
        if "://" in written.data:
            return Unknown(f"{written.data} is no file here")
        return self._in.folder / written.data


def _kind(resource: Node) -> str:
    found = resource.get("Type")
    return found.data if found is not None and isinstance(found.data, str) else ""


def _unknown(name: str) -> Unknown:
    return Unknown(f"{name} is made when it is deployed; give it with --parameter {name}=VALUE")
