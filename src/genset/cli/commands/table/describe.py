"""`genset tables describe`."""

from __future__ import annotations

from typing import Any

import click

from genset.cli.asking.completion import table_argument
from genset.cli.asking.remote import Remote, remote_options
from genset.cli.printing.output import Output, output_options
from genset.cli.statuses import Status


@click.command()
@table_argument
@output_options
@remote_options
def command(table: str, output: Output, remote: Remote) -> int:
    """Show the keys, indexes, settings and sizes of TABLE.

    As JSON it is what DescribeTable answers, which `genset apply` takes.

    \b
    genset tables describe Music
    genset tables describe Music --output json > music.json
    """
    from genset.cli.tables.view import print_description

    client = remote.client()
    found = client.describe_table(TableName=table)["Table"]
    expiry = _time_to_live(client, table) if output.is_table else {}
    print_description(found, expiry, output)
    return Status.OK


def _time_to_live(client: Any, table: str) -> dict[str, Any]:
    """The table's time to live; nothing if it may not be known, for the rest still may."""
    from botocore.exceptions import ClientError

    try:
        answer: dict[str, Any] = client.describe_time_to_live(TableName=table)
    except ClientError:
        return {}
    found: dict[str, Any] = answer["TimeToLiveDescription"]
    return found
