"""The values of a module's variables: given, from files of values, from the environment, default.

https://developer.hashicorp.com/terraform/language/values/variables
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from genset.schemas.files import Files
from genset.schemas.json_text import parse_json
from genset.schemas.nodes import Node, Unknown
from genset.schemas.parameters import Parameters
from genset.schemas.problems import Place, SchemaError
from genset.schemas.terraform.expressions import Scope, Step
from genset.schemas.terraform.hcl import (
    Block,
    Expression,
    name_of,
    parse_expression,
    parse_hcl,
    subtrees,
)

_VARIABLE_PREFIX: Final = "TF_VAR_"
_COLLECTIONS: Final = ("map", "list", "set")


class NoNames:
    """The names where there are none: in files of values, in defaults and types."""

    def resolve(self, root: str, steps: list[Step], place: Place) -> tuple[Node, int]:
        """Raise SchemaError."""
        raise SchemaError.at(place, f"{root} has no meaning here")

    def file_text(self, path: str, place: Place) -> str:
        """Raise SchemaError."""
        raise SchemaError.at(place, "no file is read here")


def given_values(folder: Path, files: Files) -> dict[str, Node]:
    """What terraform.tfvars and *.auto.tfvars of a folder say, the later before the earlier."""
    values: dict[str, Node] = {}
    named = [path for path in files.listed(folder, "terraform.tfvars*") if path.suffix != ".bak"]
    for path in [*named, *files.listed(folder, "*.auto.tfvars*")]:
        text = files.text(path)
        if path.suffix == ".json":
            document = parse_json(text, str(path))
            values |= document.data if isinstance(document.data, dict) else {}
        else:
            scope = Scope(str(path), NoNames())
            body = parse_hcl(text, str(path))
            values |= {name: scope.value(each) for name, each in body.attributes.items()}
    return values


def root_variable(
    name: str, declared: Block, from_files: Mapping[str, Node], parameters: Parameters
) -> Node:
    """The value of a variable of the root module. Raises SchemaError for one that is none."""
    given = parameters.find(name)
    place = declared.place
    if given is None and name not in from_files:
        given = os.environ.get(_VARIABLE_PREFIX + name)
    if given is not None:
        return with_defaults(declared, _written(given, declared, place))
    if name in from_files:
        return with_defaults(declared, from_files[name])
    return default_value(name, declared)


def default_value(name: str, declared: Block) -> Node:
    """The default of a variable, or Unknown."""
    default = declared.attributes.get("default")
    if default is None:
        reason = f"the variable {name} has no default; give it with --parameter {name}=VALUE"
        return Node(Unknown(reason), declared.place)
    return with_defaults(declared, Scope(declared.place.file, NoNames()).value(default))


def with_defaults(declared: Block, value: Node) -> Node:
    """The value with what `optional` in the variable's type adds to it."""
    type_ = declared.attributes.get("type")
    return value if type_ is None else _completed(type_, value, declared.place.file)


def _written(text: str, declared: Block, place: Place) -> Node:
    """A value given as a text, which is an expression if the variable is no text."""
    type_ = declared.attributes.get("type")
    kind = None if type_ is None else _bare(type_)
    if kind is None or (kind.data == "identifier" and name_of(kind) in ("string", "any")):
        return Node(text, place)
    return Scope(place.file, NoNames()).value(parse_expression(text, place))


def _bare(tree: Expression) -> Expression:
    """A type without what is around it."""
    while tree.data in ("expr_term", "arguments") and len(subtrees(tree)) == 1:
        (tree,) = subtrees(tree)
    return tree


def _completed(type_: Expression, value: Node, file: str) -> Node:
    kind = _bare(type_)
    if kind.data != "function_call" or value.data is None:
        return value
    name, inner = name_of(subtrees(kind)[0]), subtrees(subtrees(kind)[1])[0]
    if name in _COLLECTIONS:
        if isinstance(value.data, dict):
            return value.with_data(
                {key: _completed(inner, each, file) for key, each in value.data.items()}
            )
        if isinstance(value.data, list):
            return value.with_data([_completed(inner, each, file) for each in value.data])
    if name == "object" and isinstance(value.data, dict):
        return value.with_data(value.data | _members(_bare(inner), value, file))
    return value


def _members(object_: Expression, value: Node, file: str) -> dict[str, Node]:
    """The members that an object's type names, as they are or by default."""
    assert isinstance(value.data, dict)
    members: dict[str, Node] = {}
    for element in subtrees(object_):
        key, type_ = subtrees(element)
        name = name_of(_bare(subtrees(key)[0]))
        kind, default = _bare(type_), Node(None, value.place)
        if kind.data == "function_call" and name_of(subtrees(kind)[0]) == "optional":
            arguments = subtrees(subtrees(kind)[1])
            type_ = arguments[0]
            if len(arguments) > 1:
                default = Scope(file, NoNames()).value(arguments[1])
        found = value.data.get(name)
        if found is None or found.data is None:
            found = default
        members[name] = _completed(type_, found, file)
    return members
