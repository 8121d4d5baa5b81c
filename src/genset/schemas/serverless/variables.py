"""The Serverless Framework's variables: ${self:custom.name}, ${opt:stage, 'dev'} and the others.

What else is in braces, such as ${AWS::Region}, is CloudFormation's and stays as it is.
https://www.serverless.com/framework/docs/guides/variables
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from genset.schemas import nodes
from genset.schemas.files import Files
from genset.schemas.nodes import Node, Unknown
from genset.schemas.parameters import Parameters
from genset.schemas.problems import SchemaError

_SOURCE: Final = re.compile(
    r"(?P<name>[A-Za-z][\w.-]*)(?:\((?P<given>[^)]*)\))?(?::(?!:)(?P<address>.*))?"
)
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_WORDS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "null": None}
_NESTING_MAX: Final = 60
_DEFAULT_STAGE: Final = "dev"
_VALUES: Final = (".yml", ".yaml", ".json")


class Variables:
    """The variables of one service. A variable that is not there is null."""

    def __init__(self, root: Node, folder: Path, files: Files, parameters: Parameters) -> None:
        self._root = root
        self._folder = folder
        self._files = files
        self._parameters = parameters
        self._depth = 0
        self._sources: Mapping[str, Callable[[str, str, Node], Node]] = {
            "self": self._self,
            "opt": self._option,
            "env": self._environment,
            "param": self._parameter,
            "sls": self._framework,
            "aws": self._aws,
            "file": self._file,
            "strToBool": self._to_bool,
        }

    @property
    def stage(self) -> str:
        """The stage: given, or the provider's, or dev."""
        given = self._parameters.find("stage")
        if given is not None:
            return given
        written = self._written(["provider", "stage"])
        value = None if written is None else self.resolve(written)
        if value is None or value.data is None:
            return _DEFAULT_STAGE
        return nodes.text(value, "provider.stage")

    def resolve(self, node: Node) -> Node:
        """The node with the values of all variables in it. Raises SchemaError."""
        self._depth += 1
        try:
            if self._depth > _NESTING_MAX:
                raise node.error("a variable is defined by itself")
            match node.data:
                case dict() as members:
                    return node.with_data(
                        {name: self.resolve(each) for name, each in members.items()}
                    )
                case list() as listed:
                    return node.with_data([self.resolve(each) for each in listed])
                case str() as text if "${" in text:
                    return self._text(text, node)
                case _:
                    return node
        finally:
            self._depth -= 1

    def _text(self, text: str, node: Node) -> Node:
        pieces: list[Node] = []
        for piece, is_variable in _split(text, node):
            if is_variable and _is_variable(piece):
                pieces.append(self._variable(piece, node))
            elif is_variable:
                pieces.append(node.with_data("${" + piece + "}"))
            else:
                pieces.append(node.with_data(piece))
        if len(pieces) == 1:
            return pieces[0]
        for each in pieces:
            if isinstance(each.data, Unknown):
                return node.with_data(each.data)
        return node.with_data("".join(nodes.text(each, f"a part of {text}") for each in pieces))

    def _variable(self, inside: str, node: Node) -> Node:
        """The first of the sources between commas that has a value."""
        unknown: Unknown | None = None
        for part in _parts(inside):
            value = self._part(part.strip(), node)
            if isinstance(value.data, Unknown):
                unknown = unknown or value.data
            elif value.data is not None or part.strip() == "null":
                return value
        if unknown is None:
            unknown = Unknown(f"${{{inside}}} has no value; {_hint(inside)}")
        return node.with_data(unknown)

    def _part(self, part: str, node: Node) -> Node:
        if part[:1] in ("'", '"') and part[-1:] == part[0]:
            return self.resolve(node.with_data(part[1:-1]))
        if part in _WORDS:
            return node.with_data(_WORDS[part])
        if _NUMBER.fullmatch(part):
            return node.with_data(float(part) if "." in part else int(part))
        if "${" in part:
            inner = self._text(part, node)
            if isinstance(inner.data, Unknown) or not isinstance(inner.data, str):
                return inner
            part = inner.data
        found = _SOURCE.fullmatch(part)
        if found is None:
            raise node.error(f"${{{part}}} is no variable")
        source = self._sources.get(found["name"])
        if source is None:
            given = self._parameters.find(part)
            reason = f"${{{part}}} is looked up when it is deployed; give it with --parameter " \
                f"{part}=VALUE"  # fmt: skip
            return node.with_data(given or Unknown(reason))
        value = source(found["given"] or "", found["address"] or "", node)
        return self.resolve(value)

    def _self(self, _: str, address: str, node: Node) -> Node:
        path = [step for step in address.split(".") if step]
        if path == ["provider", "stage"]:
            return node.with_data(self.stage)
        found = self._written(path)
        if found is None and path == ["provider", "region"]:
            return node.with_data(self._parameters.region)
        return node.with_data(None if found is None else found.data)

    def _written(self, path: list[str]) -> Node | None:
        """What is written at a path of the service, variables on the way resolved."""
        return self._at(self._root, path)

    def _at(self, value: Node, path: list[str]) -> Node | None:
        for step in path:
            if isinstance(value.data, str):
                value = self.resolve(value)
            found: Node | None = None
            if isinstance(value.data, list) and step.isdigit() and int(step) < len(value.data):
                found = value.data[int(step)]
            elif isinstance(value.data, Unknown):
                return value
            elif isinstance(value.data, dict):
                found = value.data.get(step)
            if found is None:
                return None
            value = found
        return value

    def _option(self, _: str, address: str, node: Node) -> Node:
        return node.with_data(self._parameters.find(address))

    def _environment(self, _: str, address: str, node: Node) -> Node:
        return node.with_data(os.environ.get(address))

    def _parameter(self, _: str, address: str, node: Node) -> Node:
        """A parameter: given, or of this stage, or of all."""
        given = self._parameters.find(address)
        if given is not None:
            return node.with_data(given)
        for path in (
            ["stages", self.stage, "params", address],
            ["stages", "default", "params", address],
            ["params", self.stage, address],
            ["params", "default", address],
        ):
            found = self._written(path)
            if found is not None:
                return found
        return node.with_data(None)

    def _framework(self, _: str, address: str, node: Node) -> Node:
        if address == "stage":
            return node.with_data(self.stage)
        return node.with_data(Unknown(f"${{sls:{address}}} is another at each run"))

    def _aws(self, _: str, address: str, node: Node) -> Node:
        if address == "region":
            return node.with_data(self._parameters.region)
        return node.with_data(self._parameters.account if address == "accountId" else None)

    def _file(self, given: str, address: str, node: Node) -> Node:
        """The value of another file, or a part of it."""
        path = self._folder / given.strip()
        if path.suffix not in _VALUES:
            if path.suffix in (".js", ".cjs", ".mjs", ".ts"):
                return node.with_data(Unknown(f"{path} is a program, which is not run"))
            return node.with_data(self._files.text(path, node.place))
        try:
            value = self._files.document(path, node.place)
        except SchemaError:
            if not path.exists():
                # A fallback may follow.
                return node.with_data(Unknown(f"there is no file {path}"))
            raise
        found = self._at(value, [step for step in address.split(".") if step])
        return node.with_data(None) if found is None else found

    def _to_bool(self, given: str, _: str, node: Node) -> Node:
        words = {"true": True, "1": True, "false": False, "0": False, "": False}
        if given.lower() not in words:
            raise node.error(f"strToBool({given}) is neither true nor false")
        return node.with_data(words[given.lower()])


