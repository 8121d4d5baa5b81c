"""The `genset` command: arguments in, exit status out, and never a traceback for a known fault.

`Status` says what the statuses mean.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

import click

from genset import __version__
from genset.cli.database_url import without_addresses
from genset.cli.lazy_group import LazyGroup
from genset.cli.statuses import CommandError, Status

_SECTIONS: Final = {
    "Server": {
        "serve": "Run the server.",
        "migrate": "Move all data of a stopped server to another place.",
        "doctor": "Check stored data, and mend it.",
    },
}


@click.group(
    cls=LazyGroup,
    package="genset.cli.commands",
    sections=_SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`genset COMMAND --help` explains a command, with examples.",
)
@click.version_option(__version__, message="genset %(version)s")
def group() -> None:
    """The DynamoDB you run yourself."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments`, by default the process's own; return the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = group.main(given, prog_name="genset", standalone_mode=False)
        # What is buffered may be for a reader that has gone; that must not be told at exit.
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        return Status.OK
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return Status.USAGE
    except click.UsageError as error:
        return _complain(_usage_message(error), Status.USAGE)
    except CommandError as error:
        return _complain(str(error), error.status)
    except (KeyboardInterrupt, click.Abort):
        return _complain("interrupted", Status.INTERRUPTED)
    except Exception as error:
        message = _known_fault(error)
        if message is None:
            raise
        return _complain(message, Status.FAILED)
    return status or Status.OK


def _usage_message(error: click.UsageError) -> str:
    """What is wrong with the command line, without an address, which may hold a password."""
    message = without_addresses(error.format_message())
    path = error.ctx.command_path if error.ctx is not None else "genset"
    return f"{message.rstrip('.')}; see {path} --help"


def _known_fault(error: Exception) -> str | None:
    """The line for an error of the client of DynamoDB, or None for any other."""
    if not type(error).__module__.startswith("botocore."):
        return None
    from genset.cli.remote import fault_message

    return fault_message(error)


def _complain(message: str, status: Status) -> int:
    print(f"genset: {' '.join(message.split())}", file=sys.stderr, flush=True)
    return status


def _discard_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
