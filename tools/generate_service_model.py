"""Write `genset/wire/service_model.json` from botocore's published DynamoDB models.

The server reads that file and never imports botocore. It holds the request side only: for each
service the input shape of every operation, and every shape such an input reaches, with the
facts that validation needs (type, members, required, bounds, pattern, enum). The output depends
on nothing but the models, so running this twice changes nothing; a test compares.

Usage: python tools/generate_service_model.py [--check]
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from pathlib import Path
from typing import Any

import botocore  # type: ignore[import-untyped]

OUTPUT = Path(__file__).parents[1] / "src" / "genset" / "wire" / "service_model.json"
SERVICES = ("dynamodb", "dynamodbstreams")
API_VERSION = "2012-08-10"
FACTS = ("type", "min", "max", "pattern", "enum", "required")


def published_model(service: str) -> dict[str, Any]:
    """The model of `service` as botocore ships it."""
    path = Path(botocore.__file__).parent / "data" / service / API_VERSION / "service-2.json.gz"
    with gzip.open(path) as file:
        model: dict[str, Any] = json.load(file)
    return model


def compact_shape(shape: dict[str, Any]) -> dict[str, Any]:
    """The facts of one published shape that validation needs; members by shape name."""
    compact = {fact: shape[fact] for fact in FACTS if fact in shape}
    if shape["type"] == "structure":
        compact["members"] = {
            name: member["shape"] for name, member in shape.get("members", {}).items()
        }
    if shape["type"] == "list":
        compact["member"] = shape["member"]["shape"]
    if shape["type"] == "map":
        compact["key"] = shape["key"]["shape"]
        compact["value"] = shape["value"]["shape"]
    return compact


def children(shape: dict[str, Any]) -> list[str]:
    """The names of the shapes that a compact shape refers to."""
    names = list(shape.get("members", {}).values())
    return names + [shape[link] for link in ("member", "key", "value") if link in shape]


def request_shapes(model: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every shape reachable from an operation's input, compact, by name."""
    found: dict[str, dict[str, Any]] = {}
    pending = [operation["input"]["shape"] for operation in model["operations"].values()]
    while pending:
        name = pending.pop()
        if name not in found:
            found[name] = compact_shape(model["shapes"][name])
            pending.extend(children(found[name]))
    return found


def build() -> dict[str, Any]:
    """Both services' request sides as one document.

    Raises ValueError if one shape name means two things: the file keeps one name space.
    """
    services: dict[str, dict[str, str]] = {}
    shapes: dict[str, dict[str, Any]] = {}
    for service in SERVICES:
        model = published_model(service)
        services[model["metadata"]["targetPrefix"]] = {
            name: operation["input"]["shape"] for name, operation in model["operations"].items()
        }
        for name, shape in request_shapes(model).items():
            if shapes.setdefault(name, shape) != shape:
                raise ValueError(f"{service} has another shape named {name}")
    return {"services": services, "shapes": shapes}


def render(document: dict[str, Any]) -> str:
    """`document` as JSON with one operation or shape a line, so that changes read well."""
    sections = [
        f'"services": {_render_lines(document["services"])}',
        f'"shapes": {_render_lines(document["shapes"])}',
    ]
    return "{\n" + ",\n".join(sections) + "\n}\n"


def _render_lines(entries: dict[str, Any]) -> str:
    lines = (f"{json.dumps(name)}: {json.dumps(entries[name])}" for name in sorted(entries))
    return "{\n" + ",\n".join(lines) + "\n}"


def main(arguments: list[str]) -> int:
    """Write the file, or with --check exit 1 if it is not current."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    text = render(build())
    if parser.parse_args(arguments).check:
        return 0 if OUTPUT.read_text(encoding="utf-8") == text else 1
    OUTPUT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
