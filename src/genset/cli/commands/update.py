"""`genset update`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

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

if TYPE_CHECKING:
    from genset.cli.items.expressions import Placeholders

_RETURNS: Final = {
    "none": "NONE",
    "old": "ALL_OLD",
    "new": "ALL_NEW",
    "updated-old": "UPDATED_OLD",
    "updated-new": "UPDATED_NEW",
}


@click.command()
@table_argument
@click.argument("key", nargs=-1, required=True)
@click.option(
    "--set", "sets", metavar="PATH=VALUE", multiple=True, help="Give the attribute this value."
)
@click.option(
    "--add", "adds", metavar="PATH=VALUE", multiple=True, help="Add to a number, or to a set."
)
@click.option("--remove", "removes", metavar="PATH", multiple=True, help="Take the attribute away.")
@click.option(
    "--expression",
    metavar="UPDATE",
    help='A whole update expression: "SET Plays = Plays + 1 REMOVE Rating".',
)
@condition_option
@names_option
@values_option
@click.option(
    "--return",
    "returns",
    type=click.Choice(tuple(_RETURNS)),
    default="none",
    metavar="WHAT",
    help="Print the item (old, new), or only what changed (updated-old, updated-new).",
)
@stats_option
@output_options
@remote_options
def command(
    table: str,
    key: tuple[str, ...],
    sets: tuple[str, ...],
    adds: tuple[str, ...],
    removes: tuple[str, ...],
    expression: str | None,
    condition: str | None,
    names: str | None,
    values: str | None,
    returns: str,
    stats: bool,
    output: Output,
    remote: Remote,
) -> int:
    """Change attributes of the item of TABLE that has this KEY; it is made if it is not there.

    KEY is given as to `genset get`. VALUE is JSON (1965, true, '["a", "b"]', '"1965"', or
    DynamoDB's with a type), and else a string. PATH may lead into the item: Meta.Label, Tags[0].

    \b
    genset update Music Abba Waterloo --set Year=1974 --set Genre=Pop --remove Draft
    genset update Music Abba Waterloo --add Plays=1 --add 'Tags={"SS": ["live"]}' --return new
    genset update Music Abba Waterloo --expression 'SET Plays = Plays + 1' --if 'Plays < 10'
    """
    from genset.cli.asking.calls import call_once
    from genset.cli.items.expressions import Placeholders
    from genset.cli.items.keys import find_key

    placeholders = Placeholders(names, values)
    change = _expression(placeholders, sets, adds, removes, expression)
    client = remote.client()
    columns, found = find_key(client, table, key)
    request: dict[str, Any] = {
        "TableName": table,
        "Key": found,
        "UpdateExpression": change,
        "ReturnValues": _RETURNS[returns],
    }
    if condition is not None:
        request["ConditionExpression"] = placeholders.rewrite(condition)
    answer = call_once(client.update_item, request, placeholders, stats=stats)
    if "Attributes" in answer:
        output.item(answer["Attributes"], columns)
    return Status.OK


def _expression(
    placeholders: Placeholders,
    sets: Sequence[str],
    adds: Sequence[str],
    removes: Sequence[str],
    expression: str | None,
) -> str:
    """The update expression of the options. Raises CommandError if they say nothing, or twice."""
    clauses = {
        "SET": [_assignment(placeholders, each, "--set", " = ") for each in sets],
        "ADD": [_assignment(placeholders, each, "--add", " ") for each in adds],
        "REMOVE": [placeholders.rewrite(each) for each in removes],
    }
    parts = [f"{name} {', '.join(each)}" for name, each in clauses.items() if each]
    if (expression is None) is (not parts):
        message = "say what to change, by --set, --add and --remove, or by --expression"
        raise CommandError(message, Status.USAGE)
    return " ".join(parts) if expression is None else placeholders.rewrite(expression, update=True)


def _assignment(placeholders: Placeholders, text: str, option: str, between: str) -> str:
    from genset.cli.items.documents import read_value

    path, sign, value = text.partition("=")
    if not path or not sign:
        raise CommandError(f"{option} takes NAME=VALUE, not {text}", Status.USAGE)
    return placeholders.rewrite(path) + between + placeholders.value(read_value(value))
