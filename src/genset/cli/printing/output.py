"""What commands print on stdout: items and rows, as a table, as JSON lines or as DynamoDB JSON.

A person at a terminal gets tables, a pipe gets one JSON text a line; `--output` says otherwise.
What is told about the data, rather than being it, goes to stderr and is not printed here.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import click

from genset.transfer.plain import Item, dumps, to_dynamodb_json, to_plain

Form = Literal["table", "json", "dynamodb-json"]
FORMS: Final[tuple[Form, ...]] = ("table", "json", "dynamodb-json")

# A table's widths are known when its rows are, and so many rows are waited for.
_TABLE_ROWS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Output:
    """Prints in one form. BrokenPipeError is raised when the reader has gone."""

    form: Form = "json"
    was_asked_for: bool = False
    """Whether the user said which form, where that says that there is to be one."""

    @property
    def is_table(self) -> bool:
        """Whether a person reads it, who wants the keys of a table first."""
        return self.form == "table"

    def items(self, pages: Iterable[Sequence[Item]], keys: Sequence[str] = ()) -> int:
        """Print items as they come, a page at a time, those `keys` first; return how many."""
        if self.is_table:
            return self._item_tables(pages, keys)
        count = 0
        for page in pages:
            self._lines(self.item_line(item) for item in page)
            count += len(page)
        return count

    def item(self, item: Item, keys: Sequence[str] = ()) -> None:
        """Print one item; as a table it has a row for each attribute."""
        if self.is_table:
            from genset.cli.printing.grids import print_item

            print_item(item, keys)
        else:
            self._lines([self.item_line(item)])

    def item_line(self, item: Item) -> str:
        """The JSON text of an item, in plain JSON unless the form is DynamoDB's."""
        plain = self.form != "dynamodb-json"
        return dumps(to_plain(item) if plain else to_dynamodb_json(item))

    def rows(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Print rows that are no items: of texts, numbers, truth values and None for nothing.

        As JSON each is an object with the columns' names, in lower case with _ for spaces.
        """
        if self.is_table:
            from genset.cli.printing.grids import print_rows

            print_rows(columns, list(rows))
            return
        names = [column.lower().replace(" ", "_") for column in columns]
        self._lines(dumps(dict(zip(names, row, strict=True))) for row in rows)

    def document(self, value: Mapping[str, Any]) -> None:
        """Print a JSON document: indented for a person, else on one line."""
        self._lines([dumps(value, indent=sys.stdout.isatty())])

    def _item_tables(self, pages: Iterable[Sequence[Item]], keys: Sequence[str]) -> int:
        from genset.cli.printing.grids import print_items

        count = 0
        for batch in _batches(pages):
            print_items(batch, keys)
            sys.stdout.flush()
            count += len(batch)
        print(f"({count} item{'' if count == 1 else 's'})")
        return count

    def _lines(self, lines: Iterable[str]) -> None:
        # One write and one flush: a reader sees whole lines, and a page when it is there.
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()


def _batches(pages: Iterable[Sequence[Item]]) -> Iterator[Sequence[Item]]:
    """Pages, those that are too long for one table in parts, and no empty ones."""
    for page in pages:
        for start in range(0, len(page), _TABLE_ROWS_MAX):
            yield page[start : start + _TABLE_ROWS_MAX]


def default_form() -> Form:
    """Tables for a person, JSON for a program."""
    return "table" if sys.stdout.isatty() else "json"


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option `--output`, as an `Output` named `output`."""

    @functools.wraps(command)
    def with_output(*arguments: Any, output: Form | None, **more: Any) -> Any:
        chosen = Output(output or default_form(), was_asked_for=output is not None)
        return command(*arguments, output=chosen, **more)

    option = click.option(
        "-o",
        "--output",
        type=click.Choice(FORMS),
        metavar="FORM",
        help="table, json (a line for each item) or dynamodb-json (with types); by default "
        "a table on a terminal and json in a pipe.",
    )
    wrapped: Callable[..., Any] = option(with_output)
    return wrapped
