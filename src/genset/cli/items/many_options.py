"""What `genset query` and `genset scan` share: their options, and reading and printing."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from genset.cli.asking.completion import complete_indexes
from genset.cli.items.item_options import (
    LITERALS_HELP,
    consistent_option,
    names_option,
    stats_option,
    values_option,
)
from genset.cli.printing.output import Output

if TYPE_CHECKING:
    from genset.cli.asking.reading import Call
    from genset.cli.items.expressions import Placeholders


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which items are wanted, and what of them."""

    index: str | None
    filter_: str | None
    project: str | None
    limit: int | None
    page_size: int | None
    count: bool
    consistent: bool
    names: str | None
    values: str | None
    stats: bool

    def placeholders(self) -> Placeholders:
        """Those of the request, which has at first what the options have."""
        from genset.cli.items.expressions import Placeholders

        return Placeholders(self.names, self.values)

    def request(self, table: str, placeholders: Placeholders) -> dict[str, Any]:
        """What Query and Scan have in common."""
        request: dict[str, Any] = {
            "TableName": table,
            "IndexName": self.index,
            "FilterExpression": self.filter_ and placeholders.rewrite(self.filter_),
            "ProjectionExpression": self.project and placeholders.rewrite(self.project),
            "Limit": self.page_size,
            "Select": "COUNT" if self.count else None,
            "ConsistentRead": True if self.consistent else None,
            "ReturnConsumedCapacity": "TOTAL" if self.stats else None,
        }
        return {name: value for name, value in request.items() if value is not None}


_OPTIONS: Final = (
    click.option(
        "--index",
        metavar="NAME",
        shell_complete=complete_indexes,
        help="Read an index, and not the table itself.",
    ),
    click.option(
        "--filter",
        "filter_",
        metavar="EXPRESSION",
        help=f"Only items of which this is true ({LITERALS_HELP}); the others are read as well.",
    ),
    click.option("--project", metavar="PATHS", help="Only these attributes: Artist,Meta.Label."),
    click.option("--limit", metavar="N", type=click.IntRange(min=1), help="At most N items."),
    click.option(
        "--page-size",
        metavar="N",
        type=click.IntRange(min=1),
        help="Read at most N items with a request; by default as many as 1 MB holds.",
    ),
    click.option("--count", is_flag=True, help="Print only how many there are."),
    consistent_option,
    names_option,
    values_option,
    stats_option,
)


def many_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options, as a `Wanted` named `wanted`."""

    @functools.wraps(command)
    def with_wanted(**given: Any) -> Any:
        wanted = Wanted(**{name: given.pop(name) for name in Wanted.__slots__})
        return command(wanted=wanted, **given)

    wrapped: Callable[..., Any] = with_wanted
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def print_found(
    call: Call,
    request: dict[str, Any],
    wanted: Wanted,
    output: Output,
    columns: Sequence[str],
    segments: int = 1,
) -> None:
    """Read what is wanted, print it as it comes, and say what it took if that is wanted too."""
    from genset.cli.asking.calls import tell
    from genset.cli.asking.reading import Tally, answers, pages, parallel_answers

    tally = Tally()
    found = (
        answers(call, request, wanted.limit)
        if segments == 1
        else parallel_answers(call, request, segments, wanted.limit)
    )
    with closing(found):
        if wanted.count:
            for answer in found:
                tally.add(answer)
            # Those of the last page that are more than was asked for are not counted.
            print(tally.count if wanted.limit is None else min(tally.count, wanted.limit))
        else:
            output.items(pages(found, tally, wanted.limit), columns)
    if wanted.stats:
        tell(tally)
