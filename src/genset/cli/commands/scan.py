"""`genset scan`."""

from __future__ import annotations

import click

from genset.cli.asking.completion import table_argument
from genset.cli.asking.remote import Remote, remote_options
from genset.cli.items.many_options import Wanted, many_options, print_found
from genset.cli.printing.output import Output, output_options
from genset.cli.statuses import Status

_SEGMENTS_MAX = 64


@click.command()
@table_argument
@click.option(
    "--segments",
    metavar="N",
    type=click.IntRange(1, _SEGMENTS_MAX),
    default=1,
    help="Read N parts of the table at once, and print the items in any order.",
)
@many_options
@output_options
@remote_options
def command(table: str, segments: int, wanted: Wanted, output: Output, remote: Remote) -> int:
    """Read all items of TABLE, in no order that means something.

    All pages are read, and printed as they come; it ends when nobody reads on. A filter takes
    items away after they were read (and paid for): `genset query` finds items by their key.

    \b
    genset scan Music
    genset scan Music --filter "attribute_not_exists(Year) OR Year > 1990" --project Artist,Song
    genset scan Music --segments 4 --output json > music.jsonl
    genset scan Music --index ByYear --count --stats
    """
    from genset.cli.tables.schema import maybe_schema

    client = remote.client()
    placeholders = wanted.placeholders()
    request = wanted.request(table, placeholders)
    placeholders.add_to(request)
    # Only for the order of columns, without which the items can be read all the same.
    schema = maybe_schema(client, table) if output.is_table else None
    known = schema is not None and (wanted.index is None or wanted.index in schema.indexes)
    columns = schema.first_columns(wanted.index) if schema is not None and known else []
    print_found(client.scan, request, wanted, output, columns, segments)
    return Status.OK
