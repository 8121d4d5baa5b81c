"""Help that teaches: every command explains itself, and its examples are true."""

from __future__ import annotations

import inspect
import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.console import Console
from genset.cli.main import group
from genset.cli.serving.settings import all_settings
from support.settings import top_context


def commands(
    of: click.Group = group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """All commands, those of groups too, with the words that call them."""
    context = click.Context(of)
    for name in of.list_commands(context):
        command = of.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


COMMANDS = dict(commands())


def help_of(path: tuple[str, ...], console: Console) -> str:
    return console.ok(*path, "--help").out


def examples(command: click.Command) -> list[list[str]]:
    """The command lines in a help, up to where another program has a part in them."""
    text = inspect.cleandoc(command.help or "").replace("\\\n", " ")
    # What click must not fill is behind a backspace.
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("\b")]
    lines = [line for block in blocks for line in block if line.startswith("genset ")]
    return [_words(re.split(r"  +", line)[0])[1:] for line in lines]


def _words(line: str) -> list[str]:
    """The words of a line of a shell, without what comes after a pipe or another file."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|<>")
    lexer.whitespace_split = True
    return list(itertools.takewhile(lambda word: word not in ("|", "<", ">"), lexer))


def test_the_commands_are_in_sections_with_a_line_each(console: Console):
    out = console.ok("--help").out
    for path, command in COMMANDS.items():
        if len(path) == 1:
            (line,) = re.findall(rf"^  {path[0]}  +(.+)$", out, re.MULTILINE)
            assert line.endswith(".")
            assert command.help


def test_the_exit_statuses_are_told(console: Console):
    from genset.cli.statuses import Status

    out = console.ok("--help").out
    for status in Status:
        assert re.search(rf"^    {status.value} +\w", out, re.MULTILINE)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_each_command_explains_itself(console: Console, path: tuple[str, ...]):
    command = COMMANDS[path]
    paragraphs = (command.help or "").split("\n\n")
    assert paragraphs[0].endswith(".")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{parameter.name} has no help"
            says_itself = parameter.is_flag or isinstance(parameter.type, click.Choice)
            assert says_itself or parameter.metavar, f"{parameter.name} has no metavar"
    assert max(map(len, help_of(path, console).splitlines())) <= 100


# The names of files and folders in examples, which must be there.
_FILE = re.compile(r"[\w-]+\.[a-z]+|\./[\w-]+")
MANY = [path for path in COMMANDS if path not in {("migrate",)}]


@pytest.mark.parametrize("path", MANY, ids=" ".join)
def test_each_example_is_a_command_line(
    path: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    found = examples(COMMANDS[path])
    assert len(found) >= 2
    for words in found:
        for word in filter(_FILE.fullmatch, words):
            (tmp_path / word).mkdir() if word.startswith("./") else (tmp_path / word).touch()
        _parse(words)


def _parse(words: list[str]) -> None:
    """Have click read a command line as far as it does before anything is run."""
    command: click.Command = group
    context = top_context()
    while isinstance(command, click.Group):
        name, words = words[0], words[1:]
        found = command.get_command(context, name)
        assert found is not None, name
        command, context = found, click.Context(found, info_name=name, parent=context)
    assert context.parent is not None
    command.make_context(command.name, words, parent=context.parent).close()


def test_serve_says_what_each_setting_takes(console: Console):
    out = console.ok("serve", "--help").out
    for setting in all_settings():
        expected = setting.flags[-1] if setting.is_switch else f"{setting.flags[-1]} "
        assert expected in out
        assert (setting.metavar is None) is setting.is_switch
    assert "TEXT" not in out
    assert "[full|relaxed]" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["tables", "frobnicate"], "No such command 'frobnicate'"),
        (["scan", "T", "--frobnicate"], "No such option '--frobnicate'"),
        (["scan"], "Missing argument 'TABLE'; see genset scan --help"),
        (["scan", "T", "U"], "unexpected extra argument"),
    ],
)
def test_a_wrong_command_line_names_the_help(console: Console, words: list[str], message: str):
    complaint = console.refused(*words, status=2)
    assert message in complaint
    assert "; see genset" in complaint


@pytest.mark.parametrize("words", [[], ["tables"]])
def test_without_a_command_there_is_help_and_a_status_of_wrong_usage(
    console: Console, words: list[str]
):
    done = console(*words)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("Usage: genset")
