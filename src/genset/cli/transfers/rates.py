"""The option --rate of commands that write many items."""

from __future__ import annotations

from typing import Any

import click


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
