"""The table of DynamoDB's operations: which genset has, and how many tests call each.

The operations are those of the service model, what genset has is its registry, and the counts are
those of tests/operations_called.json, which a run of all tests writes and checks.
"""

from __future__ import annotations

import json
from pathlib import Path

from genset.operations.registry import OPERATIONS
from tools.documentation.markdown import table

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "src" / "genset" / "wire" / "service_model.json"
CALLED = ROOT / "tests" / "operations_called.json"
_TITLES = {"DynamoDB_20120810": "DynamoDB", "DynamoDBStreams_20120810": "DynamoDB Streams"}


def render() -> str:
    """A table for each of the two services."""
    called = json.loads(CALLED.read_text(encoding="utf-8"))
    services = json.loads(MODEL.read_text(encoding="utf-8"))["services"]
    return "\n\n".join(
        _service(title, sorted(services[prefix]), called) for prefix, title in _TITLES.items()
    )


def _service(title: str, names: list[str], called: dict[str, int]) -> str:
    there = [name for name in names if name in OPERATIONS]
    missing = [name for name in names if name not in OPERATIONS]
    rows = [(f"`{name}`", f"{called.get(name, 0):,}") for name in there]
    parts = [
        f"## {title}",
        f"genset has {len(there)} of its {len(names)} operations.",
        table(("Operation", "Tests that call it, at least"), rows),
    ]
    if missing:
        parts += [
            "These are answered with `UnknownOperationException`:",
            ", ".join(f"`{name}`" for name in missing) + ".",
        ]
    return "\n\n".join(parts)
