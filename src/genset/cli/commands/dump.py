"""`genset dump`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from genset.cli.asking.completion import table_argument
from genset.cli.asking.remote import Remote, remote_options
from genset.cli.items.item_options import (
    LITERALS_HELP,
    consistent_option,
    names_option,
    values_option,
)
from genset.cli.transfers.options import delimiter_option, segments_option


@click.command()
@table_argument
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["csv", "jsonl", "json", "dynamodb-json", "aws-cli", "ion"]),
    help="By default what the output file's name says, or dynamodb-json, which keeps all types.",
)
@click.option(
    "--output-file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write here; a name that ends in .gz is compressed.",
)
@segments_option(1, "Scan so many parts of the table side by side; the items come mixed.")
@click.option("--index", metavar="NAME", help="Read this index instead of the table.")
@click.option(
    "--filter",
    "filter_",
    metavar="EXPRESSION",
    help=f"Only items of which this is true ({LITERALS_HELP}).",
)
@names_option
@values_option
@consistent_option
@delimiter_option
@remote_options
def command(remote: Remote, **options: Any) -> None:
    """Write all items of TABLE to a file, or to the standard output.

    What is written can be loaded again with `genset load`. All formats keep every type but plain
    JSON (jsonl, json), which has no sets and no binary values: they become arrays and base64.

    \b
    genset dump Music --output-file music.jsonl.gz
    genset dump Music --format csv --filter "Year > 1960" > music.csv
    genset dump Music --format jsonl --segments 4 | jq .Song
    """
    from genset.cli.transfers.dump_table import DumpOptions, run

    run(remote, DumpOptions(**options))
