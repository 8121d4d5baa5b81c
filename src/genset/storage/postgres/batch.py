"""The bodies of one commit, run one after the other over what was fetched for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from genset.storage._changes import Changes
from genset.storage.engine import Transaction
from genset.storage.postgres.asks import Ask, Found, Range, Run
from genset.storage.postgres.views import WriteView, forget_counted

BATCH_BYTES_MAX: Final = 8 * 1024 * 1024
"""A batch with so many bytes of values to be stored takes no more bodies."""

WriteBody = Callable[[Transaction], Awaitable[Any]]


class PendingWrite:
    """A body that waits for its turn, or for its commit. `waiter` becomes its result."""

    __slots__ = ("body", "started", "waiter")

    def __init__(self, body: WriteBody, loop: asyncio.AbstractEventLoop) -> None:
        self.body = body
        self.started = loop.time()
        self.waiter: asyncio.Future[Any] = loop.create_future()


class _Running:
    """One body of a batch."""

    __slots__ = ("began", "pending", "rounds", "run", "view")

    run: Run
    view: WriteView

    def __init__(self, pending: PendingWrite) -> None:
        self.pending = pending
        self.rounds = 0
        self.began = 0


class Batch:
    """Bodies, what was found for them, and what they change together.

    `recall` fills what was found with what is remembered of a key.
    """

    def __init__(
        self,
        writes: Iterable[PendingWrite],
        found: Found,
        recall: Callable[[bytes, Found], None],
        *,
        is_checked_later: bool,
    ) -> None:
        self.found = found
        self.changes = Changes()
        self.counted: dict[bytes, tuple[bytes, int]] = {}
        self.reads: set[bytes] = set()
        self.stable: set[bytes] = set()
        self.summed: set[bytes] = set()
        self.ranges: set[Range] = set()
        self.done: list[tuple[PendingWrite, Run]] = []
        self._recall: Callable[[bytes], None] = lambda key: recall(key, found)
        self._is_checked_later = is_checked_later
        # When each key, and any range, was last changed: after how many bodies.
        self._changed_at: dict[bytes, int] = {}
        self._removed_at = -1
        self._running = [_Running(pending) for pending in writes]
        for running in self._running:
            self._begin(running)

    @property
    def is_done(self) -> bool:
        """Whether all bodies have run to their end."""
        return not self._running

    def advance(self) -> None:
        """Run all bodies, in turn, as far as what was found allows."""
        self._running = [
            running for running in self._running if self._is_full or not self._advance(running)
        ]

    def ask(self) -> Ask:
        """All that bodies ask for."""
        asks = [running.run.ask for running in self._running if running.run.ask is not None]
        if len(asks) == 1:
            return asks[0]
        keys = {key for ask in asks for key in ask.keys}
        counters = {key for ask in asks for key in ask.counters}
        return Ask(tuple(keys), tuple(counters))

    def send_away(self, *, rounds_max: int) -> list[PendingWrite]:
        """Take out the bodies that others should not wait for, and return their writes.

        Those that ask for ranges, or have asked so often; and all if the batch is full.
        """
        away, staying = [], []
        for running in self._running:
            running.rounds += 1
            ask = running.run.ask
            is_slow = running.rounds > rounds_max or (ask is not None and ask.range is not None)
            if is_slow or self._is_full:
                running.run.give_up()
                away.append(running.pending)
            else:
                staying.append(running)
        self._running = staying
        return away

    def give_up(self) -> None:
        """End all bodies where they are."""
        for running in self._running:
            running.run.give_up()

    @property
    def _is_full(self) -> bool:
        return bool(self.done) and self.changes.changed_bytes > BATCH_BYTES_MAX

    def _begin(self, running: _Running) -> None:
        view = WriteView(
            self.changes,
            self.counted,
            self.found,
            self._recall,
            is_checked_later=self._is_checked_later,
        )
        running.view = view
        running.run = Run(running.pending.body(view))
        running.began = len(self.done)

    def _advance(self, running: _Running) -> bool:
        """Run one body on; whether it has come to its end."""
        if running.run.ask is not None and self._was_overtaken(running):
            running.run.give_up()
            self._begin(running)
        running.run.step()
        if not running.run.is_done:
            return False
        self.done.append((running.pending, running.run))
        self._keep(running)
        return True

    def _was_overtaken(self, running: _Running) -> bool:
        """Whether another body has changed what this one has looked at."""
        began = running.began
        if self._removed_at > began:
            return True
        changed_at = self._changed_at
        return any(changed_at.get(key, -1) > began for key in running.view.reads)

    def _keep(self, running: _Running) -> None:
        """Take over what a body has read and, unless it raised, what it changes."""
        view = running.view
        self.reads |= view.reads
        self.stable |= view.stable
        self.summed |= view.summed
        self.ranges |= view.ranges
        if running.run.error is None:
            now = len(self.done)
            for start, stop in view.removed:
                self._remove(start, stop)
                self._removed_at = now
            for key, value in view.changed.items():
                if value is None:
                    self.changes.delete(key)
                    forget_counted(self.counted, key, key + b"\x00")
                else:
                    self.changes.put(key, value)
                self._changed_at[key] = now
            for key, deltas in view.added.items():
                self.changes.add(key, *deltas)
                self._changed_at[key] = now
            for key, counted in view.counted.items():
                self.counted.setdefault(key, counted)
                self._changed_at[counted[0]] = now
        view.end()

    def _remove(self, start: bytes, stop: bytes) -> None:
        self.changes.delete_range(start, stop)
        forget_counted(self.counted, start, stop)
