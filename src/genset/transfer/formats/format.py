"""What a format of files is: how it is read, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from genset.transfer.plain import Item
from genset.transfer.records import Readings


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user, or the table, says of the columns of a CSV; other formats ask for nothing."""

    delimiter: str = ","
    types: Mapping[str, str] = field(default_factory=dict)
    """The types that the user gives to columns."""
    key_types: Mapping[str, str] = field(default_factory=dict)
    """Those of the attributes that are keys of the table or its indexes: S, N or B."""


DEFAULT_OPTIONS = Options()


@dataclass(frozen=True, slots=True)
class Format:
    """A format: `read` takes bytes and the name for places, `write` takes items and the target."""

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[BinaryIO, str, Options], Readings]
    write: Callable[[Iterable[Item], BinaryIO, Options], int]
    """Writes all items and returns how many there were."""
