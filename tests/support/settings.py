"""The settings that a `genset serve` would run with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from genset.cli.commands.serve import command
from genset.cli.main import group
from genset.cli.serving.settings import Settings, read_settings


def top_context() -> click.Context:
    """What the contexts of all commands are in; click remembers what the first one said of help."""
    return click.Context(group, info_name="genset", **group.context_settings)


def serve_settings(
    *arguments: str, environment: Mapping[str, str] | None = None, config: Path = Path("absent")
) -> Settings:
    """What its arguments, its environment and its file say together."""
    given = command.make_context("serve", list(arguments), parent=top_context()).params
    flags = {name: value for name, value in given.items() if value is not None}
    return read_settings(flags, environment or {}, config)
