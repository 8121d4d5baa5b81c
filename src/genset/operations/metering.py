"""The seam to throttling: what an operation asks before it uses capacity, and tells afterwards.

`Services.meter` is None unless throttling is on, and `Services.watching` is the meter of tables
with contributor insights; without either nothing here runs. A meter is beside the store: what is
charged stays charged if the transaction fails, or runs again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from genset.model.attribute_values import Item
from genset.model.errors import (
    ProvisionedThroughputExceededException,
    RequestLimitExceeded,
    ThrottlingException,
)
from genset.model.tables import Index, Table
from genset.operations.capacity import Consumed
from genset.storage import keyspace

if TYPE_CHECKING:
    from genset.operations.operation import Services

THROTTLED: Final = (
    ProvisionedThroughputExceededException,
    RequestLimitExceeded,
    ThrottlingException,
)
"""What `Meter.admit` may raise."""


@dataclass(frozen=True, slots=True)
class Use:
    """One direction of a table's throughput, or of a global index's.

    `partition` is the hash of the partition key, None for what walks over many, and `item` has its
    values, and those of the sort key if it is of one item. Local indexes use the throughput of
    their table.
    """

    table: Table
    index: Index | None
    writes: bool
    partition: bytes | None
    item: Item | None = None


class Meter(Protocol):
    """Admits requests while there is capacity, and takes what they consumed."""

    def admit(self, *uses: Use) -> None:
        """Raise one of THROTTLED, with its reasons, if any of `uses` has no capacity left."""

    def charge(self, use: Use, units: float, read: Sequence[bytes] = ()) -> None:
        """Take `units`, whether or not they are there.

        `read` are the stored items or entries of a page, if the table is watched.
        """


class Watcher(Meter, Protocol):
    """A meter that also counts which keys use the capacity, and which are refused."""

    def over(self, meter: Meter | None) -> Watcher:
        """The same, on top of a meter that throttles, or of none."""


def meter_for(services: Services, table: Table) -> Meter | None:
    """The meter of a request on a table."""
    return services.watching if table.is_watched else services.meter


def item_use(table: Table, key: bytes, item: Item | None = None, *, writes: bool) -> Use:
    """The use of a table by one item, by its storage key and the item or its key."""
    return Use(table, None, writes, keyspace.item_partition(key), item)


def range_use(
    table: Table, index: Index | None, start: bytes, stop: bytes, item: Item | None = None
) -> Use:
    """The use by reading a range of a table or index; `item` has the values of its partition."""
    partition = keyspace.range_partition(start, stop)
    if index is not None and not index.is_global:
        index = None
    return Use(table, index, False, partition, item)


def charge_read(meter: Meter, use: Use, consumed: Consumed, read: Sequence[bytes] = ()) -> None:
    """Charge a read: of a global index to the index, all else to the table."""
    indexes = sum(units for _, units in consumed.by_name.values())
    meter.charge(use, consumed.table_units + indexes, read)


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
