"""What the checks of the parts of one table share."""

from __future__ import annotations

from dataclasses import dataclass

from genset.integrity.catalog import Catalog, index_place, table_place
from genset.integrity.findings import Findings
from genset.integrity.mends import RebuildIndex, RefillQueue
from genset.integrity.reading import Progress
from genset.model.attribute_values import Item
from genset.model.tables import Index, Table
from genset.operations import expiry_queue, index_backfill
from genset.storage import keyspace
from genset.storage.engine import Inspection


@dataclass(slots=True)
class TableScope:
    """One table in one view. It is not `is_readable` once an item of it cannot be read."""

    view: Inspection
    table: Table
    catalog: Catalog
    findings: Findings
    progress: Progress
    is_readable: bool = True

    @property
    def place(self) -> str:
        """How reports name the table."""
        return table_place(self.table)

    def index_place(self, index: Index) -> str:
        """How reports name an index of it."""
        return index_place(self.table, index)

    @property
    def record(self) -> bytes:
        """The key of the table's record."""
        return keyspace.catalog_key(self.table.account, self.table.region, self.table.name)

    @property
    def queue(self) -> expiry_queue.ExpiryQueue | None:
        """The record of the table's queue of expiring items."""
        return self.catalog.queues.get(self.table.number)

    def filling(self, index: Index) -> index_backfill.Progress | None:
        """The mark that an index is to be filled."""
        return self.catalog.backfills.get((self.table.number, index.number))

    def is_named(self, mark: expiry_queue.ExpiryQueue | index_backfill.Progress) -> bool:
        """Whether a mark leads to this table."""
        table = self.table
        return (mark.account, mark.region, mark.name) == (table.account, table.region, table.name)

    def rebuild(self, index: Index) -> RebuildIndex | None:
        """What makes an index anew: nothing can while an item cannot be read."""
        return RebuildIndex(self.record, index.number) if self.is_readable else None

    def refill(self) -> RefillQueue | None:
        """What makes the queue anew, in the same way."""
        return RefillQueue(self.record) if self.is_readable else None


def key_text(table: Table, item: Item) -> str:
    """An item's primary key, as people read it. Raises LookupError if it has none."""
    parts = [f"{a.name}={item[a.name][a.type]}" for a in table.keys.partition + table.keys.sort]
    return " ".join(parts)
