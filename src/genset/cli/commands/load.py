"""`genset load`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from genset.cli.asking.completion import table_argument
from genset.cli.asking.remote import Remote, remote_options
from genset.cli.statuses import Status
from genset.cli.transfers.options import delimiter_option, rate_option, threads_option


def _types(_: click.Context, __: click.Parameter, text: str) -> dict[str, str]:
    from genset.transfer.formats.cells import TYPES

    found: dict[str, str] = {}
    for each in filter(None, text.split(",")):
        name, _colon, kind = each.rpartition(":")
        if not name or kind not in TYPES:
            types = ", ".join(sorted(TYPES))
            raise click.BadParameter(f"{each} is not COLUMN:TYPE with one of {types}")
        found[name] = kind
    return found


@click.command()
@table_argument
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["csv", "jsonl", "json", "dynamodb-json", "aws-cli", "ion"]),
    help="What the files are; by default their names and beginnings tell.",
)
@click.option(
    "--types",
    metavar="COLUMN:TYPE,...",
    default="",
    callback=_types,
    help="Types of CSV columns: S, N, B, BOOL, NULL, SS, NS, BS, L, M or DYNAMODB.",
)
@delimiter_option
@rate_option
@threads_option
@click.option(
    "--errors",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Keep the refused lines here.",
)
@click.option("--resume", is_flag=True, help="Go on where an earlier load was ended.")
@click.option(
    "--state",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where to note how far it is; by default beside the first file.",
)
@remote_options
def command(remote: Remote, **options: Any) -> Status:
    """Load items from files into TABLE.

    A FILE is CSV with a header, JSON lines, a JSON array, DynamoDB JSON or Ion lines, what `aws
    dynamodb scan` prints, or the folder of an export to S3 (or its manifest-summary.json); gzip is
    seen, and "-" is the standard input. Each item replaces the one with its key.

    A line that is refused is told as FILE:LINE: why, and the others are loaded; then the exit
    status is 4. After an interruption, the same command with --resume goes on.

    \b
    genset load Music songs.csv --types year:N,tags:SS
    genset load Music songs.jsonl.gz --rate 500 --errors refused.jsonl
    genset load Music AWSDynamoDB/01680958677849-381aef7c
    generate-items | genset load Music -
    """
    from genset.cli.transfers.load_files import LoadOptions, run

    return run(remote, LoadOptions(**options))
