"""The prompt of `genset sql`: statements and commands of its own, one after another."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import create_output

from genset.cli.asking.remote import Remote, fault_message
from genset.cli.printing.output import Output
from genset.cli.printing.saying import say
from genset.cli.sql.commands import COMMANDS, Ended, SqlCommands, is_command
from genset.cli.sql.pager import paged
from genset.cli.sql.partiql import Partiql
from genset.cli.sql.statements import is_complete, statements
from genset.cli.sql.words import StatementCompleter, StatementLexer
from genset.cli.statuses import CommandError, Status
from genset.cli.tables.listing import table_names

_PROMPT: Final = "genset> "
_CONTINUED: Final = "     -> "


class Prompt:
    """A conversation with one server; `run` is called once."""

    def __init__(self, remote: Remote, output: Output) -> None:
        self._remote = remote
        self._client = remote.client()
        self._running = Partiql(self._client, output)
        self._commands = SqlCommands(self._client, self._running)

    def run(self) -> Status:
        """Answer until Ctrl-D or .quit. No error ends it."""
        print(f"PartiQL at {self._remote.place}; .help for help, Ctrl-D to leave", file=sys.stderr)
        session = new_session(_Names(self._client, self._running))
        while True:
            try:
                self._answer(session.prompt(_PROMPT))
            except KeyboardInterrupt:
                continue
            except (EOFError, Ended):
                return Status.OK

    def _answer(self, text: str) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            with paged():
                self._run(text)
        except (BotoCoreError, ClientError) as error:
            say(fault_message(error))
        except CommandError as error:
            say(str(error))
        except KeyboardInterrupt:
            say("interrupted")

    def _run(self, text: str) -> None:
        if is_command(text):
            self._commands.run(text)
            return
        for statement in statements(text.splitlines(keepends=True)):
            if self._running.run(statement.text) is None:
                print("done")


class _Names:
    """What can be completed: see `sql_words.Names`. Without the server there is nothing."""

    def __init__(self, client: Any, running: Partiql) -> None:
        self._client = client
        self._running = running
        self._tables: list[str] | None = None

    def tables(self) -> Iterable[str]:
        from botocore.exceptions import BotoCoreError, ClientError

        if self._tables is None:
            with contextlib.suppress(BotoCoreError, ClientError):
                self._tables = list(table_names(self._client))
        return self._tables or []

    def indexes(self, table: str) -> Iterable[str]:
        schema = self._running.schema(table) if table in self.tables() else None
        return [] if schema is None else schema.indexes

    def attributes(self, statement: str) -> Iterable[str]:
        named = [table for table in self.tables() if table in statement]
        schemas = filter(None, map(self._running.schema, named))
        keys = {name for schema in schemas for name in schema.types}
        return sorted(keys | self._running.attributes)

    def commands(self) -> Iterable[str]:
        return COMMANDS

    def refresh(self) -> None:
        """Ask for the names again when they are needed."""
        self._tables = None
        self._running.forget_schemas()


def new_session(names: _Names) -> PromptSession[str]:
    """The line editor: Enter ends a statement that is complete, and else its line.

    Each statement is typed with the tables that are there when it is begun.
    """
    return PromptSession(
        # What is found may go to a file while statements are typed.
        output=None if sys.stdout.isatty() else create_output(always_prefer_tty=True),
        history=_history(),
        completer=StatementCompleter(names),
        complete_in_thread=True,
        lexer=StatementLexer(),
        multiline=True,
        prompt_continuation=_CONTINUED,
        key_bindings=_keys(names),
    )


def _keys(names: _Names) -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter", filter=Condition(_is_ready))
    def _(event: KeyPressEvent) -> None:
        names.refresh()
        event.current_buffer.validate_and_handle()

    return keys


def _is_ready() -> bool:
    """Whether what is typed so far can be answered."""
    text = get_app().current_buffer.text
    return not text.strip() or is_command(text) or is_complete(text)


def _history() -> History:
    """What was typed before, by this user; only of this time if that cannot be kept.

    XDG Base Directory Specification: history is state.
    """
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    path = Path(state) / "genset" / "sql_history"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Statements hold data, which is nobody else's.
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))
