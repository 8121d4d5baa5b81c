"""`genset sql`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from genset.cli.asking.remote import Remote, remote_options
from genset.cli.items.item_options import consistent_option, stats_option
from genset.cli.printing.output import Output, output_options
from genset.cli.statuses import CommandError, Status


@click.command()
@click.argument("statement", required=False)
@click.option(
    "-f",
    "--file",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="Run the statements of a file; - is stdin.",
)
@click.option(
    "-p",
    "--parameter",
    "parameters",
    metavar="VALUE",
    multiple=True,
    help="What a ? of the statement stands for, the first for the first: JSON, else a string.",
)
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="At most N items of each.")
@click.option("--transaction", is_flag=True, help="Run all statements, or none if one fails.")
@click.option(
    "--keep-going", is_flag=True, help="Go on after a statement that fails; then the status is 4."
)
@consistent_option
@stats_option
@output_options
@remote_options
def command(
    statement: str | None,
    file: Path | None,
    parameters: tuple[str, ...],
    limit: int | None,
    transaction: bool,
    keep_going: bool,
    consistent: bool,
    stats: bool,
    output: Output,
    remote: Remote,
) -> int:
    """Run PartiQL: STATEMENT, the statements of a file or of stdin, or what is typed at a prompt.

    Statements end with ; and may be several, with -- comments. The first that fails ends it, and
    is told with its line. At a terminal without STATEMENT there is a prompt, with history and
    completion; .help explains it. PartiQL has '' around texts and "" around names.

    \b
    genset sql "SELECT * FROM Music WHERE Artist = 'Abba'"
    genset sql 'SELECT Song FROM "Music"."ByYear" WHERE "Year" = ?' -p 1976 --output json
    genset sql --file changes.sql --transaction
    genset sql
    """
    from genset.cli.asking.calls import tell
    from genset.cli.sql.partiql import Partiql
    from genset.cli.sql.script import Script

    if statement is not None and file is not None:
        raise CommandError("give a STATEMENT or --file, not both", Status.USAGE)
    if statement is None and file is None and sys.stdin.isatty():
        from genset.cli.sql.prompt import Prompt

        return Prompt(remote, output).run()
    running = Partiql(remote.client(), output, limit=limit, consistent=consistent)
    with _lines(statement, file) as lines:
        script = Script(lines, "" if file is None else f"{file}, ", parameters)
        if transaction:
            script.run_together(running)
            status = Status.OK
        else:
            status = script.run(running, keep_going=keep_going)
    if stats:
        tell(running.tally)
    return status


@contextmanager
def _lines(statement: str | None, file: Path | None) -> Iterator[Iterator[str] | TextIO]:
    if statement is not None:
        yield iter(statement.splitlines(keepends=True))
    elif file is None or str(file) == "-":
        yield sys.stdin
    else:
        with file.open(encoding="utf-8") as opened:
            yield opened
