"""Consumed capacity: units from bytes, and the ConsumedCapacity member of an answer.

Source: developer guide, "DynamoDB provisioned capacity mode" and the API reference's
ConsumedCapacity; the arms as observed (August 2026).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from genset.model.limits import READ_UNIT_BYTES, WRITE_UNIT_BYTES
from genset.model.tables import Index, Table


def read_units(item_bytes: int, *, consistent: bool) -> float:
    """What reading so many bytes in one request costs, at least the minimum of one item."""
    units = max(1, -(-item_bytes // READ_UNIT_BYTES))
    return float(units) if consistent else units / 2


def write_units(item_bytes: int) -> int:
    """What writing an item of so many bytes costs: at least 1."""
    return max(1, -(-item_bytes // WRITE_UNIT_BYTES))


@dataclass(slots=True)
class Consumed:
    """The capacity one request used on one table, by arm."""

    table: Table
    table_units: float = 0.0
    by_name: dict[str, tuple[Index, float]] = field(default_factory=dict)

    def add_index(self, index: Index, units: float) -> None:
        """Add units to an index's arm."""
        had = self.by_name.get(index.name, (index, 0.0))[1]
        self.by_name[index.name] = (index, had + units)

    def merge(self, other: Consumed) -> None:
        """Add another request's units on the same table."""
        self.table_units += other.table_units
        for index, units in other.by_name.values():
            self.add_index(index, units)


def consumed_member(
    wanted: str | None, consumed: Consumed, split: str | None = None
) -> dict[str, Any] | None:
    """The ConsumedCapacity of an answer; None if not asked for.

    `split` is "ReadCapacityUnits" or "WriteCapacityUnits" in transactions, which repeat the
    units under that name at every level.
    """
    if wanted is None or wanted == "NONE":
        return None

    def arm(units: float) -> dict[str, float]:
        figures = {"CapacityUnits": float(units)}
        if split:
            figures[split] = float(units)
        return figures

    total = consumed.table_units + sum(units for _, units in consumed.by_name.values())
    member: dict[str, Any] = {"TableName": consumed.table.name, **arm(total)}
    if wanted == "INDEXES":
        member["Table"] = arm(consumed.table_units)
        for index, units in consumed.by_name.values():
            kind = "GlobalSecondaryIndexes" if index.is_global else "LocalSecondaryIndexes"
            member.setdefault(kind, {})[index.name] = arm(units)
    return member
