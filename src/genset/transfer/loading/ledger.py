"""What became of each record, told in the order of the sources whatever order it was known in.

Only what comes before the first record whose outcome is unknown counts as done; so what is saved
of it is true after any crash, and faults are reported in order and once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from genset.transfer.loading.state import LoadState
from genset.transfer.records import Fault

_SAVE_PAUSE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Ticket:
    """The number of a record in this run, from 0, and the number of its source."""

    number: int
    source: int


class Book(Protocol):
    """Who is told."""

    def refused(self, fault: Fault, state: LoadState) -> None:
        """The next record in order was refused; sets the state's `errors_bytes`."""

    def advanced(self, state: LoadState) -> None:
        """So much is done."""

    def save(self, state: LoadState) -> None:
        """Keep the state, which is often."""


class Ledger:
    """Takes outcomes from any thread."""

    def __init__(
        self, state: LoadState, book: Book, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.state = state
        self._book = book
        self._clock = clock
        self._lock = threading.Lock()
        self._early: dict[int, tuple[Ticket, Fault | None]] = {}
        self._next = 0
        self._saved_at = clock()

    def settle(self, ticket: Ticket, fault: Fault | None = None) -> None:
        """The record is written, or refused with that fault."""
        with self._lock:
            self._early[ticket.number] = (ticket, fault)
            if ticket.number != self._next:
                return
            self._advance()
            self._book.advanced(self.state)
            if self._clock() - self._saved_at >= _SAVE_PAUSE_S:
                self._save()

    def _advance(self) -> None:
        while self._next in self._early:
            ticket, fault = self._early.pop(self._next)
            self._next += 1
            if fault is None:
                self.state.written += 1
            else:
                self.state.refused += 1
                self._book.refused(fault, self.state)
            self.state.sources[ticket.source].done += 1

    def _save(self) -> None:
        self._book.save(self.state)
        self._saved_at = self._clock()

    def close(self) -> None:
        """Save what is known."""
        with self._lock:
            self._save()
