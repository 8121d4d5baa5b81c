"""DynamoDB's sizes and capacity units, written naively from the documentation and captures.

Number sizes follow the byte-exact bisection (observed 3 [A]); the rest is the documented rule.
"""

from __future__ import annotations

import base64
import math
from typing import Any

from support.values import Item, Value


def number_bytes(text: str) -> int:
    negative = text.startswith("-")
    whole, _, fraction = text.lstrip("+-").partition(".")
    whole = whole.lstrip("0")
    fraction = fraction.rstrip("0")
    if not whole and not fraction:
        return 1
    if not whole:
        fraction = fraction.lstrip("0")
    if not fraction:
        whole = whole.rstrip("0")
    return 1 + math.ceil(len(whole) / 2) + math.ceil(len(fraction) / 2) + negative


def value_bytes(value: Value) -> int:
    ((tag, inner),) = value.items()
    simple: dict[str, Any] = {
        "S": lambda: len(inner.encode()),
        "N": lambda: number_bytes(inner),
        "B": lambda: len(base64.b64decode(inner)),
        "BOOL": lambda: 1,
        "NULL": lambda: 1,
        "SS": lambda: sum(len(each.encode()) for each in inner),
        "NS": lambda: sum(number_bytes(each) for each in inner),
        "BS": lambda: sum(len(base64.b64decode(each)) for each in inner),
        "L": lambda: 3 + sum(1 + value_bytes(each) for each in inner),
        "M": lambda: (
            3 + sum(1 + len(name.encode()) + value_bytes(each) for name, each in inner.items())
        ),
    }
    size: int = simple[tag]()
    return size


def item_bytes(item: Item) -> int:
    return sum(len(name.encode()) + value_bytes(value) for name, value in item.items())


def write_units(size: int) -> int:
    return max(1, math.ceil(size / 1024))


def read_units(size: int, *, consistent: bool = False) -> float:
    return max(1, math.ceil(size / 4096)) * (1 if consistent else 0.5)


def item_of(key: Item, size: int, *, name: str = "filler") -> Item:
    """`key` and a string attribute that together measure exactly `size` bytes."""
    padding = size - item_bytes(key) - len(name)
    assert padding >= 0
    item = {**key, name: {"S": "x" * padding}}
    assert item_bytes(item) == size
    return item
