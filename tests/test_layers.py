"""Imports go downward only: wire, realism, insights, operations, expressions, model, storage."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "genset"

# What each layer may import of genset besides itself: modules, or packages with all in them.
CONTRACT = {
    "wire": ("realism", "insights", "operations", "expressions", "model", "storage.engine"),
    "integrity": (
        "background",
        "operations",
        "model",
        "storage.engine",
        "storage.keyspace",
        "storage.unfinished_migration",
    ),
    "realism": ("operations", "model", "storage.engine", "storage.keyspace"),
    "insights": ("operations", "model", "storage.engine", "storage.keyspace"),
    "operations": ("expressions", "model", "storage.engine", "storage.keyspace"),
    "expressions": ("model",),
    "model": ("storage.keyspace",),
    "storage": (),
    # A front that is a server in the tests' process, and runs one beside it.
    "testing": (
        "background",
        "cli",
        "insights",
        "model",
        "operations",
        "realism",
        "schemas",
        "storage",
        "wire",
    ),
    # Fronts: they speak to an endpoint as any client does.
    "transfer": ("model.limits",),
    "schemas": ("model",),
}


def imported_modules(source: str, module: str) -> Iterator[str]:
    """The modules of genset that `source`, the text of `module`, imports, without "genset."."""
    package = module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *filter(None, [node.module])])
            names = [f"{start}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.removeprefix("genset.") for name in names if name.startswith("genset."))


def violations(source: str, module: str) -> list[str]:
    """The imports of `module` ("genset.layer.name") that its layer may not have."""
    layer = module.split(".")[1]
    allowed = (layer, *CONTRACT[layer])
    return [
        f"{module} imports genset.{name}"
        for name in imported_modules(source, module)
        # The version is everyone's.
        if name != "__version__"
        if not any(name == each or name.startswith(each + ".") for each in allowed)
    ]


@pytest.mark.parametrize("layer", CONTRACT)
def test_a_layer_imports_only_what_is_below_it(layer):
    found = []
    for path in sorted((SOURCE / layer).rglob("*.py")):
        module = ".".join(("genset", *path.relative_to(SOURCE).with_suffix("").parts))
        found += violations(path.read_text(encoding="utf-8"), module)
    assert found == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("genset.storage.x", "from genset.model import numbers"),
        ("genset.storage.x", "import genset.wire.http"),
        ("genset.storage.x", "from ..model import numbers"),
        ("genset.storage.x", "from genset import cli"),
        ("genset.model.x", "from genset.storage.sqlite import open_sqlite"),
        ("genset.model.x", "from genset.storage import engine"),
        ("genset.expressions.x", "def f():\n    from genset.operations import operation"),
        ("genset.operations.x", "from genset.wire.errors import error_response"),
        ("genset.operations.x", "from genset.realism import lag"),
        ("genset.insights.x", "from genset.realism import lag"),
        ("genset.realism.x", "from genset.wire import admin"),
        ("genset.wire.x", "import genset.storage.sqlite"),
        ("genset.integrity.x", "from genset.storage import file_check"),
        ("genset.wire.x", "from genset.storage.engine_room import Engine"),
        ("genset.transfer.x", "from genset.model.numbers import normalized"),
        ("genset.transfer.x", "from genset.cli.statuses import CommandError"),
    ],
)
def test_the_check_finds_an_import_that_goes_upward(module, source):
    assert len(violations(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("genset.storage.x", "from genset.storage.engine import Engine\nimport os"),
        ("genset.storage.x", "from .engine import Engine"),
        ("genset.model.x", "from genset.storage import keyspace"),
        ("genset.wire.x", "from genset.operations.registry import OPERATIONS"),
    ],
)
def test_the_check_accepts_an_import_that_goes_downward(module, source):
    assert violations(source, module) == []
