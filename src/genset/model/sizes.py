"""How large values and items are, in DynamoDB's own measure.

Source: developer guide, "DynamoDB item sizes and formats"; numbers as in `numbers.number_bytes`.
"""

from __future__ import annotations

from genset.model.attribute_values import AttributeValue, Item, binary_bytes
from genset.model.numbers import number_bytes


def text_bytes(text: str) -> int:
    """The UTF-8 length of `text`."""
    return len(text) if text.isascii() else len(text.encode())


def value_bytes(value: AttributeValue) -> int:
    """The size of a decoded value: contents, plus 3 and 1 an element for lists and maps."""
    for tag, payload in value.items():
        match tag:
            case "S":
                return text_bytes(payload)
            case "N":
                return number_bytes(payload)
            case "B":
                return len(binary_bytes(payload))
            case "BOOL" | "NULL":
                return 1
            case "L":
                return 3 + len(payload) + sum(map(value_bytes, payload))
            case "M":
                return 3 + len(payload) + item_bytes(payload)
            case "SS":
                return sum(map(text_bytes, payload))
            case "NS":
                return sum(map(number_bytes, payload))
            case "BS":
                return sum(len(binary_bytes(member)) for member in payload)
    raise AssertionError("an attribute value has exactly one type tag")


def item_bytes(item: Item) -> int:
    """The size of an item: its attribute names and values."""
    return sum(text_bytes(name) + value_bytes(value) for name, value in item.items())
