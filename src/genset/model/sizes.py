"""How large values and items are, in DynamoDB's own measure.

Source: developer guide, "DynamoDB item sizes and formats"; numbers as in `numbers.number_bytes`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from genset.model.attribute_values import AttributeValue, Item, binary_bytes
from genset.model.numbers import number_bytes


def text_bytes(text: str) -> int:
    """The UTF-8 length of `text`."""
    return len(text) if text.isascii() else len(text.encode())


def value_bytes(value: AttributeValue) -> int:
    """The size of a decoded value: contents, plus 3 and 1 an element for lists and maps."""
    for tag, payload in value.items():
        return _SIZES[tag](payload)
    raise AssertionError("an attribute value has exactly one type tag")


def item_bytes(item: Item) -> int:
    """The size of an item: its attribute names and values."""
    size = 0
    for name, value in item.items():
        size += text_bytes(name) + value_bytes(value)
    return size


_SIZES: Final[dict[str, Callable[[Any], int]]] = {
    "S": text_bytes,
    "N": number_bytes,
    "B": lambda payload: len(binary_bytes(payload)),
    "BOOL": lambda _payload: 1,
    "NULL": lambda _payload: 1,
    "L": lambda payload: 3 + len(payload) + sum(map(value_bytes, payload)),
    "M": lambda payload: 3 + len(payload) + item_bytes(payload),
    "SS": lambda payload: sum(map(text_bytes, payload)),
    "NS": lambda payload: sum(map(number_bytes, payload)),
    "BS": lambda payload: sum(len(binary_bytes(member)) for member in payload),
}
