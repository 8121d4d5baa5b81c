"""What flows from readers to writers: records, and the faults of what could not be read or written.

A reader of any format is an iterator of `Reading`; a writer takes records or items. Nothing else
passes between them, so each format, source and target can be used with any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from genset.transfer.plain import Item


class TransferError(Exception):
    """The whole cannot go on; the message is one line for the user."""


class WrongFileError(TransferError):
    """A file is not what it ought to be, which is known before anything of it is used."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was read: a file's name as it was given, and a line, from 1."""

    source: str
    line: int

    def __str__(self) -> str:
        return f"{self.source}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An item to put or, if it `deletes`, the key of an item to delete.

    `text` is what was read, without its line's end; `heading` is what must come once before such
    texts for a file of them to be read again (the header of CSV).
    """

    place: Place
    item: Item
    text: str
    heading: str = ""
    deletes: bool = False

    def refused(self, message: str) -> Fault:
        """The fault that it is not taken, for that reason."""
        return Fault(self.place, message, self.text, self.heading)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that could not be read or written, and why; `text` and `heading` as of a record."""

    place: Place
    message: str
    text: str
    heading: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


Reading = Record | Fault
Readings = Iterator[Reading]
