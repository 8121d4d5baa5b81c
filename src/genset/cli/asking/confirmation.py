"""Asking before something is done that cannot be undone."""

from __future__ import annotations

import sys

import click

from genset.cli.statuses import CommandError, Status


def ask_to_go_on(question: str, *, yes: bool) -> None:
    """Return if `yes`, or if whoever sits at the terminal says so.

    Raises CommandError if they do not, or if nobody is there to be asked.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CommandError(f"{question} Nobody is here to be asked; give --yes", Status.USAGE)
    if not click.confirm(question, err=True):
        raise CommandError("nothing was done")
