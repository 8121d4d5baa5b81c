"""The prompt of `genset sql`: what is typed, what comes back, what is kept and completed."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from cli.console import Console, Done, songs
from genset.cli.sql.words import StatementCompleter, StatementLexer
from support.process import genset_command

ABBA = songs("Abba", "Fernando", "SOS")
ENTER, CTRL_C, CTRL_D, UP = "\r", "\x03", "\x04", "\x1b[A"


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the history is kept."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PAGER", "")
    return tmp_path / "state"


@pytest.fixture
def table(console: Console, music: str) -> str:
    """The table with two songs, at a terminal."""
    console.ok("put", music, "-", stdin="".join(f"{json.dumps(each)}\n" for each in ABBA))
    console.terminal = True
    return music


def typed(console: Console, *keys: str) -> Done:
    """What the prompt prints while these keys are pressed, and Ctrl-D after them."""
    with create_pipe_input() as keyboard:
        keyboard.send_text("".join(keys) + CTRL_D)
        with create_app_session(input=keyboard, output=DummyOutput()):
            return console.ok("sql")


def test_statements_are_answered_until_ctrl_d(console: Console, table: str):
    select = f"SELECT Song FROM \"{table}\" WHERE Artist = 'Abba'"
    done = typed(console, f"{select};", ENTER, f"{select} AND Song = 'SOS';", ENTER)
    assert done.out.count("(2 items)") == 1
    assert done.out.count("(1 item)") == 1
    assert f"PartiQL at {console.endpoint}" in done.err


def test_a_statement_has_several_lines_until_its_semicolon(console: Console, table: str):
    done = typed(
        console, "SELECT Song", ENTER, f'FROM "{table}"', ENTER, "WHERE Artist = 'Abba'", ENTER,
        ";", ENTER,
    )  # fmt: skip
    assert done.out.endswith("(2 items)\n")


def test_several_statements_on_a_line(console: Console, table: str):
    key = "WHERE Artist = 'Abba' AND Song = 'SOS'"
    line = f'UPDATE "{table}" SET Year = 1 {key}; SELECT Year FROM "{table}" {key};'
    assert typed(console, ".output json", ENTER, line, ENTER).out == 'done\n{"Year":1}\n'


def test_errors_do_not_end_it(console: Console, table: str):
    done = typed(
        console, "SELECT * FROM Absent;", ENTER, "nonsense;", ENTER, ".nonsense", ENTER,
        ".describe Absent", ENTER, ".output xml", ENTER, f'SELECT * FROM "{table}";', ENTER,
    )  # fmt: skip
    complaints = done.err.splitlines()[1:]
    assert [line.split(":")[1].strip() for line in complaints] == [
        "ResourceNotFoundException",
        "ValidationException",
        "there is no .nonsense; .help shows what is",
        "ResourceNotFoundException",
        ".output FORM",
    ]
    assert done.out.endswith("(2 items)\n")


def test_ctrl_c_clears_what_is_typed(console: Console, table: str):
    done = typed(console, "SELECT nonsense", CTRL_C, f'SELECT * FROM "{table}";', ENTER)
    assert len(done.err.splitlines()) == 1
    assert done.out.endswith("(2 items)\n")


@pytest.mark.parametrize("leave", [".quit", "\\q", "exit", "quit;", ".exit"])
def test_it_can_be_left_by_a_command(console: Console, table: str, leave: str):
    assert typed(console, leave, ENTER, "SELECT * FROM Absent;", ENTER).out == ""


def test_commands_of_the_prompt(console: Console, table: str):
    done = typed(console, ".output json", ENTER, ".tables", ENTER, f".describe {table}", ENTER)
    rows, _, description = done.out.partition("{\n")
    assert table in [json.loads(row)["table"] for row in rows.splitlines()]
    assert json.loads("{" + description)["TableName"] == table
    assert typed(console, "\\dt", ENTER).out == typed(console, "\\d", ENTER).out
    assert (
        typed(console, f"\\d {table}", ENTER).out == typed(console, f".schema {table}", ENTER).out
    )
    assert "ends with ;" in typed(console, ".help", ENTER).out
    assert "0 requests, " in typed(console, ".stats", ENTER).out


def test_what_was_typed_is_kept_for_its_user_alone(console: Console, table: str, state: Path):
    typed(console, f'SELECT *{ENTER}FROM "{table}";', ENTER)
    kept = state / "genset" / "sql_history"
    assert f'+SELECT *\n+FROM "{table}";' in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0
    assert typed(console, UP, ENTER).out.endswith("(2 items)\n")


def test_without_a_place_for_the_history_it_works_all_the_same(
    console: Console, table: str, state: Path
):
    state.write_text("no directory")
    assert typed(console, f'SELECT * FROM "{table}";', ENTER).out.endswith("(2 items)\n")


def test_long_results_are_shown_by_the_pager(
    console: Console, table: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    shown = tmp_path / "shown"
    monkeypatch.setenv("PAGER", f"tee {shown}")
    typed(console, f'SELECT * FROM "{table}";', ENTER)
    assert shown.read_text().endswith("(2 items)\n")
    # One that is left before the end is no failure.
    monkeypatch.setenv("PAGER", "true")
    assert len(typed(console, f'SELECT * FROM "{table}";', ENTER).err.splitlines()) == 1


class Names:
    """Names that are always the same."""

    def tables(self):
        return ["Music", "Music.Old", "Notes"]

    def indexes(self, table):
        return {"Music": ["ByYear"]}.get(table, [])

    def attributes(self, statement):
        return ["Artist", "Song", "my-attribute"] if "Music" in statement else []

    def commands(self):
        return [".tables", ".describe"]


@pytest.mark.parametrize(
    ("before", "begun", "expected"),
    [
        ("", "sel", ["SELECT"]),
        ("SELECT * FROM ", "Mu", ["Music", '"Music.Old"']),
        ("SELECT * FROM ", '"Mu', ['"Music"', '"Music.Old"']),
        ("INSERT INTO ", "No", ["Notes"]),
        ("update ", "no", ["Notes"]),
        ('SELECT * FROM "Music".', "", ['"ByYear"']),
        ('SELECT * FROM "Music".', '"By', ['"ByYear"']),
        ("SELECT * FROM Music WHERE ", "Art", ["Artist"]),
        ("SELECT * FROM Music WHERE ", "my", ['"my-attribute"']),
        ("SELECT * FROM Music WHERE ", '"S', ['"Song"']),
        ("SELECT * FROM Notes WHERE ", "Art", []),
        ("", ".ta", [".tables"]),
        (".describe ", "Mu", ["Music", "Music.Old"]),
        ("\\d ", "No", ["Notes"]),
        ("SELECT ", "", []),
    ],
)
def test_completion(before: str, begun: str, expected: list[str]):
    completer = StatementCompleter(Names())
    text = before + begun
    found = [
        text[: len(text) + each.start_position] + each.text
        for each in completer.get_completions(Document(text), CompleteEvent())
    ]
    assert found == [before + each for each in expected]


def test_texts_names_words_and_comments_have_colours():
    line = StatementLexer().lex_document(Document("SELECT \"a\" -- x\nWHERE b = 'y' AND c = 5"))
    assert [text for style, text in line(0) if style] == ["SELECT", '"a"', "-- x"]
    assert [text for style, text in line(1) if style] == ["WHERE", "'y'", "AND", "5"]
    assert line(7) == []


class Terminal:
    """`genset sql` in a process of its own at a terminal."""

    def __init__(self, endpoint: str) -> None:
        self._keyboard, terminal = pty.openpty()
        self.process = subprocess.Popen(
            [*genset_command(), "sql", "--endpoint-url", endpoint],
            stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
            env={**os.environ, "TERM": "xterm"},
        )  # fmt: skip
        os.close(terminal)
        self._shown = ""

    def press(self, keys: str) -> None:
        os.write(self._keyboard, keys.encode())

    def shows(self, text: str, *, seconds: float = 20) -> str:
        """What it shows, from where this was last asked for, to the end of `text`."""
        deadline = time.monotonic() + seconds
        while text not in self._shown:
            assert time.monotonic() < deadline, f"{text} is not in {self._shown!r}"
            if select.select([self._keyboard], [], [], 0.1)[0]:
                self._read()
        found, _, self._shown = self._shown.partition(text)
        return found

    def _read(self) -> None:
        new = os.read(self._keyboard, 65536).decode(errors="replace")
        # A terminal says where its cursor is when it is asked.
        if "\x1b[6n" in new:
            self.press("\x1b[1;1R")
        self._shown += new

    def close(self) -> None:
        self.process.kill()
        self.process.wait(timeout=20)
        os.close(self._keyboard)


@pytest.fixture
def at_terminal(endpoint: str) -> Iterator[Terminal]:
    """One that is there for the test."""
    made = Terminal(endpoint)
    yield made
    made.close()


def test_at_a_real_terminal(at_terminal: Terminal, table: str):
    select_all = f"SELECT Song FROM \"{table}\" WHERE Artist = 'Abba'"
    # What is pressed before it reads keys is the terminal's own.
    at_terminal.shows("genset>")
    at_terminal.press(f"{select_all};{ENTER}")
    assert "Fernando" in at_terminal.shows("(2 items)")
    at_terminal.shows("genset>")
    at_terminal.press(f"garbage{CTRL_C}{select_all} AND Song = 'SOS';{ENTER}")
    assert "Exception" not in at_terminal.shows("(1 item)")
    at_terminal.shows("genset>")
    at_terminal.press(CTRL_D)
    assert at_terminal.process.wait(timeout=20) == 0
