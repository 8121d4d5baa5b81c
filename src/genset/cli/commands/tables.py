"""`genset tables`: a group of commands of its own."""

from __future__ import annotations

import click

from genset.cli.lazy_group import LazyGroup


@click.group(
    cls=LazyGroup,
    package="genset.cli.commands.table",
    sections={
        "Commands": {
            "list": "Print the names of the tables.",
            "describe": "Show a table's keys, indexes, settings and sizes.",
            "create": "Create a table.",
            "delete": "Delete tables, with all that is in them.",
        }
    },
    epilog="`genset tables COMMAND --help` explains a command, with examples.",
)
def command() -> None:
    """List, describe, create and delete tables.

    \b
    genset tables list
    genset tables create Music --key Artist:S --sort Song:S
    genset tables describe Music
    genset tables delete Music
    """