def _is_variable(inside: str) -> bool:
    """Whether it is the framework's: CloudFormation's have no single colon, and no function."""
    first = next(_parts(inside), "").strip()
    return re.match(r"[A-Za-z][\w.-]*(\([^)]*\)|:(?!:))", first) is not None


def _hint(inside: str) -> str:
    found = _SOURCE.fullmatch(next(_parts(inside)).strip())
    if found is not None and found["name"] in ("opt", "param"):
        return f"give it with --parameter {found['address']}=VALUE"
    return "write a value after a comma, for where it has none"


def _split(text: str, node: Node) -> Iterator[tuple[str, bool]]:
    """The pieces of a text: those in ${}, without that, and those between."""
    at = 0
    while (start := text.find("${", at)) >= 0:
        if start > at:
            yield text[at:start], False
        depth, end = 1, start + 2
        while depth and end < len(text):
            if text.startswith("${", end):
                depth += 1
            elif text[end] == "}":
                depth -= 1
            end += 1
        if depth:
            raise node.error("${ has no }")
        yield text[start + 2 : end - 1], True
        at = end
    if at < len(text):
        yield text[at:], False


def _parts(inside: str) -> Iterator[str]:
    """What is between the commas that are in no quotes, braces or parentheses."""
    depth, quote, start = 0, "", 0
    for at, character in enumerate(inside):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "{(":
            depth += 1
        elif character in "})":
            depth -= 1
        elif character == "," and not depth:
            yield inside[start:at]
            start = at + 1
    yield inside[start:]
