"""`genset put`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from genset.cli.completion import table_argument
from genset.cli.item_options import condition_option, names_option, stats_option, values_option
from genset.cli.output import Output, output_options
from genset.cli.remote import Remote, remote_options
from genset.cli.statuses import Status
from genset.transfer.plain import Item


@click.command()
@table_argument
@click.argument("item")
@condition_option
@names_option
@values_option
@click.option("--return", "returns", is_flag=True, help="Print the item that was there before.")
@stats_option
@output_options
@remote_options
def command(
    table: str,
    item: str,
    condition: str | None,
    names: str | None,
    values: str | None,
    returns: bool,
    stats: bool,
    output: Output,
    remote: Remote,
) -> int:
    """Put ITEM into TABLE; an item with the same key is replaced.

    ITEM is a JSON object, plain or DynamoDB's with types. With - items are read from stdin, one a
    line or written over several lines, and put one after another, until one is refused; `genset
    load` is for many.

    \b
    genset put Music '{"Artist": "Abba", "Song": "Waterloo", "Year": 1974}'
    genset put Music '{"Artist": {"S": "Abba"}, "Song": {"S": "SOS"}}'
    genset put Music - --if 'attribute_not_exists(Artist)' < items.jsonl
    genset query Music Artist=Abba -o dynamodb-json | genset put Copy -
    """
    from genset.cli.calls import tell
    from genset.cli.expressions import Placeholders
    from genset.cli.reading import Tally

    request = {"TableName": table, "ReturnValues": "ALL_OLD" if returns else "NONE"}
    placeholders = Placeholders(names, values)
    if condition is not None:
        request["ConditionExpression"] = placeholders.rewrite(condition)
    placeholders.add_to(request)
    if stats:
        request["ReturnConsumedCapacity"] = "TOTAL"
    items = _items(item)
    client = remote.client()
    tally = Tally()
    for each in items:
        answer = client.put_item(Item=each, **request)
        tally.add(answer)
        if "Attributes" in answer:
            output.item(answer["Attributes"])
    if stats:
        tell(tally)
    return Status.OK


def _items(given: str) -> Iterator[Item]:
    from genset.cli.documents import read_item, read_items

    return read_items(sys.stdin) if given == "-" else iter([read_item(given, "the item")])
