"""Running the statements of a script, one after another or together."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from genset.cli.asking.remote import fault_message
from genset.cli.printing.saying import say
from genset.cli.sql.partiql import Partiql, read_parameters
from genset.cli.sql.statements import Statement, statements
from genset.cli.statuses import CommandError, Status

# API reference, ExecuteTransaction.
_TRANSACTION_MAX = 100


class Script:
    """Lines of statements; `place` begins the messages about them. One of its methods is called."""

    def __init__(self, lines: Iterable[str], place: str, parameters: Sequence[str]) -> None:
        self._statements = statements(lines)
        self._place = place
        self._parameters = read_parameters(parameters)

    def run(self, running: Partiql, *, keep_going: bool) -> Status:
        """Run the statements in order; the status says whether one failed that was passed over.

        Raises CommandError for the first that fails, unless they `keep_going`.
        """
        from botocore.exceptions import ClientError

        status = Status.OK
        for statement in self._checked():
            try:
                running.run(statement.text, self._parameters)
            except ClientError as error:
                message = f"{self._place}line {statement.line}: {fault_message(error)}"
                if not keep_going:
                    raise CommandError(message) from None
                status = Status.INCOMPLETE
                say(message)
        return status

    def run_together(self, running: Partiql) -> None:
        """Run the statements as one transaction. Raises CommandError if it fails."""
        if self._parameters:
            raise CommandError("--parameter goes with one statement alone", Status.USAGE)
        together = list(itertools.islice(self._statements, _TRANSACTION_MAX + 1))
        if len(together) > _TRANSACTION_MAX:
            message = f"a transaction has at most {_TRANSACTION_MAX} statements"
            raise CommandError(message, Status.USAGE)
        if together:
            running.run_together(together)

    def _checked(self) -> Iterable[Statement]:
        """The statements; with parameters there is one, which is known before it is run."""
        if not self._parameters:
            return self._statements
        first = list(itertools.islice(self._statements, 2))
        if len(first) != 1:
            raise CommandError("--parameter goes with one statement alone", Status.USAGE)
        return first
