"""`genset get`."""

from __future__ import annotations

from typing import Any

import click

from genset.cli.asking.completion import table_argument
from genset.cli.asking.remote import Remote, remote_options
from genset.cli.items.item_options import consistent_option, names_option, stats_option
from genset.cli.printing.output import Output, output_options
from genset.cli.statuses import CommandError, Status


@click.command()
@table_argument
@click.argument("key", nargs=-1, required=True)
@click.option(
    "--project", metavar="PATHS", help="Only these: Artist,Meta.Label,Tags[0]; by default all."
)
@names_option
@consistent_option
@stats_option
@output_options
@remote_options
def command(
    table: str,
    key: tuple[str, ...],
    project: str | None,
    names: str | None,
    consistent: bool,
    stats: bool,
    output: Output,
    remote: Remote,
) -> int:
    """Get the item of TABLE that has this KEY.

    KEY is NAME=VALUE for each of the key's attributes, or only the values in the key's order, or
    a JSON object. Values are read as the table's key has them; binary ones are base64. If there
    is no such item, nothing is printed and the exit status is 3.

    \b
    genset get Music Artist="Nina Simone" Song="Feeling Good"
    genset get Music "Nina Simone" "Feeling Good" --project Year,Tags[0]
    genset get Music '{"Artist": "Nina Simone", "Song": "Feeling Good"}' --output json
    """
    from genset.cli.asking.calls import call_once
    from genset.cli.items.expressions import Placeholders
    from genset.cli.items.keys import find_key

    client = remote.client()
    columns, found = find_key(client, table, key)
    request: dict[str, Any] = {
        "TableName": table,
        "Key": found,
        "ConsistentRead": consistent,
    }
    placeholders = Placeholders(names)
    if project is not None:
        request["ProjectionExpression"] = placeholders.rewrite(project)
    answer = call_once(client.get_item, request, placeholders, stats=stats)
    if "Item" not in answer:
        shown = " ".join(key)
        raise CommandError(f"{table} has no item {shown}", Status.NOT_FOUND)
    output.item(answer["Item"], columns)
    return Status.OK
