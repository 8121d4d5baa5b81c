"""Reading schemas: which kind of file it is, and the tables in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from genset.schemas import cdk, described
from genset.schemas.building import Notes
from genset.schemas.cloudformation.sam_config import sam_stack_name
from genset.schemas.cloudformation.template import Surroundings, Template
from genset.schemas.definitions import TableDefinition
from genset.schemas.files import Files
from genset.schemas.nodes import Node
from genset.schemas.parameters import Parameters
from genset.schemas.problems import Place, Problem, SchemaError
from genset.schemas.serverless.service import service_tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The tables of some files; `notes` say what in them is not followed, and what is instead."""

    tables: tuple[TableDefinition, ...]
    notes: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One file, or folder, that is being read; `document` is its value if it is JSON or YAML."""

    path: Path
    files: Files
    parameters: Parameters
    notes: Notes = field(default_factory=list)
    document: Node | None = None

    @property
    def root(self) -> Node:
        if self.document is not None:
            return self.document
        return self.files.document(self.path)


def read_tables(
    path: str | Path, parameters: Mapping[str, str] | None = None, *, format_: str | None = None
) -> list[TableDefinition]:
    """The tables that a file or folder defines, in its order.

    `parameters` are values by name for what the file leaves open; `format_` is one of `FORMATS`,
    by default what the content looks like. Raises SchemaError, with each problem in one line.
    """
    return list(read_schema([path], Parameters(parameters), format_=format_).tables)


def read_schema(
    paths: Iterable[str | Path],
    parameters: Parameters,
    *,
    format_: str | None = None,
    files: Files | None = None,
) -> Schema:
    """The tables of several files or folders together; `files` remembers what was read.

    Raises SchemaError with all that is wrong in them, if two define a table of one name, and for
    parameters that none of them has.
    """
    files = files or Files()
    tables: list[TableDefinition] = []
    notes: Notes = []
    problems: list[Problem] = []
    for path in map(Path, paths):
        try:
            found = _read(path, files, parameters, notes, format_)
            if not found:
                raise SchemaError.at(Place(str(path), 0), "defines no table")
            tables += found
        except SchemaError as error:
            problems += error.problems
        except RecursionError:
            message = "is nested too deeply, or defined by itself"
            problems.append(Problem(Place(str(path), 0), message))
        unused = parameters.unused()
    if not problems and unused:
        names = ", ".join(unused)
        problems.append(Problem(Place(str(path), 0), f"nothing has a parameter named {names}"))
    problems += _repeated(tables)
    if problems:
        raise SchemaError(problems)
    return Schema(tables=tuple(tables), notes=tuple(dict.fromkeys(notes)))


def _read(
    path: Path, files: Files, parameters: Parameters, notes: Notes, format_: str | None
) -> list[TableDefinition]:
    reading = _Reading(path=path, files=files, parameters=parameters, notes=notes)
    if format_ is None and path.is_dir():
        format_ = _format_of_folder(path, files)
    elif format_ is None and path.suffix == ".tf":
        format_ = "terraform"
    elif format_ is None:
        document = files.document(path)
        reading = _Reading(
            path=path, files=files, parameters=parameters, notes=notes, document=document
        )
        format_ = _format_of(document)
    return FORMATS[format_](reading)


def _format_of_folder(folder: Path, files: Files) -> str:
    if files.listed(folder, "*.template.json") or files.listed(folder, "manifest.json"):
        return "cdk"
    if files.listed(folder, "*.tf"):
        return "terraform"
    place = Place(str(folder), 0)
    raise SchemaError.at(place, "has neither *.tf nor *.template.json; name a file in it")


def _format_of(document: Node) -> str:
    first = document
    if any(document.get(name) is not None for name in ("planned_values", "terraform_version")):
        return "terraform-json"
    if isinstance(document.data, list) and document.data:
        first = document.data[0]
    if first.get("Resources") is not None:
        return "cloudformation"
    if first.get("service") is not None and first.get("provider") is not None:
        return "serverless"
    if first.get("artifacts") is not None:
        return "cdk"
    described_ = first.get("Table") or first.get("TableDescription") or first
    if described_.get("KeySchema") is not None or described_.get("TableName") is not None:
        return "describe-table" if described_.get("TableStatus") is not None else "create-table"
    raise document.error("is no kind of file that tables are read from; --format names them")


def _repeated(tables: Iterable[TableDefinition]) -> list[Problem]:
    seen: dict[str, TableDefinition] = {}
    problems = []
    for table in tables:
        first = seen.setdefault(table.name, table)
        if first is not table and table.place is not None:
            message = f"the table {table.name} is defined at {first.place} too"
            problems.append(Problem(table.place, message))
    return problems


def _cloudformation(reading: _Reading) -> list[TableDefinition]:
    folder = reading.path.parent
    surroundings = Surroundings(
        folder=folder,
        files=reading.files,
        parameters=reading.parameters,
        stack_name=sam_stack_name(folder, reading.files),
    )
    return Template(reading.root, surroundings).tables(reading.notes)


def _described(reading: _Reading) -> list[TableDefinition]:
    return described.describe_tables(reading.root, reading.notes)


def _inputs(reading: _Reading) -> list[TableDefinition]:
    return described.input_tables(reading.root, reading.notes)


def _cdk(reading: _Reading) -> list[TableDefinition]:
    path = reading.path
    if not path.is_dir() and path.name != cdk.MANIFEST:
        return _cloudformation(reading)
    folder = path if path.is_dir() else path.parent
    return cdk.assembly_tables(folder, reading.files, reading.parameters, reading.notes)


def _serverless(reading: _Reading) -> list[TableDefinition]:
    return service_tables(
        reading.root, reading.path.parent, reading.files, reading.parameters, reading.notes
    )


def _terraform(reading: _Reading) -> list[TableDefinition]:
    # Imported late: its grammar takes a while.
    from genset.schemas.terraform.module import terraform_tables

    return terraform_tables(reading.path, reading.files, reading.parameters, reading.notes)


def _terraform_json(reading: _Reading) -> list[TableDefinition]:
    from genset.schemas.terraform.shown import shown_tables

    return shown_tables(reading.root, reading.notes)


FORMATS: Final[Mapping[str, Callable[[_Reading], list[TableDefinition]]]] = {
    "cloudformation": _cloudformation,
    "cdk": _cdk,
    "serverless": _serverless,
    "terraform": _terraform,
    "terraform-json": _terraform_json,
    "describe-table": _described,
    "create-table": _inputs,
}
