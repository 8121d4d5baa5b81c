"""`genset put`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

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
from genset.cli.statuses import Status
from genset.transfer.plain import Item

# What no JSON begins with.
_PAIR: Final = re.compile(r'[^{\["=]+=')


@click.command()
@table_argument
@click.argument("item", nargs=-1, required=True)
@condition_option
@names_option
@values_option
@click.option("--return", "returns", is_flag=True, help="Print the item that was there before.")
@stats_option
@output_options
@remote_options
def command(
    table: str,
    item: tuple[str, ...],
    condition: str | None,
    names: str | None,
    values: str | None,
    returns: bool,
    stats: bool,
    output: Output,
    remote: Remote,
) -> int:
    """Put ITEM into TABLE; an item with the same key is replaced.

    ITEM is a JSON object, plain or DynamoDB's with types, or NAME=VALUE for each attribute: VALUE
    is read as the table's key has it, for others as JSON, and else it is a string. With - items
    are read from stdin, one a line or written over several lines, and put one after another, until
    one is refused; `genset load` is for many.

    \b
    genset put Music Artist=Abba Song=Waterloo Year=1974 'Tags=["live"]'
    genset put Music '{"Artist": "Abba", "Song": "Waterloo", "Year": 1974}'
    genset put Music '{"Artist": {"S": "Abba"}, "Song": {"S": "SOS"}}'
    genset put Music - --if 'attribute_not_exists(Artist)' < items.jsonl
    genset query Music Artist=Abba -o dynamodb-json | genset put Copy -
    """
    from genset.cli.asking.calls import tell
    from genset.cli.asking.reading import Tally
    from genset.cli.items.expressions import Placeholders

    request = {"TableName": table, "ReturnValues": "ALL_OLD" if returns else "NONE"}
    placeholders = Placeholders(names, values)
    if condition is not None:
        request["ConditionExpression"] = placeholders.rewrite(condition)
    placeholders.add_to(request)
    if stats:
        request["ReturnConsumedCapacity"] = "TOTAL"
    client = remote.client()
    items = _items(client, table, item)
    tally = Tally()
    for each in items:
        answer = client.put_item(Item=each, **request)
        tally.add(answer)
        if "Attributes" in answer:
            output.item(answer["Attributes"])
    if stats:
        tell(tally)
    return Status.OK


def _items(client: Any, table: str, words: Sequence[str]) -> Iterator[Item]:
    """The items that the words of the command line are, or those of stdin."""
    from genset.cli.items.documents import read_item, read_items
    from genset.cli.items.keys import read_attributes
    from genset.cli.tables.schema import read_schema

    if list(words) == ["-"]:
        return read_items(sys.stdin)
    if len(words) == 1 and not _PAIR.match(words[0]):
        return iter([read_item(words[0], "the item")])
    return iter([read_attributes(read_schema(client, table), words)])
