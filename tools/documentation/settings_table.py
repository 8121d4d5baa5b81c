"""The table of all settings of `genset serve`, from `genset.cli.settings`."""

from __future__ import annotations

import re

from genset.cli.settings import Setting, all_settings
from tools.documentation.markdown import code, table


def render() -> str:
    """The table, in the order of the command's help."""
    heading = ("Option, variable, key", "Values", "Default", "")
    return table(heading, [_row(setting) for setting in all_settings()])


def _row(setting: Setting) -> tuple[str, ...]:
    return (
        "<br>".join(map(code, (*setting.flags, setting.variable, setting.key))),
        setting.values,
        code(_default(setting.default)),
        _meaning(setting.help),
    )


def _default(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value)


def _meaning(text: str) -> str:
    """The help of an option as a sentence, without the default, which has its own column."""
    meaning = re.sub(r" \(default [^)]*\)$", "", text)
    # A value that is explained is written as it is given.
    if meaning.partition(" ")[0].endswith(":"):
        return f"{meaning}."
    return f"{meaning[0].upper()}{meaning[1:]}."
