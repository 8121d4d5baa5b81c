"""`genset delete`."""

from __future__ import annotations

from typing import Any

import click

from genset.cli.asking.completion import table_argument
from genset.cli.asking.remote import Remote, remote_options
from genset.cli.items.item_options import (
    condition_option,
    names_option,
    stats_option,
    values_option,
)
from genset.cli.printing.output import Output, output_options
from genset.cli.statuses import CommandError, Status


@click.command()
@table_argument
@click.argument("key", nargs=-1, required=True)
@condition_option
@names_option
@values_option
@click.option(
    "--return",
    "returns",
    is_flag=True,
    help="Print the item that was deleted; without one the exit status is 3.",
)
@stats_option
@output_options
@remote_options
def command(
    table: str,
    key: tuple[str, ...],
    condition: str | None,
    names: str | None,
    values: str | None,
    returns: bool,
    stats: bool,
    output: Output,
    remote: Remote,
) -> int:
    """Delete the item of TABLE that has this KEY.

    KEY is given as to `genset get`. It is no failure if there is no such item. Tables are deleted
    by `genset tables delete`.

    \b
    genset delete Music Artist=Abba Song=Waterloo
    genset delete Music Abba Waterloo --if 'Year < 1980' --return
    """
    from genset.cli.asking.calls import call_once
    from genset.cli.items.expressions import Placeholders
    from genset.cli.items.keys import find_key

    client = remote.client()
    columns, found = find_key(client, table, key)
    request: dict[str, Any] = {
        "TableName": table,
        "Key": found,
        "ReturnValues": "ALL_OLD" if returns else "NONE",
    }
    placeholders = Placeholders(names, values)
    if condition is not None:
        request["ConditionExpression"] = placeholders.rewrite(condition)
    answer = call_once(client.delete_item, request, placeholders, stats=stats)
    if "Attributes" in answer:
        output.item(answer["Attributes"], columns)
    elif returns:
        raise CommandError(f"{table} had no item {' '.join(key)}", Status.NOT_FOUND)
    return Status.OK
