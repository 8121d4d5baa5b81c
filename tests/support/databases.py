"""The databases of the one PostgreSQL that the tests of a process share."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from tools.local_postgres import LocalPostgres


class Databases:
    """Lends databases; one that was lent before may hold what its borrower left."""

    def __init__(self, server: LocalPostgres) -> None:
        self._server = server
        self._numbers = itertools.count(1)
        self._free: defaultdict[str, list[str]] = defaultdict(list)

    @contextmanager
    def one(self, purpose: str = "") -> Iterator[str]:
        """The URL of a database that is nobody else's meanwhile, and was never of other purpose."""
        free = self._free[purpose]
        url = free.pop() if free else self._create()
        try:
            yield url
        finally:
            free.append(url)

    def _create(self) -> str:
        return self._server.create_database(f"test{next(self._numbers)}")
