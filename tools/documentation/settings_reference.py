"""The reference of all settings of `genset serve`, from `genset.cli.serving.settings`."""

from __future__ import annotations

import re

from genset.cli.serving.settings import Setting, all_settings


def render() -> str:
    """A heading for each setting, in the order of the command's help."""
    return "\n\n".join(map(_section, all_settings()))


def _section(setting: Setting) -> str:
    *names, key = (f"`{name}`" for name in (*setting.flags, setting.variable, setting.key))
    default = _shown(setting.default)
    values = f"{setting.values[0].upper()}{setting.values[1:]}"
    return "\n".join(
        (
            f"### {setting.key}\n",
            f"{_meaning(setting.help)}\n",
            f"- {', '.join(names)}, and {key} in the file",
            f"- {values}; by default `{default}`" if default else f"- {values}",
        )
    )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value in (None, ()) else str(value)


def _meaning(text: str) -> str:
    """The help of an option as a sentence, without the default, which is said by itself."""
    meaning = re.sub(r" \(default [^)]*\)$", "", text)
    # A value that is explained is written as it is given.
    if meaning.partition(" ")[0].endswith(":"):
        return f"{meaning}."
    return f"{meaning[0].upper()}{meaning[1:]}."
