"""`genset stats`."""

from __future__ import annotations

import sys
import time

import click

from genset.cli.asking.remote import Remote, remote_options
from genset.cli.printing.output import Output, output_options
from genset.cli.statuses import Status


@click.command()
@click.option(
    "--watch",
    metavar="SECONDS",
    type=click.FloatRange(min=0.1),
    help="Show it again every so many seconds, until Ctrl-C.",
)
@output_options
@remote_options
def command(watch: float | None, output: Output, remote: Remote) -> int:
    """Show what a server has and does.

    That is its place, and each table's items, bytes, indexes, billing, stream and time to live.
    A genset server also tells its version, how long it has been up, and where its data is; of
    several workers, which share nothing but the data, the one that is asked.

    AWS counts items and bytes every six hours, genset always.

    \b
    genset stats
    genset stats --output json
    genset stats --watch 2
    """
    from genset.cli.asking.statistics import print_statistics, statistics

    client = remote.client()
    try:
        while True:
            found = statistics(remote, client)
            if watch is not None and output.is_table and sys.stdout.isatty():
                click.clear()
            print_statistics(found, output)
            sys.stdout.flush()
            if watch is None:
                return Status.OK
            time.sleep(watch)
    except KeyboardInterrupt:
        if watch is None:
            raise
        # It is how it is meant to end.
        return Status.OK
