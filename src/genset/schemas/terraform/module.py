"""A module of Terraform's: a folder of files, what its names stand for, and its resources.

https://developer.hashicorp.com/terraform/language/modules
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from genset.schemas import nodes
from genset.schemas.building import Notes
from genset.schemas.definitions import TableDefinition
from genset.schemas.files import Files
from genset.schemas.nodes import Data, Node, Unknown
from genset.schemas.parameters import Parameters
from genset.schemas.problems import Place, Problem, SchemaError
from genset.schemas.terraform.expressions import Scope, Step, pairs
from genset.schemas.terraform.hcl import Block, parse_hcl
from genset.schemas.terraform.resources import FOLLOWED, TABLE, Resource, resource_tables
from genset.schemas.terraform.variables import (
    default_value,
    given_values,
    root_variable,
    with_defaults,
)

_DEFAULT_WORKSPACE: Final = "default"
_MODULES_DEEP_MAX: Final = 20
# Arguments of every block that say how many of it there are, or nothing of what it is.
_META: Final = frozenset({"count", "for_each", "depends_on", "provider", "providers", "source",
                          "version"})  # fmt: skip
# What is in these blocks are words of Terraform's own, and no values.
_NOT_VALUES: Final = ("lifecycle", "timeouts", "provisioner", "connection")


def terraform_tables(
    path: Path, files: Files, parameters: Parameters, notes: Notes
) -> list[TableDefinition]:
    """The tables of a folder of files, or those of one file in it. Raises SchemaError."""
    folder = path if path.is_dir() else path.parent
    paths = files.listed(folder, "*.tf")
    if not path.is_dir() and path not in paths:
        paths = [path]
    for other in files.listed(folder, "*.tf.json"):
        notes.append(Problem(Place(str(other), 0), "is not read: *.tf files are"))
    from_files = given_values(folder, files)
    module = Module(folder, paths, files, parameters, notes)
    module.give({
        name: root_variable(name, declared, from_files, parameters)
        for name, declared in module.declared.items()
    })  # fmt: skip
    resources = list(module.resources(None if path.is_dir() else path))
    return resource_tables(resources, notes)


class Module:
    """One module, whose variables are given before anything else is asked of it."""

    def __init__(
        self,
        folder: Path,
        paths: Iterable[Path],
        files: Files,
        parameters: Parameters,
        notes: Notes,
        *,
        address: str = "",
        root: Path | None = None,
        depth: int = 0,
        default_tags: Node | None = None,
    ) -> None:
        self._folder = folder
        self._root = root or folder
        self._files = files
        self._parameters = parameters
        self._notes = notes
        self._address = address
        self._depth = depth
        self._inherited_tags = default_tags
        bodies = [parse_hcl(files.text(path), str(path)) for path in paths]
        self._blocks = [block for body in bodies for block in body.blocks]
        self.declared = {b.labels[0]: b for b in self._of_type("variable") if b.labels}
        self._given: Mapping[str, Node] = {}
        self._locals = {
            name: (block, expression)
            for block in self._of_type("locals")
            for name, expression in block.attributes.items()
        }
        self._values: dict[str, Node | None] = {}
        self._called: dict[str, Node | list[tuple[Node, Module]]] = {}

    def give(self, values: Mapping[str, Node]) -> None:
        """Set the values of variables."""
        self._given = values

    def resources(self, only: Path | None = None) -> Iterator[Resource]:
        """The resources of the module and of those that it calls which say something of tables;
        with `only`, those of that file.

        Raises SchemaError with a problem for each block that is wrong.
        """
        problems: list[Problem] = []
        for block in self._blocks:
            if only is not None and block.place.file != str(only):
                continue
            try:
                if block.type == "resource" and len(block.labels) == 2:
                    if block.labels[0] in FOLLOWED:
                        yield from self._resources_of(block)
                elif block.type == "module" and block.labels:
                    yield from self._resources_called(block)
            except SchemaError as error:
                problems += error.problems
        if problems:
            raise SchemaError(problems)

    def output(self, name: str, place: Place) -> Node:
        """The value of an output."""
        for block in self._of_type("output"):
            if block.labels == (name,) and "value" in block.attributes:
                return self._scope(block).value(block.attributes["value"])
        raise SchemaError.at(place, f"the module has no output {name}")

    def resolve(self, root: str, steps: list[Step], place: Place) -> tuple[Node, int]:
        """See `Names`."""
        first = str(steps[0]) if steps else ""
        match root:
            case "var":
                return self._variable(first, place), 1
            case "local":
                return self._local(first, place), 1
            case "path":
                folder = self._folder if first == "module" else self._root
                return Node(str(folder.resolve()), place), 1
            case "terraform":
                workspace = self._parameters.find("terraform.workspace")
                return Node(workspace or _DEFAULT_WORKSPACE, place), 1
            case "module":
                return self._module_value(first, place), 1
            case "data":
                return self._data(steps, place), min(len(steps), 3)
        if not steps:
            raise SchemaError.at(place, f"{root} has no meaning here")
        return self._resource_value(root, first, steps, place)

    def file_text(self, path: str, place: Place) -> str:
        """See `Names`; Terraform runs in the folder of the root module."""
        return self._files.text(self._root / path, place)

    def _of_type(self, name: str) -> Iterator[Block]:
        return (block for block in self._blocks if block.type == name)

    def _scope(self, block: Block) -> Scope:
        return Scope(block.place.file, self)

    def _variable(self, name: str, place: Place) -> Node:
        if name in self._given:
            return self._given[name]
        if name not in self.declared:
            raise SchemaError.at(place, f"there is no variable {name}")
        return default_value(name, self.declared[name])

    def _local(self, name: str, place: Place) -> Node:
        if name not in self._locals:
            raise SchemaError.at(place, f"there is no local value {name}")
        if name in self._values:
            value = self._values[name]
            if value is None:
                raise SchemaError.at(place, f"the local value {name} is defined by itself")
            return value
        block, expression = self._locals[name]
        self._values[name] = None
        try:
            found = self._scope(block).value(expression)
        except BaseException:
            del self._values[name]
            raise
        self._values[name] = found
        return found

    def _data(self, steps: list[Step], place: Place) -> Node:
        path = ".".join(("data", *map(str, steps[:3])))
        type_, attribute = str(steps[0]) if steps else "", str(steps[-1]) if steps else ""
        known: dict[tuple[str, str], str | Unknown] = {
            ("aws_caller_identity", "account_id"): self._parameters.account,
            ("aws_region", "name"): self._parameters.region,
            ("aws_region", "region"): self._parameters.region,
            ("aws_region", "id"): self._parameters.region,
            ("aws_partition", "partition"): "aws",
        }
        return Node(known.get((type_, attribute)) or self._asked(path), place)

    def _asked(self, path: str) -> str | Unknown:
        """What the user gives for something that only a deployment knows."""
        path = f"{self._address}{path}"
        reason = f"{path} is known when it is deployed; give it with --parameter {path}=VALUE"
        return self._parameters.find(path) or Unknown(reason)

    def _resource_value(
        self, type_: str, name: str, steps: list[Step], place: Place
    ) -> tuple[Node, int]:
        """A part of a resource: of a table all that is written, of others what is given."""
        block = next((b for b in self._of_type("resource") if b.labels == (type_, name)), None)
        if block is None:
            raise SchemaError.at(place, f"there is no resource {type_}.{name}")
        if type_ != TABLE:
            return Node(self._asked(".".join(map(str, (type_, *steps)))), place), len(steps)
        if "count" not in block.attributes and "for_each" not in block.attributes:
            return self._table_value(block, self._scope(block)), 1
        instances: dict[str, Node] = {}
        for key, scope in self._instances(block):
            instances[str(key.data)] = self._table_value(block, scope)
        if "for_each" in block.attributes:
            return Node(dict(instances), place), 1
        return Node(list(instances.values()), place), 1

    def _table_value(self, block: Block, scope: Scope) -> Node:
        """The attributes of a table to which others may refer."""
        written = {n: block.attributes[n] for n in ("name", "hash_key", "range_key")
                   if n in block.attributes}  # fmt: skip
        members: dict[str, Node] = {n: scope.value(each) for n, each in written.items()}
        name = members.get("name")
        if name is not None:
            members["id"] = name
            arn: Data = name.data
            if not isinstance(arn, Unknown):
                arn = self._parameters.table_arn(nodes.text(name, "name"))
            members["arn"] = name.with_data(arn)
        path = ".".join(block.labels)
        for attribute in ("stream_arn", "stream_label"):
            members[attribute] = Node(self._asked(f"{path}.{attribute}"), block.place)
        return Node(members, block.place)

    def _instances(self, block: Block) -> Iterator[tuple[Node, Scope]]:
        """The keys of the instances of a block, and the scope of each."""
        scope = self._scope(block)
        if "count" in block.attributes:
            count = scope.value(block.attributes["count"])
            for number in range(nodes.integer(count, "count")):
                index = count.with_data(number)
                yield index, scope.with_names({"count": count.with_data({"index": index})})
        elif "for_each" in block.attributes:
            collection = scope.value(block.attributes["for_each"])
            for key, value in each_pairs(collection):
                yield key, scope.with_names({"each": key.with_data({"key": key, "value": value})})
        else:
            yield Node(None, block.place), scope

    def _resources_of(self, block: Block) -> Iterator[Resource]:
        default_tags = self._default_tags()
        for _, scope in self._instances(block):
            values = Node(_values(block, scope), block.place)
            if block.labels[0] == TABLE and default_tags is not None:
                values = _with_tags(values, default_tags)
            yield Resource(block.labels[0], values)

    def _default_tags(self) -> Node | None:
        """The tags that the provider adds to all resources."""
        for provider in self._of_type("provider"):
            if provider.labels == ("aws",) and "alias" not in provider.attributes:
                for block in provider.of_type("default_tags"):
                    if "tags" in block.attributes:
                        return self._scope(block).value(block.attributes["tags"])
        return self._inherited_tags

    def _resources_called(self, block: Block) -> Iterator[Resource]:
        called = self._modules(block)
        if isinstance(called, Node):
            assert isinstance(called.data, Unknown)
            self._notes.append(Problem(block.place, called.data.reason))
            return
        for _, module in called:
            yield from module.resources()

    def _module_value(self, name: str, place: Place) -> Node:
        """The outputs of a module that is called."""
        block = next((b for b in self._of_type("module") if b.labels == (name,)), None)
        if block is None:
            raise SchemaError.at(place, f"there is no module {name}")
        called = self._modules(block)
        if isinstance(called, Node):
            return called
        values = [(key, module._outputs()) for key, module in called]
        if "for_each" in block.attributes:
            return Node({str(key.data): value for key, value in values}, place)
        if "count" in block.attributes:
            return Node([value for _, value in values], place)
        return values[0][1]

    def _outputs(self) -> Node:
        members: dict[str, Node] = {}
        for block in self._of_type("output"):
            members[block.labels[0]] = self.output(block.labels[0], block.place)
        return Node(members, Place(str(self._folder), 0))

    def _modules(self, block: Block) -> Node | list[tuple[Node, Module]]:
        """The instances of a module that is called, or why it cannot be read."""
        name = block.labels[0]
        if name not in self._called:
            self._called[name] = self._read_modules(block)
        return self._called[name]

    def _read_modules(self, block: Block) -> Node | list[tuple[Node, Module]]:
        folder = self._module_folder(block)
        if isinstance(folder, Unknown):
            return Node(folder, block.place)
        if self._depth >= _MODULES_DEEP_MAX:
            raise SchemaError.at(block.place, f"modules call each other {_MODULES_DEEP_MAX} deep")
        paths = self._files.listed(folder, "*.tf")
        if not paths:
            raise SchemaError.at(block.place, f"{folder} has no files of Terraform's")
        called = []
        for key, scope in self._instances(block):
            address = f"{self._address}module.{block.labels[0]}."
            module = Module(
                folder, paths, self._files, self._parameters, self._notes, address=address,
                root=self._root, depth=self._depth + 1, default_tags=self._default_tags(),
            )  # fmt: skip
            given = {
                name: with_defaults(module.declared[name], scope.value(expression))
                for name, expression in block.attributes.items()
                if name not in _META and name in module.declared
            }
            module.give(given)
            called.append((key, module))
        return called

    def _module_folder(self, block: Block) -> Path | Unknown:
        """Where a module is: beside this one, or where `terraform init` has put it."""
        expression = block.attributes.get("source")
        if expression is None:
            raise SchemaError.at(block.place, "the module has no source")
        source = nodes.text(self._scope(block).value(expression), "source")
        if source.startswith(("./", "../")):
            return self._folder / source
        key = f"{self._address}{block.labels[0]}".replace("module.", "")
        folder = _installed(self._root, self._files).get(key)
        if folder is None:
            return Unknown(
                f"the module {source} is not here: `terraform init` fetches it, or give the output "
                "of `terraform show -json`"
            )
        return self._root / folder


def each_pairs(collection: Node) -> list[tuple[Node, Node]]:
    """The keys and values of for_each: those of a mapping, or the elements of a set."""
    if isinstance(collection.data, list):
        return [(each, each) for each in collection.data]
    if isinstance(collection.data, Unknown):
        raise collection.error(f"for_each: {collection.data.reason}")
    return pairs(collection)


def _values(block: Block, scope: Scope) -> dict[str, Node]:
    """The arguments and blocks of a resource, the blocks of one type as a list."""
    members: dict[str, Node] = {}
    for name, expression in block.attributes.items():
        if name not in _META:
            value = scope.value(expression)
            members[name] = Node(value.data, scope.place(expression))
    listed: dict[str, list[Node]] = {}
    for inner in block.blocks:
        if inner.type in _NOT_VALUES:
            listed[inner.type] = [Node({}, inner.place)]
        elif inner.type == "dynamic":
            listed.setdefault(inner.labels[0], []).extend(_dynamic(inner, scope))
        else:
            node = Node(_values(inner, scope), inner.place)
            listed.setdefault(inner.type, []).append(node)
    for name, found in listed.items():
        place = found[0].place if found else block.place
        members[name] = Node(list(found), place)
    return members


def _dynamic(block: Block, scope: Scope) -> Iterator[Node]:
    """The blocks that a dynamic block makes."""
    name = block.labels[0]
    iterator = block.attributes.get("iterator")
    if iterator is not None:
        name = str(next(iterator.scan_values(lambda _: True)))
    expression = block.attributes.get("for_each")
    contents = list(block.of_type("content"))
    if expression is None or len(contents) != 1:
        raise SchemaError.at(block.place, "a dynamic block must have for_each and one content")
    collection = scope.value(expression)
    if isinstance(collection.data, Unknown):
        raise SchemaError.at(block.place, f"for_each: {collection.data.reason}")
    for key, value in pairs(collection):
        own = scope.with_names({name: key.with_data({"key": key, "value": value})})
        yield Node(_values(contents[0], own), contents[0].place)


def _with_tags(values: Node, default_tags: Node) -> Node:
    assert isinstance(values.data, dict)
    own = values.data.get("tags")
    if isinstance(default_tags.data, Unknown) or (own and isinstance(own.data, Unknown)):
        return values
    tags = nodes.members(default_tags, "default_tags")
    if own is not None and own.data is not None:
        tags |= nodes.members(own, "tags")
    place = default_tags if own is None else own
    return values.with_data({**values.data, "tags": place.with_data(tags)})


def _installed(root: Path, files: Files) -> dict[str, str]:
    """Where `terraform init` has put modules, by their keys."""
    path = root / ".terraform" / "modules" / "modules.json"
    if not path.is_file():
        return {}
    try:
        document: Any = json.loads(files.text(path))
        return {each["Key"]: each["Dir"] for each in document["Modules"]}
    except (ValueError, KeyError, TypeError):
        return {}
