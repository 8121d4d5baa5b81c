"""The benchmark's items are what its report says they are."""

from __future__ import annotations

from typing import Any

from bench.dataset import Dataset


def attribute_bytes(value: dict[str, Any]) -> int:
    """The size of a value by DynamoDB's published rules, numbers at two digits a byte."""
    ((tag, content),) = value.items()
    match tag:
        case "S":
            return len(content.encode())
        case "N":
            return (len(content) + 1) // 2 + 1
        case "SS":
            return sum(map(len, content))
        case "M":
            return 3 + sum(len(k) + 1 + attribute_bytes(v) for k, v in content.items())
        case "L":
            return 3 + sum(1 + attribute_bytes(v) for v in content)
        case _:
            return 1


def item_bytes(number: int, version: int = 0) -> int:
    item = Dataset().item(number, version)
    return sum(len(name) + attribute_bytes(value) for name, value in item.items())


def test_items_are_of_about_350_bytes() -> None:
    assert all(335 <= item_bytes(number) <= 365 for number in range(0, 10_000, 37))


def test_versions_of_an_item_are_of_one_size() -> None:
    assert item_bytes(5, 0) == item_bytes(5, 3)


def test_ten_thousand_items_are_in_a_hundred_partitions_of_a_hundred() -> None:
    dataset = Dataset()
    partitions = {dataset.key(number)["pk"]["S"] for number in range(dataset.count)}
    keys = {str(dataset.key(number)) for number in range(dataset.count)}
    assert (len(partitions), len(keys)) == (dataset.partitions, dataset.count) == (100, 10_000)
