"""Deals records out to threads that write them in batches.

Records with the same key go to the same thread, in order and never in one batch, so that the last
one of a key in the sources is the one that stays, as if they had been written one by one.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Final, Self
from zlib import crc32

from genset.model.limits import BATCH_WRITE_REQUESTS_MAX
from genset.transfer.canonical import key_text
from genset.transfer.loading.batch_writer import BatchWriter
from genset.transfer.loading.ledger import Ledger, Ticket
from genset.transfer.loading.state import LoadState
from genset.transfer.records import Fault, Reading, Readings, Record
from genset.transfer.sources import Opened, Source, opened

# Half of what a request may have, since text is not all that a request is made of.
_BATCH_CHARACTERS_MAX: Final = 8 * 1024 * 1024
_BATCHES_WAITING: Final = 4
# A batch that does not fill is not held back for longer, since what comes after it counts as done
# only when it is.
_HELD_RECORDS_MAX: Final = 5000
_PATIENCE_S: Final = 0.2

Entry = tuple[Ticket, Record]


@dataclass(slots=True)
class _Batch:
    """What is gathered for a thread."""

    entries: list[Entry] = field(default_factory=list)
    keys: set[bytes] = field(default_factory=set)
    characters: int = 0

    def takes(self, key: bytes, record: Record) -> bool:
        return (
            len(self.entries) < BATCH_WRITE_REQUESTS_MAX
            and key not in self.keys
            and (not self.entries or self.characters + len(record.text) <= _BATCH_CHARACTERS_MAX)
        )

    def add(self, ticket: Ticket, key: bytes, record: Record) -> None:
        self.entries.append((ticket, record))
        self.keys.add(key)
        self.characters += len(record.text)


class _Threads:
    """The threads that write; `with` ends them after what they were given, or at once if it fails.

    Either way the writer is stopped then.
    """

    def __init__(self, writer: BatchWriter, ledger: Ledger, count: int) -> None:
        self._writer = writer
        self._ledger = ledger
        self._failure: BaseException | None = None
        self._stopping = writer.stopping
        self._queues: list[queue.Queue[Sequence[Entry]]] = [
            queue.Queue(_BATCHES_WAITING) for _ in range(count)
        ]
        self._threads = [
            threading.Thread(target=self._work, args=(each,), name=f"load-{number}")
            for number, each in enumerate(self._queues)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._finish()
        finally:
            self._stopping.set()
            for thread in self._threads:
                thread.join()
        if error is None:
            self.check()

    def _finish(self) -> None:
        """Have the threads end when they have written all that they were given."""
        for each in self._queues:
            self._put(each, ())
        for thread in self._threads:
            thread.join()

    def check(self) -> None:
        """Raise what stopped a thread."""
        if self._failure is not None:
            raise self._failure

    def give(self, number: int, entries: Sequence[Entry]) -> None:
        """Have a thread write a batch; wait if it has enough. Raises what stopped a thread."""
        self.check()
        if entries:
            self._put(self._queues[number], entries)
        self.check()

    def _put(self, target: queue.Queue[Sequence[Entry]], entries: Sequence[Entry]) -> None:
        while not self._stopping.is_set():
            try:
                return target.put(entries, timeout=_PATIENCE_S)
            except queue.Full:
                continue
        return None

    def _work(self, batches: queue.Queue[Sequence[Entry]]) -> None:
        while not self._stopping.is_set():
            try:
                entries = batches.get(timeout=_PATIENCE_S)
            except queue.Empty:
                continue
            if not entries:
                return
            try:
                self._write(entries)
            except BaseException as error:
                self._failure = self._failure or error
                self._stopping.set()

    def _write(self, entries: Sequence[Entry]) -> None:
        refused = self._writer.write([record for _, record in entries])
        faults = {id(record): fault for record, fault in refused}
        for ticket, record in entries:
            self._ledger.settle(ticket, faults.get(id(record)))


class _Dealer:
    """Gathers records to batches, one for each thread."""

    def __init__(self, threads: _Threads, count: int, keys: Sequence[str]) -> None:
        self._threads = threads
        self._keys = keys
        self._batches = [_Batch() for _ in range(count)]

    def deal(self, ticket: Ticket, record: Record) -> None:
        key = key_text(record.item, self._keys)
        number = crc32(key) % len(self._batches)
        if not self._batches[number].takes(key, record):
            self._give(number)
        self._batches[number].add(ticket, key, record)

    def give_all(self) -> None:
        for number in range(len(self._batches)):
            self._give(number)

    def _give(self, number: int) -> None:
        batch, self._batches[number] = self._batches[number], _Batch()
        self._threads.give(number, batch.entries)


Reader = Callable[[Source, Opened], Readings]
"""Reads an open source."""


def load(
    readings: Iterable[tuple[Ticket, Reading]],
    writer: BatchWriter,
    ledger: Ledger,
    *,
    keys: Sequence[str],
    threads: int,
) -> None:
    """Write all records, whose tickets are numbered from 0.

    Raises what reading them and `BatchWriter.write` raise. The ledger is closed in any case.
    """
    try:
        with _Threads(writer, ledger, threads) as working:
            dealer = _Dealer(working, threads, keys)
            for ticket, reading in readings:
                match reading:
                    case Fault():
                        ledger.settle(ticket, reading)
                    case Record():
                        dealer.deal(ticket, reading)
                if ticket.number % _HELD_RECORDS_MAX == _HELD_RECORDS_MAX - 1:
                    dealer.give_all()
            dealer.give_all()
    finally:
        ledger.close()


def remaining(
    sources: Sequence[Source], state: LoadState, read: Reader
) -> Iterator[tuple[Ticket, Reading]]:
    """What of the sources the state does not count as done. Raises what `opened` and `read` do."""
    number = 0
    already = [each.done for each in state.sources]
    for index, source in enumerate(sources):
        with opened(source) as open_source:
            for reading in islice(read(source, open_source), already[index], None):
                yield Ticket(number, index), reading
                number += 1
