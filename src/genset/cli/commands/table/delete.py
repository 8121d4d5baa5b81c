"""`genset tables delete`."""

from __future__ import annotations

import click

from genset.cli.asking.completion import complete_tables
from genset.cli.asking.remote import Remote, remote_options
from genset.cli.printing.saying import say
from genset.cli.statuses import Status


@click.command()
@click.argument(
    "tables", metavar="TABLE...", nargs=-1, required=True, shell_complete=complete_tables
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--wait", is_flag=True, help="Return when the tables are gone.")
@remote_options
def command(tables: tuple[str, ...], yes: bool, wait: bool, remote: Remote) -> int:
    """Delete each TABLE, with all items and indexes, for good.

    At a terminal it asks first; anywhere else it needs --yes.

    \b
    genset tables delete Music
    genset tables delete Music Notes --yes --wait
    """
    from genset.cli.asking.confirmation import ask_to_go_on
    from genset.cli.tables.waiting import wait_until_gone

    client = remote.client()
    # A name that is wrong must not be found out when half of the tables are gone.
    counts = [client.describe_table(TableName=table)["Table"]["ItemCount"] for table in tables]
    shown = ", ".join(
        f"{table} ({count} items)" for table, count in zip(tables, counts, strict=True)
    )
    ask_to_go_on(f"Delete {shown} at {remote.place}?", yes=yes)
    for table in tables:
        client.delete_table(TableName=table)
        say(f"deleted {table}")
    if wait:
        for table in tables:
            wait_until_gone(client, table)
    return Status.OK
