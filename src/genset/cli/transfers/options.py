"""The options that commands on many items share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

_SIDE_BY_SIDE: Final = click.IntRange(1, 10)
_DELIMITERS: Final = {"\\t": "\t", "tab": "\t"}


def _rate(_: click.Context, __: click.Parameter, text: str | None) -> Any:
    from genset.transfer.loading.rate_limit import parse_rate

    try:
        return None if text is None else parse_rate(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


rate_option = click.option(
    "--rate",
    metavar="RATE",
    callback=_rate,
    help="At most so many items a second (500), or write capacity units (500wcu).",
)
"""Passes a `Rate`, or None, as `rate`."""


def _delimiter(_: click.Context, __: click.Parameter, text: str) -> str:
    found = _DELIMITERS.get(text, text)
    if len(found) != 1 or found in '"\r\n':
        raise click.BadParameter("it must be one character")
    return found


delimiter_option = click.option(
    "--delimiter",
    metavar="CHARACTER",
    default=",",
    callback=_delimiter,
    help="What separates the cells of CSV.",
)
"""`--delimiter`, a character, also as `tab` or `\\t`."""

threads_option = click.option(
    "--threads",
    metavar="N",
    type=_SIDE_BY_SIDE,
    default=4,
    show_default=True,
    help="How many batches are written at a time.",
)


def segments_option(default: int, text: str) -> Callable[..., Any]:
    """`--segments`, how many parts of a table are read side by side, with its help."""
    return click.option(
        "--segments",
        metavar="N",
        type=_SIDE_BY_SIDE,
        default=default,
        show_default=True,
        help=text,
    )
