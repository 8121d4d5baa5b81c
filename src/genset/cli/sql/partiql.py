"""Running PartiQL statements and printing what they find."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from genset.cli.asking.reading import Tally, pages
from genset.cli.printing.output import Output
from genset.cli.sql.statements import Statement
from genset.cli.statuses import CommandError
from genset.cli.tables.schema import TableSchema, maybe_schema
from genset.transfer.plain import Item

_READS: Final = re.compile(r"\s*(SELECT|EXISTS)\b", re.IGNORECASE)
_READ_MIN: Final = 100
_FROM: Final = re.compile(
    r"""\bFROM\s+("(?:[^"]|"")+"|[\w.-]+?)(?:\s*\.\s*("(?:[^"]|"")+"|\w+))?(?:\s|$)""",
    re.IGNORECASE,
)


class Partiql:
    """Runs statements with one client. What it has read and learnt is kept."""

    def __init__(
        self, client: Any, output: Output, *, limit: int | None = None, consistent: bool = False
    ) -> None:
        self.output = output
        self.tally = Tally()
        self.attributes: set[str] = set()
        """The names of attributes that were seen in items."""
        self._client = client
        self._limit = limit
        self._more = {"ConsistentRead": True} if consistent else {}
        self._schemas: dict[str, TableSchema | None] = {}

    def run(self, statement: str, parameters: Sequence[dict[str, Any]] = ()) -> int | None:
        """Run a statement and print its items; return how many, or None if it finds none.

        Raises what a client raises, and BrokenPipeError when the reader has gone.
        """
        request = {"Statement": statement, **self._more, "ReturnConsumedCapacity": "TOTAL"}
        if parameters:
            request["Parameters"] = list(parameters)
        reads = _READS.match(statement) is not None
        found = self._noted(pages(self._answers(request, reads), self.tally, self._limit))
        if reads:
            return self.output.items(found, self._columns(statement))
        changed = [page for page in found if page]
        return self.output.items(changed) if changed else None

    def run_together(self, statements: Sequence[Statement]) -> None:
        """Run statements as one transaction and print what they find.

        Raises CommandError if it was cancelled, which says why with the lines.
        """
        request = [{"Statement": statement.text} for statement in statements]
        try:
            answer = self._client.execute_transaction(
                TransactStatements=request, ReturnConsumedCapacity="TOTAL"
            )
        except self._client.exceptions.TransactionCanceledException as error:
            raise CommandError(_cancelled(error, statements)) from None
        self.tally.add(answer)
        items = [each["Item"] for each in answer.get("Responses", ()) if "Item" in each]
        if items:
            self.output.items([items])

    def schema(self, table: str) -> TableSchema | None:
        """The schema of a table, asked for once, or None if it cannot be had."""
        if table not in self._schemas:
            self._schemas[table] = maybe_schema(self._client, table)
        return self._schemas[table]

    def forget_schemas(self) -> None:
        """Ask for schemas again, which may have changed."""
        self._schemas.clear()

    def _answers(self, request: dict[str, Any], reads: bool) -> Any:
        left, token = self._limit, None
        while True:
            more = {} if token is None else {"NextToken": token}
            # It counts the items that are read, of which few may be found.
            if reads and left is not None:
                more["Limit"] = max(left, _READ_MIN)
            answer = self._client.execute_statement(**request, **more)
            yield answer
            if left is not None:
                left -= len(answer.get("Items", ()))
            token = answer.get("NextToken")
            if token is None:
                return

    def _noted(self, found: Iterator[Sequence[Item]]) -> Iterator[Sequence[Item]]:
        for page in found:
            for item in page:
                self.attributes.update(item)
            yield page

    def _columns(self, statement: str) -> list[str]:
        """The attributes that are first in a table for a person: the keys of what it reads."""
        found = _FROM.search(statement) if self.output.is_table else None
        schema = None if found is None else self.schema(_unquoted(found[1]))
        if found is None or schema is None:
            return []
        index = None if found[2] is None else _unquoted(found[2])
        return schema.first_columns(index if index in schema.indexes else None)


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _cancelled(error: Any, statements: Sequence[Statement]) -> str:
    """Why a transaction was cancelled, with the lines of the statements that it was for."""
    reasons = error.response.get("CancellationReasons", [])
    told = [
        f"line {statement.line}: {reason['Code']}: {reason.get('Message', '')}".rstrip(": ")
        for statement, reason in zip(statements, reasons, strict=False)
        if reason.get("Code", "None") != "None"
    ]
    return "the transaction was cancelled, and nothing was changed; " + "; ".join(told)


def read_parameters(texts: Sequence[str]) -> list[dict[str, Any]]:
    """The values of parameters that are given as words."""
    from genset.cli.items.documents import read_value

    return [read_value(text) for text in texts]
