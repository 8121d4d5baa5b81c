"""Copies a table with all its items, and compares what is there afterwards with its origin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from genset.transfer.creation import Creator, difference_of_keys, left_out
from genset.transfer.loading.batch_writer import patient_writer
from genset.transfer.loading.ledger import Ledger, Ticket
from genset.transfer.loading.loader import load
from genset.transfer.loading.rate_limit import Rate
from genset.transfer.loading.state import LoadState, SourceState
from genset.transfer.origins.origin import Origin, OriginTable
from genset.transfer.plain import Item
from genset.transfer.records import Fault, Reading, Record, TransferError
from genset.transfer.scanning import scan_items
from genset.transfer.tables import TableShape, described, maybe_described, shape_of
from genset.transfer.verification import Differences, Fingerprint, differences, fingerprint


class Existing(Enum):
    """What is to be done if there is a table of that name."""

    REFUSE = "refuse"
    SKIP = "skip"
    MERGE = "merge"
    """Its items stay, but for those with the keys of copied ones."""
    REPLACE = "replace"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyOptions:
    """How a table is copied."""

    existing: Existing = Existing.REFUSE
    segments: int = 4
    threads: int = 4
    rate: Rate | None = None
    verify: bool = True


@dataclass(slots=True)
class Copied:
    """What came of it. `differences` are None if nothing was compared."""

    name: str
    skipped: bool = False
    copied: int = 0
    refused: int = 0
    checksum: str | None = None
    differences: Differences | None = None
    left_out: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether all items are there."""
        return not self.refused and not (self.differences and self.differences.count)


class Watch:
    """Is told how far a copy is; this one does not care."""

    def table(self, table: OriginTable) -> None:
        """The next is that table."""

    def copied(self, items: int) -> None:
        """So many of its items are there."""

    def compared(self, items: int) -> None:
        """So many of its items were read back."""

    def refused(self, fault: Fault) -> None:
        """An item was refused."""


class Copier:
    """Copies tables from an origin to a client's server."""

    def __init__(self, origin: Origin, client: Any, options: CopyOptions, watch: Watch) -> None:
        self._origin = origin
        self._client = client
        self._options = options
        self._watch = watch
        self._creator = Creator(client)

    def check(self, tables: list[OriginTable]) -> None:
        """Raise TransferError if one of the tables is in the way of being copied."""
        for table in tables:
            existing = maybe_described(self._client, table.description["TableName"])
            if existing is None:
                continue
            name = existing["TableName"]
            if self._options.existing is Existing.REFUSE:
                raise TransferError(f"there is a table {name} already; --existing says what to do")
            protected = existing.get("DeletionProtectionEnabled")
            if self._options.existing is Existing.REPLACE and protected:
                raise TransferError(f"the table {name} is protected from deletion")
            reason = difference_of_keys(table, existing)
            if self._options.existing is Existing.MERGE and reason is not None:
                raise TransferError(f"cannot copy into the table {name}: {reason}")

    def copy(self, table: OriginTable) -> Copied:
        """Copy a table that `check` let pass."""
        self._watch.table(table)
        result = Copied(table.description["TableName"], left_out=left_out(table))
        existing = maybe_described(self._client, table.description["TableName"])
        if existing is not None and self._options.existing is Existing.SKIP:
            result.skipped = True
            return result
        merges = existing is not None and self._options.existing is Existing.MERGE
        if not merges:
            if existing is not None:
                self._creator.delete(result.name)
            self._creator.create(table)
        shape = shape_of(described(self._client, result.name))
        source = self._load(shape, result)
        if self._options.verify:
            self._verify(shape, source, result, others=merges)
        if not merges:
            self._creator.finish(table)
        return result

    def _load(self, shape: TableShape, result: Copied) -> Fingerprint:
        """Write all items; the fingerprint is that of what was read."""
        read = Fingerprint()
        state = LoadState(shape.name, [SourceState(self._origin.place, None, None)])
        load(
            _fingerprinted(self._origin.read(result.name, self._options.segments), read),
            patient_writer(self._client, shape, self._options.rate),
            Ledger(state, _Book(self._watch)),
            keys=shape.keys,
            threads=self._options.threads,
        )
        result.copied, result.refused = state.written, state.refused
        return read

    def _verify(
        self, shape: TableShape, source: Fingerprint, result: Copied, *, others: bool
    ) -> None:
        if not others and not result.refused:
            target = fingerprint(self._read_back(shape))
            result.checksum = target.text
            if target == source:
                result.differences = Differences()
                return
        result.differences = differences(
            self._read_again(result.name), self._read_back(shape), shape.keys, others=others
        )

    def _read_back(self, shape: TableShape) -> Iterator[Item]:
        request = {"TableName": shape.name, "ConsistentRead": True}
        items = scan_items(self._client, request, self._options.segments)
        for count, item in enumerate(items, start=1):
            yield item
            self._watch.compared(count)

    def _read_again(self, name: str) -> Iterator[Item]:
        for reading in self._origin.read(name, self._options.segments):
            if isinstance(reading, Record):
                yield reading.item


def _fingerprinted(
    readings: Iterator[Reading], read: Fingerprint
) -> Iterator[tuple[Ticket, Reading]]:
    for number, reading in enumerate(readings):
        if isinstance(reading, Record):
            read.add(reading.item)
        yield Ticket(number, 0), reading


class _Book:
    """Passes on what becomes of the items: `ledger.Book`."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def refused(self, fault: Fault, state: LoadState) -> None:
        self._watch.refused(fault)

    def advanced(self, state: LoadState) -> None:
        self._watch.copied(state.written)

    def save(self, state: LoadState) -> None:
        """Nothing: a copy begins anew."""
