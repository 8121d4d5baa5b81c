"""The seam to throttling: what an operation asks before it uses capacity, and tells afterwards.

`Services.meter` is None unless throttling is on; only then does anything here run. A meter is
beside the store: what is charged stays charged if the transaction fails, or runs again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from genset.model.errors import (
    ProvisionedThroughputExceededException,
    RequestLimitExceeded,
    ThrottlingException,
)
from genset.model.tables import Index, Table
from genset.operations.capacity import Consumed
from genset.storage import keyspace

THROTTLED: Final = (
    ProvisionedThroughputExceededException,
    RequestLimitExceeded,
    ThrottlingException,
)
"""What `Meter.admit` may raise."""


@dataclass(frozen=True, slots=True)
class Use:
    """One direction of a table's throughput, or of a global index's.

    `partition` is the hash of the partition key, None for what walks over many. Local indexes
    use the throughput of their table.
    """

    table: Table
    index: Index | None
    writes: bool
    partition: bytes | None


class Meter(Protocol):
    """Admits requests while there is capacity, and takes what they consumed."""

    def admit(self, *uses: Use) -> None:
        """Raise one of THROTTLED, with its reasons, if any of `uses` has no capacity left."""

    def charge(self, use: Use, units: float) -> None:
        """Take `units`, whether or not they are there."""


def item_use(table: Table, key: bytes, *, writes: bool) -> Use:
    """The use of a table by one item, by its storage key."""
    return Use(table, None, writes, keyspace.item_partition(key))


def range_use(table: Table, index: Index | None, start: bytes, stop: bytes) -> Use:
    """The use by reading a range of a table or index."""
    partition = keyspace.range_partition(start, stop)
    if index is None or index.is_global:
        return Use(table, index, False, partition)
    return Use(table, None, False, partition)


def charge_read(meter: Meter, use: Use, consumed: Consumed) -> None:
    """Charge a read: of a global index to the index, all else to the table."""
    indexes = sum(units for _, units in consumed.by_name.values())
    meter.charge(use, consumed.table_units + indexes)


def charge_write(
    meter: Meter, use: Use, entries: dict[str, Use], consumed: Consumed, times: int
) -> None:
    """Charge a write, `times` over for the table as in a transaction."""
    units = times * consumed.table_units
    for index, index_units in consumed.by_name.values():
        if index.is_global:
            entry = entries.get(index.name) or Use(use.table, index, True, None)
            meter.charge(entry, index_units)
        else:
            units += index_units
    meter.charge(use, units)
