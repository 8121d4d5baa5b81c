"""`genset dump`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from genset.cli.remote import Remote, remote_options


@click.command()
@click.argument("table")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["csv", "jsonl", "json", "dynamodb-json"]),
    help="By default what the output file's name says, or dynamodb-json, which keeps all types.",
)
@click.option(
    "--output-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write here; a name that ends in .gz is compressed.",
)
@click.option(
    "--segments",
    type=click.IntRange(1, 10),
    default=1,
    show_default=True,
    help="Scan so many parts of the table side by side; the items come mixed.",
)
@click.option("--index", metavar="NAME", help="Read this index instead of the table.")
@click.option("--filter", "filter_", metavar="EXPRESSION", help="Only items for which this holds.")
@click.option("--values", metavar="JSON", help='Values of the filter: {":min": 1960}.')
@click.option("--names", metavar="JSON", help='Names of the filter: {"#y": "Year"}.')
@click.option("--consistent", is_flag=True, help="Read what was written until now, not a bit less.")
@click.option("--delimiter", default=",", help="What separates the cells of CSV.")
@remote_options
def command(remote: Remote, **options: Any) -> None:
    """Write all items of a table to a file, or to the standard output.

    The output can be loaded again with `genset load`. DynamoDB JSON and CSV keep every type; plain
    JSON (jsonl, json) has no sets and no binary values, and turns them into arrays and base64.

    \b
    Examples:
      genset dump Music --output-file music.jsonl.gz
      genset dump Music --format csv --filter "#y > :min" --names '{"#y": "Year"}' \\
          --values '{":min": 1960}'
      genset dump Music --format jsonl | jq .Song
    """
    from genset.cli.dump_table import DumpOptions, run

    run(remote, DumpOptions(**options))
