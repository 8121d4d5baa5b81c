"""The option that says how CSV is written."""

from __future__ import annotations

from typing import Final

import click

_WRITTEN: Final = {"\\t": "\t", "tab": "\t"}


def _delimiter(_: click.Context, __: click.Parameter, text: str) -> str:
    found = _WRITTEN.get(text, text)
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
