"""`genset import`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from genset.cli.asking.remote import Remote, remote_options
from genset.cli.statuses import Status
from genset.cli.transfers.options import rate_option, segments_option, threads_option


@click.command("import")
@click.argument("source", required=False, type=click.Path(path_type=Path, exists=True))
@click.option("--from-endpoint-url", metavar="URL", help="Copy live tables from this server.")
@click.option("--from-profile", metavar="NAME", help="Copy live tables from AWS, as this profile.")
@click.option("--from-region", metavar="REGION", help="The Region to copy from.")
@click.option(
    "--table", "tables", multiple=True, metavar="NAME", help="Only this table; can be repeated."
)
@click.option(
    "--existing",
    type=click.Choice(["refuse", "skip", "merge", "replace"]),
    default="refuse",
    show_default=True,
    help="What to do with a table that is there already: end before anything is done, leave it "
    "as it is, put the items into it, or delete it first.",
)
@segments_option(4, "Read so many parts of a live table side by side.")
@threads_option
@rate_option
@click.option("--verify/--no-verify", default=True, help="Read all back and compare.")
@remote_options
def command(remote: Remote, **options: Any) -> Status:
    """Move tables in from DynamoDB Local, dynalite or another DynamoDB.

    SOURCE is DynamoDB Local's database (shared-local-instance.db, or <key>_<region>.db), or
    dynalite's folder. Without it, live tables are copied from --from-endpoint-url or
    --from-profile.

    Tables are created with their indexes, billing mode, tags, stream and time to live, and what is
    not copied is named. Then all items are read back: their number and a checksum must be those of
    the source, else what differs is named, and the exit status is 4.

    \b
    genset import shared-local-instance.db
    genset import ./dynalite-data --table Music
    genset import --from-endpoint-url http://127.0.0.1:4566
    genset import --from-profile staging --from-region eu-west-1 --table Music
    """
    from genset.cli.transfers.import_tables import ImportOptions, run

    return run(remote, ImportOptions(**options))
