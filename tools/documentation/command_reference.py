"""The help of every command, as the terminal shows it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from genset.cli.main import group

COLUMNS = 80


def render() -> str:
    """A heading for each command and its help, in the order of `genset --help`."""
    top = click.Context(
        group, info_name="genset", terminal_width=COLUMNS, max_content_width=COLUMNS
    )
    # The context of an invocation begins with these.
    top.help_option_names = group.context_settings["help_option_names"]
    return "\n\n".join(_sections(group, top, 1))


def _sections(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    help_text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    shown = f"```text\n{help_text}\n```"
    yield shown if level == 1 else f"{'#' * level} {context.command_path}\n\n{shown}"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None, name
            if not found.hidden:
                inner = click.Context(found, info_name=name, parent=context)
                yield from _sections(found, inner, level + 1)
