"""What a shell offers for an argument: the names of the tables that a server has."""

from __future__ import annotations

from typing import Any, Final

import click

from genset.cli.remote import Remote
from genset.cli.statuses import CommandError

# A shell that waits is worse than one that offers nothing.
_TIMEOUT_S: Final = 1.0


def complete_tables(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """The names of tables that begin so, of the server that the rest of the line names."""
    given = context.params
    remote = Remote(given.get("endpoint_url"), given.get("profile"), given.get("region"))
    return [name for name in _table_names(remote) if name.startswith(begun)]


def _table_names(remote: Remote) -> list[str]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer: dict[str, Any] = remote.client(timeout_s=_TIMEOUT_S).list_tables()
    except (CommandError, BotoCoreError, ClientError):
        return []
    names: list[str] = answer["TableNames"]
    return names


table_argument: Final = click.argument("table", metavar="TABLE", shell_complete=complete_tables)
"""The argument that names a table."""
