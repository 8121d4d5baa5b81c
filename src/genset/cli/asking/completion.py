"""What a shell offers for an argument: the names of tables and indexes that a server has."""

from __future__ import annotations

from typing import Any, Final

import click

from genset.cli.asking.remote import Remote
from genset.cli.statuses import CommandError
from genset.cli.tables.schema import schema_of

# A shell that waits is worse than one that offers nothing.
_TIMEOUT_S: Final = 1.0


def complete_tables(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """The names of tables that begin so, of the server that the rest of the line names."""
    names = _answer(context, "list_tables").get("TableNames", ())
    return [name for name in names if name.startswith(begun)]


def complete_indexes(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """The names of indexes that begin so, of the table that the line names."""
    # An option that has no value yet keeps click from giving the arguments their names.
    table = context.params.get("table") or next(iter(context.args), None)
    described = _answer(context, "describe_table", TableName=table) if table else {}
    indexes = schema_of(described["Table"]).indexes if described else ()
    return [name for name in indexes if name.startswith(begun)]


def _answer(context: click.Context, method: str, **request: str) -> dict[str, Any]:
    """The answer of the server that the rest of the line names; empty if there is none."""
    from botocore.exceptions import BotoCoreError, ClientError

    given = context.params
    remote = Remote(given.get("endpoint_url"), given.get("profile"), given.get("region"))
    try:
        answer: dict[str, Any] = getattr(remote.client(timeout_s=_TIMEOUT_S), method)(**request)
    except (CommandError, BotoCoreError, ClientError):
        return {}
    return answer


table_argument: Final = click.argument("table", metavar="TABLE", shell_complete=complete_tables)
"""The argument that names a table."""
