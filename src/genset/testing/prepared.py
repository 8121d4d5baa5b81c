"""The databases of a run of tests: each has what a test's package declares, and a mark of that."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from genset.testing.database import Database, Mark
from genset.testing.declared_tables import Declared, declare
from genset.testing.sessions import LocalSession


class Prepared:
    """A database with declared tables, to which `begin` brings it back."""

    def __init__(self, declared: Sequence[Declared], *, region: str, account: str) -> None:
        self.declared = declared
        self.session = LocalSession(Database(account=account), region=region, account=account)
        self._start = self._declared()

    def _declared(self) -> Mark:
        declare(self.session, self.declared)
        return self.session.mark()

    def begin(self, more: Sequence[Declared]) -> None:
        """Have the declared tables alone, and `more` for once."""
        try:
            self.session.rollback(self._start)
        except KeyError:
            # A test went back further, to the empty database.
            self.session.rollback()
            self._start = self._declared()
        declare(self.session, more)

    # Made once for all tests: making one takes longer than most tests.

    @cached_property
    def client(self) -> Any:
        """A client of DynamoDB."""
        return self.session.client("dynamodb")

    @cached_property
    def streams(self) -> Any:
        """A client of DynamoDB Streams."""
        return self.session.client("dynamodbstreams")

    @cached_property
    def resource(self) -> Any:
        """A resource of DynamoDB."""
        return self.session.resource("dynamodb")


class Preparations:
    """All databases of the run; packages that declare the same share one."""

    def __init__(self, *, region: str, account: str) -> None:
        self._region = region
        self._account = account
        self._prepared: list[Prepared] = []

    def of(self, declared: Sequence[Declared]) -> Prepared:
        """The one with these tables, made when it is asked for first."""
        for each in self._prepared:
            if each.declared == declared:
                return each
        prepared = Prepared(declared, region=self._region, account=self._account)
        self._prepared.append(prepared)
        return prepared

    def close(self) -> None:
        """Give all of them back."""
        for each in self._prepared:
            each.session.database.close()
