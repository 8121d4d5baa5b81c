"""`genset tables list`."""

from __future__ import annotations

import click

from genset.cli.asking.remote import Remote, remote_options
from genset.cli.printing.output import Output, output_options
from genset.cli.statuses import Status


@click.command()
@click.argument("prefix", required=False, default="")
@click.option("-l", "--long", is_flag=True, help="Their keys, items, bytes and settings as well.")
@output_options
@remote_options
def command(prefix: str, long: bool, output: Output, remote: Remote) -> int:
    """Print the names of the tables, one a line; with PREFIX, of those that begin so.

    With --long or --output each table is described: its state, keys, how many items and bytes it
    holds (as the service counts them, on AWS every six hours), indexes, billing and stream.

    \b
    genset tables list
    genset tables list test- | xargs genset tables delete --yes
    genset tables list --long
    genset tables list --output json | jq .table
    """
    from genset.cli.tables.listing import print_listing, table_names

    client = remote.client()
    names = [name for name in table_names(client) if name.startswith(prefix)]
    if long or output.was_asked_for:
        print_listing(client, names, output)
    else:
        for name in names:
            print(name)
    return Status.OK
