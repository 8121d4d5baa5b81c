"""The options that commands on items share."""

from __future__ import annotations

from typing import Final

import click

LITERALS_HELP: Final = "texts in '', numbers and true as they are, names of any kind in \"\""

names_option: Final = click.option(
    "--names", metavar="JSON", help='The names that #placeholders stand for: \'{"#y": "Year"}\'.'
)
values_option: Final = click.option(
    "--values",
    metavar="JSON",
    help="The values that :placeholders stand for: '{\":y\": 1965}', plain or with types.",
)
condition_option: Final = click.option(
    "--if",
    "condition",
    metavar="EXPRESSION",
    help=f"Only if this is true of the item that is there ({LITERALS_HELP}).",
)
stats_option: Final = click.option(
    "--stats", is_flag=True, help="Say on stderr what it took: requests, capacity, seconds."
)
consistent_option: Final = click.option(
    "--consistent", is_flag=True, help="See all writes that were answered before."
)
