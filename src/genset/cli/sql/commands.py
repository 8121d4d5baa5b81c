"""The commands of the prompt that are no PartiQL: `.tables`, `.describe Music`, `.output json`."""

from __future__ import annotations

from typing import Any, Final

from genset.cli.printing.output import FORMS, Output
from genset.cli.sql.partiql import Partiql
from genset.cli.statuses import CommandError
from genset.cli.tables.listing import print_listing, table_names
from genset.cli.tables.view import print_description

COMMANDS: Final = {
    ".tables": "the tables, with their keys and sizes",
    ".describe": "TABLE: its keys, indexes and settings",
    ".output": "FORM: print as table, json or dynamodb-json",
    ".stats": "how much was read and changed so far",
    ".help": "this help",
    ".quit": "leave, as Ctrl-D does",
}
"""The names of the commands, and their help."""

# What fingers that know other prompts type.
_ALIASES: Final = {
    "\\dt": ".tables",
    "\\d": ".describe",
    "\\q": ".quit",
    "\\?": ".help",
    ".exit": ".quit",
    ".schema": ".describe",
    "exit": ".quit",
    "quit": ".quit",
    "help": ".help",
}
_HELP_END: Final = """
A statement ends with ; and may have several lines. Texts are in '', names with other characters
than letters and digits, or that are words of PartiQL, in "". Tab completes, Ctrl-R searches what
was typed before, Ctrl-C clears what is typed.

  SELECT * FROM Music WHERE Artist = 'Abba';
  SELECT Song FROM "Music"."ByYear" WHERE "Year" = 1976;
  INSERT INTO Music VALUE {'Artist': 'Abba', 'Song': 'SOS', 'Year': 1975};
  UPDATE Music SET Genre = 'Pop' WHERE Artist = 'Abba' AND Song = 'SOS';
  DELETE FROM Music WHERE Artist = 'Abba' AND Song = 'SOS';
"""


class Ended(Exception):
    """The user wants to leave the prompt."""


def is_command(text: str) -> bool:
    """Whether a text is for the prompt itself, and not a statement."""
    words = text.split()
    return bool(words) and (words[0][0] in ".\\" or text.strip(" ;\n").lower() in _ALIASES)


class SqlCommands:
    """Runs the commands, which print with what `running` prints with."""

    def __init__(self, client: Any, running: Partiql) -> None:
        self._client = client
        self._running = running

    def run(self, text: str) -> None:
        """Run a command. Raises Ended, or CommandError for one that there is not."""
        name, *arguments = text.strip(" ;\n").split()
        name = _ALIASES.get(name.lower(), name)
        if name == ".describe" and not arguments:
            name = ".tables"
        match name, arguments:
            case ".tables", []:
                names = list(table_names(self._client))
                print_listing(self._client, names, self._running.output)
            case ".describe", [table]:
                self._describe(table.strip('"'))
            case ".output", [form] if form in FORMS:
                self._running.output = Output(form)
            case ".stats", []:
                print(self._running.tally)
            case ".help", []:
                print(_help())
            case ".quit", []:
                raise Ended
            case _:
                known = COMMANDS.get(name)
                what = f"{name} {known}" if known else f"there is no {name}; .help shows what is"
                raise CommandError(what)

    def _describe(self, table: str) -> None:
        found = self._client.describe_table(TableName=table)["Table"]
        expiry = self._client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        print_description(found, expiry, self._running.output)


def _help() -> str:
    return "\n".join(f"{name:<10} {text}" for name, text in COMMANDS.items()) + "\n" + _HELP_END
