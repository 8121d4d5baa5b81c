"""Marked states of a private in-memory database, as SQLite's savepoints.

While there is a mark, SQLite keeps the former content of each page that changes, once, and going
back copies those pages. Nothing is copied when a mark is set.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Marks:
    """The marks of one connection, the last one first set. It has no other transactions then."""

    def __init__(self, execute: Callable[[str], Any], count_changes: Callable[[], int]) -> None:
        """`count_changes` counts the rows that were ever changed."""
        self._execute = execute
        self._count_changes = count_changes
        self._changes_at_last = -1
        self._set: dict[int, None] = {}
        self._next = 1

    def __bool__(self) -> bool:
        return bool(self._set)

    def set(self) -> int:
        """Mark the present state."""
        mark = self._next
        self._next += 1
        self._execute(f"SAVEPOINT mark_{mark}")
        self._set[mark] = None
        self._changes_at_last = self._count_changes()
        return mark

    def present(self) -> int:
        """The last mark if nothing has changed since, or else another one.

        Many marks of one state make every write slower, and each is kept until it is given up.
        """
        if self._set and self._count_changes() == self._changes_at_last:
            return next(reversed(self._set))
        return self.set()

    def go_back(self, mark: int) -> None:
        """Be as when `mark` was set; it stays, later ones are gone. Raises KeyError."""
        self._forget_from(mark)
        self._execute(f"ROLLBACK TO mark_{mark}")
        # Set anew, because SQLite would copy again, with every further return, whatever has
        # changed between the mark and the first one.
        self._execute(f"RELEASE mark_{mark}")
        self._execute(f"SAVEPOINT mark_{mark}")
        self._set[mark] = None
        self._changes_at_last = self._count_changes()

    def forget(self, mark: int) -> None:
        """Give `mark` and later ones up; the state stays. Raises KeyError."""
        self._forget_from(mark)
        self._execute(f"RELEASE mark_{mark}")
        self._changes_at_last = -1

    def _forget_from(self, mark: int) -> None:
        marks = list(self._set)
        if mark not in self._set:
            raise KeyError(f"there is no mark {mark}")
        for later in marks[marks.index(mark) :]:
            del self._set[later]
