"""The output of `cdk synth`: a folder with a template for each stack, and a manifest.

https://docs.aws.amazon.com/cdk/v2/guide/configure-synth.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from genset.schemas import nodes
from genset.schemas.building import Notes
from genset.schemas.cloudformation.template import Surroundings, Template
from genset.schemas.definitions import TableDefinition
from genset.schemas.files import Files
from genset.schemas.parameters import Parameters
from genset.schemas.problems import Place, Problem, SchemaError

MANIFEST: Final = "manifest.json"
_STACK: Final = "aws:cloudformation:stack"
_ASSEMBLY: Final = "cdk:cloud-assembly"
_NESTED: Final = ".nested.template.json"
_DEEP_MAX: Final = 10


def assembly_tables(
    folder: Path, files: Files, parameters: Parameters, notes: Notes
) -> list[TableDefinition]:
    """The tables of all stacks of a folder. Raises SchemaError with each stack's problems."""
    tables: list[TableDefinition] = []
    problems: list[Problem] = []
    for path, stack_name in _stacks(folder, files, 0):
        try:
            surroundings = Surroundings(
                folder=path.parent, files=files, parameters=parameters, stack_name=stack_name
            )
            tables += Template(files.document(path), surroundings).tables(notes)
        except SchemaError as error:
            problems += error.problems
    if problems:
        raise SchemaError(problems)
    return tables


def _stacks(folder: Path, files: Files, depth: int) -> Iterator[tuple[Path, str | None]]:
    """The templates of stacks that are not nested in others, and the stacks' names."""
    if depth > _DEEP_MAX:
        raise SchemaError.at(Place(str(folder), 0), "assemblies are nested too deeply")
    manifest = folder / MANIFEST
    if not manifest.exists():
        for path in files.listed(folder, "*.template.json"):
            if not path.name.endswith(_NESTED):
                yield path, path.name.removesuffix(".template.json")
        return
    artifacts = nodes.required(files.document(manifest), "artifacts", "the manifest")
    for name, artifact in nodes.members(artifacts, "artifacts").items():
        kind, properties = artifact.get("type"), artifact.get("properties")
        if kind is None or properties is None:
            continue
        if kind.data == _STACK:
            template = nodes.text(nodes.required(properties, "templateFile", name), "templateFile")
            stack_name = properties.get("stackName")
            yield (
                folder / template,
                (name if stack_name is None else nodes.text(stack_name, "stackName")),
            )
        elif kind.data == _ASSEMBLY:
            inner = nodes.required(properties, "directoryName", name)
            yield from _stacks(folder / nodes.text(inner, "directoryName"), files, depth + 1)
