"""The settings that a `genset serve` would run with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from genset.cli.commands.serve import command
from genset.cli.settings import Settings, read_settings


def serve_settings(
    *arguments: str, environment: Mapping[str, str] | None = None, config: Path = Path("absent")
) -> Settings:
    """What its arguments, its environment and its file say together."""
    given = command.make_context("serve", list(arguments)).params
    flags = {name: value for name, value in given.items() if value is not None}
    return read_settings(flags, environment or {}, config)
