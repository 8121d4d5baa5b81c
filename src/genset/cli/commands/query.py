"""`genset query`."""

from __future__ import annotations

import click

from genset.cli.asking.completion import table_argument
from genset.cli.asking.remote import Remote, remote_options
from genset.cli.items.many_options import Wanted, many_options, print_found
from genset.cli.printing.output import Output, output_options
from genset.cli.statuses import CommandError, Status


@click.command()
@table_argument
@click.argument("conditions", metavar="[CONDITION]...", nargs=-1)
@click.option(
    "--key-condition",
    metavar="EXPRESSION",
    help="The condition as DynamoDB's expression: \"Artist = 'Abba' AND Song > 'S'\".",
)
@click.option("--reverse", is_flag=True, help="From the last of the sort key to the first.")
@many_options
@output_options
@remote_options
def command(
    table: str,
    conditions: tuple[str, ...],
    key_condition: str | None,
    reverse: bool,
    wanted: Wanted,
    output: Output,
    remote: Remote,
) -> int:
    """Find the items of TABLE whose key fits each CONDITION, in the order of the sort key.

    A CONDITION is about an attribute of the key, and its value is read as that has it: NAME=VALUE
    for the partition key, and for the sort key also <, <=, > and >=, ^= for what it begins with,
    and NAME=LOW..HIGH for a range (NAME==VALUE is never one). All pages are read, and printed as
    they come.

    \b
    genset query Music Artist="Nina Simone"
    genset query Music Artist=Abba Song^=Dancing --project Song,Year
    genset query Music --index ByYear Year=1965 Song=A..M --reverse --limit 10
    genset query Music Artist=Abba --filter "Year < 1980 AND contains(Tags, 'live')" --count
    """
    from genset.cli.items.key_conditions import read_key_condition
    from genset.cli.tables.schema import maybe_schema, read_schema

    if not conditions and key_condition is None:
        example = "a CONDITION like Artist=Abba, or --key-condition"
        raise CommandError(f"a query needs {example}; `genset scan` reads all", Status.USAGE)
    client = remote.client()
    placeholders = wanted.placeholders()
    # Who may only query need not be allowed to describe the table, if all is said.
    schema = read_schema(client, table) if conditions else None
    parts = [] if key_condition is None else [placeholders.rewrite(key_condition)]
    if schema is not None and conditions:
        parts.append(read_key_condition(schema, wanted.index, conditions, placeholders))
    request = {
        **wanted.request(table, placeholders),
        "KeyConditionExpression": " AND ".join(parts),
        "ScanIndexForward": not reverse,
    }
    placeholders.add_to(request)
    if schema is None and output.is_table:
        schema = maybe_schema(client, table)
    columns = [] if schema is None else schema.first_columns(wanted.index)
    print_found(client.query, request, wanted, output, columns)
    return Status.OK
