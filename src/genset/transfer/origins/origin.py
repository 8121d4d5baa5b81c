"""What an origin of tables gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from genset.transfer.records import Readings


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginTable:
    """A table: its description as DescribeTable's `Table` has it, and what that leaves out.

    `notes` say, each for the user, what it has that cannot be had from here.
    """

    description: dict[str, Any]
    time_to_live: str | None = None
    tags: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Origin(Protocol):
    """Tables somewhere else. All methods raise TransferError for what cannot be read."""

    place: str
    """What it is called in messages."""

    def names(self) -> list[str]:
        """The names of all tables."""

    def table(self, name: str) -> OriginTable:
        """What a table is."""

    def read(self, name: str, segments: int) -> Readings:
        """All items of a table; with `segments`, side by side if that makes it faster."""

    def close(self) -> None:
        """Let go of what was opened."""
