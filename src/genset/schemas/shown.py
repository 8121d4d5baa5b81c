"""Parts of definitions as people read them, in plans."""

from __future__ import annotations

from collections.abc import Mapping

from genset.schemas.definitions import ON_DEMAND, IndexDefinition, TableDefinition, Units


def keys_shown(part: TableDefinition | IndexDefinition, types: Mapping[str, str]) -> str:
    """A key: "Artist HASH (S), Title RANGE (S)"."""
    return ", ".join(f"{name} {kind} ({types[name]})" for name, kind in part.keys)


def index_shown(index: IndexDefinition, types: Mapping[str, str]) -> str:
    """An index: its key and its projection."""
    names = f" {', '.join(index.non_key_attributes)}" if index.non_key_attributes else ""
    return f"{keys_shown(index, types)}; {index.projection}{names}"


def units_shown(units: Units) -> str:
    """Reads and writes a second."""
    figures = ((units.read, "reads"), (units.write, "writes"))
    found = [f"{number} {what}" for number, what in figures if number is not None]
    return ", ".join(found) or "none"


def capacity_shown(table: TableDefinition) -> str:
    """The billing mode and what it provides."""
    if table.billing_mode == ON_DEMAND:
        return "on demand"
    return f"provisioned, {units_shown(table.throughput)}"


def encryption_shown(key: str | None) -> str:
    """With which key a table is encrypted."""
    if key is None:
        return "by default"
    return f"KMS key {key}" if key else "KMS key of AWS"
