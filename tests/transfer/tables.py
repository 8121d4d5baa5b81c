"""What the tests of load, dump, export and import share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from support.client import Api
from support.tables import table
from support.values import normal

HASHED = table("pk", types={"pk": "S"})

# One item of each type, as DynamoDB JSON.
EVERY_TYPE: dict[str, Any] = {
    "pk": {"S": "every"},
    "n": {"N": "-12345678901234567890123456789012345678"},
    "small": {"N": "0.5"},
    "b": {"B": "AAH/"},
    "yes": {"BOOL": True},
    "no": {"BOOL": False},
    "nothing": {"NULL": True},
    "ss": {"SS": ["a", "b"]},
    "ns": {"NS": ["1", "2.5"]},
    "bs": {"BS": ["AA==", "/w=="]},
    "l": {"L": [{"S": "x"}, {"M": {"k": {"N": "3"}}}, {"L": []}]},
    "m": {"M": {"S": {"S": "v"}, "deep": {"M": {"b": {"B": "AA=="}}}}},
    "empty": {"S": ""},
    'ü, "quoted"\r\n': {"S": "\U0001f600\n"},
}


def items_of(api: Api, name: str) -> dict[str, Any]:
    """All items of a table by their key, in a form in which equal ones are equal."""
    found: dict[str, Any] = {}
    request: dict[str, Any] = {"TableName": name, "ConsistentRead": True}
    while True:
        page = api("Scan", request)
        for item in page["Items"]:
            found[json.dumps(item["pk"])] = normal(item)
        if "LastEvaluatedKey" not in page:
            return found
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def put_all(api: Api, name: str, items: Iterable[dict[str, Any]]) -> None:
    """Put each item."""
    for item in items:
        api("PutItem", TableName=name, Item=item)


def numbered(count: int) -> list[dict[str, Any]]:
    """Items whose keys are numbers as strings, in DynamoDB JSON."""
    return [{"pk": {"S": f"{number}"}, "n": {"N": f"{number}"}} for number in range(count)]


def write_lines(path: Path, documents: Iterable[Any]) -> Path:
    """A file with a line of JSON for each."""
    path.write_text("".join(json.dumps(each) + "\n" for each in documents))
    return path
