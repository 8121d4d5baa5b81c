"""`genset export`."""

from __future__ import annotations

from pathlib import Path

import click

from genset.cli.asking.completion import table_argument
from genset.cli.asking.remote import Remote, remote_options
from genset.cli.transfers.options import segments_option


@click.command()
@table_argument
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@segments_option(4, "Read so many parts of the table side by side; each becomes a data file.")
@remote_options
def command(remote: Remote, table: str, folder: Path, segments: int) -> None:
    """Write TABLE to a folder, as DynamoDB exports tables to S3.

    FOLDER gets AWSDynamoDB/<export id>/ with the manifests, their checksums and the data, beside
    any export that is there already. `genset load` reads it; so does DynamoDB's import from S3,
    once data/ is in a bucket. The table's description is beside it, as `aws dynamodb
    describe-table` prints it; `genset apply` creates the table from it.

    The path of the export is printed.

    \b
    genset export Music backup
    genset load Music2 "$(genset export Music backup)"
    aws s3 sync backup s3://my-bucket/music
    """
    from genset.cli.transfers.export_table import run

    run(remote, table, folder, segments)
