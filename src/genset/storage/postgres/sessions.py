"""How a batch of writes reads and commits: what is fetched, and one answer at the end.

The ways differ by dialect and by contention; what runs the batches knows only `Session`.
"""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

from genset.storage.postgres.asks import Ask
from genset.storage.postgres.batch import Batch


class CommitLostError(Exception):
    """The answer of a commit was lost: `writer` knows whether its commit `serial` has happened."""

    def __init__(self, writer: int, serial: int) -> None:
        super().__init__(f"the answer to commit {serial} of writer {writer} was lost")
        self.writer = writer
        self.serial = serial


class Session(Protocol):
    """One try of a batch. What is not committed by its end has not happened."""

    async def __aenter__(self) -> Session:
        """Begin."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, whatever has failed."""

    async def prepare(self, batch: Batch) -> None:
        """Make ready what was found for a batch that has not been run yet."""

    async def fetch(self, ask: Ask, batch: Batch) -> None:
        """Add what is asked for to what was found for the batch."""

    async def commit(self, batch: Batch) -> bool:
        """Make the batch's changes; False if what it read was not so, and is put right now.

        Raises CommitLostError if it is not known whether they were made.
        """
