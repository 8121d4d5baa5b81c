"""A click group whose commands are imported when they are used.

`genset --help` imports none of them, and each command only what is its own.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Section = Mapping[str, str]
"""Commands of one kind: their names, and a line of help for each."""


class ReaderGone(Exception):
    """Nobody reads the output any more, so that there is nothing left to do."""


class LazyGroup(click.Group):
    """A group of the commands in `sections`, which maps a heading to a `Section`.

    The command `name` is the attribute `command` of the module `name` in `package`, or of `name_`
    where the name is a word of Python.
    """

    def __init__(
        self, *arguments: Any, package: str, sections: Mapping[str, Section], **more: Any
    ) -> None:
        super().__init__(*arguments, **more)
        self._package = package
        self._sections = sections

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the sections."""
        return [name for section in self._sections.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        return load_command(self._package, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Raises ReaderGone for a broken pipe, at which click would exit."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderGone from None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands that begin so, none of which is imported; else what click completes."""
        from click.shell_completion import CompletionItem

        lines = {
            name: text for section in self._sections.values() for name, text in section.items()
        }
        found = [
            CompletionItem(name, help=text)
            for name, text in lines.items()
            if name.startswith(incomplete)
        ]
        return found or click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The sections as they are in the help."""
        for heading, section in self._sections.items():
            with formatter.section(heading):
                formatter.write_dl(list(section.items()))


def load_command(package: str, name: str) -> click.Command:
    """The command `name` of a package of commands, imported."""
    module = f"{package}.{name}"
    if importlib.util.find_spec(module) is None:
        module += "_"
    command = importlib.import_module(module).command
    assert isinstance(command, click.Command)
    return command
