"""The `genset` command: arguments in, exit status out, and never a traceback for a known fault.

`Status` says what the statuses mean.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from typing import Final

import click

from genset import __version__
from genset.cli.lazy_group import LazyGroup, ReaderGone
from genset.cli.printing.saying import say
from genset.cli.statuses import CommandError, Status
from genset.cli.stores.database_url import without_addresses

_SECTIONS: Final = {
    "Server": {
        "serve": "Run the server.",
        "stats": "Show what a server has and does.",
        "doctor": "Check stored data, and mend it.",
        "migrate": "Move all data of a stopped server to another place.",
    },
    "Tables": {
        "tables": "List, describe, create and delete tables.",
        "apply": "Create and update tables as files define them.",
        "tail": "Follow the changes of a table's items.",
    },
    "Items": {
        "get": "Get an item.",
        "put": "Put items.",
        "update": "Change attributes of an item.",
        "delete": "Delete an item.",
        "query": "Find items by their key.",
        "scan": "Read all items.",
        "sql": "Run PartiQL: a statement, a file, or a prompt.",
    },
    "Data in and out": {
        "load": "Load items from files into a table.",
        "dump": "Write all items of a table to a file, or to the standard output.",
        "export": "Write a table to a folder, as DynamoDB exports tables to S3.",
        "import": "Move tables in from DynamoDB Local, dynalite or another DynamoDB.",
    },
    "Help": {
        "completion": "Print a shell's script that completes commands and tables.",
        "version": "Show the versions of genset and what it runs on.",
    },
}
_EPILOG: Final = """\
`genset COMMAND --help` explains a command, with examples.

Commands ask genset at http://127.0.0.1:8000, or the DynamoDB that AWS_ENDPOINT_URL,
--endpoint-url or --profile names.

\b
Exit statuses, the same for all commands:
  0    done
  1    could not be done; a line on stderr says why
  2    the command line, a setting or a file that it names is wrong; nothing was done
  3    there is no such item
  4    ended, but some lines were refused, or problems were found and are left
  130  interrupted by Ctrl-C
"""


@click.group(
    cls=LazyGroup,
    package="genset.cli.commands",
    sections=_SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
)
@click.version_option(__version__, message="genset %(version)s")
def group() -> None:
    """The DynamoDB you run yourself."""


# A disk that is full, a quota, a file that is as large as it may be, and a broken disk.
_UNWRITABLE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments`, by default the process's own; return the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _use_utf_8()
    try:
        status = group.main(given, prog_name="genset", standalone_mode=False)
        # What is buffered may be for a reader that has gone; that must not be told at exit.
        sys.stdout.flush()
    except (BrokenPipeError, ReaderGone):
        _discard_output()
        return Status.OK
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return Status.USAGE
    except click.UsageError as error:
        return _complain(_usage_message(error), Status.USAGE)
    except CommandError as error:
        return _complain(str(error), error.status)
    except UnicodeDecodeError as error:
        return _complain(f"what is read must be UTF-8: {error.reason}", Status.USAGE)
    except (KeyboardInterrupt, click.Abort):
        return _complain("interrupted", Status.INTERRUPTED)
    except Exception as error:
        message = _known_fault(error)
        if message is None:
            raise
        if isinstance(error, OSError):
            _discard_output()
        return _complain(message, Status.FAILED)
    return status or Status.OK


def _use_utf_8() -> None:
    """Read and write JSON as it has to be, whatever the locale; a terminal shows what it can."""
    for stream in (sys.stdin, sys.stdout):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        if stream.isatty():
            stream.reconfigure(errors="replace")
        else:
            stream.reconfigure(encoding="utf-8", errors="strict")


def _usage_message(error: click.UsageError) -> str:
    """What is wrong with the command line, without an address, which may hold a password."""
    message = without_addresses(error.format_message())
    path = error.ctx.command_path if error.ctx is not None else "genset"
    return f"{message.rstrip('.')}; see {path} --help"


def _known_fault(error: Exception) -> str | None:
    """The line for an error of the client of DynamoDB, or of a full disk; None for any other."""
    if isinstance(error, OSError) and error.errno in _UNWRITABLE:
        return f"cannot write {error.filename or 'the output'}: {error.strerror}"
    if not type(error).__module__.startswith("botocore."):
        return None
    from genset.cli.asking.remote import fault_message

    return fault_message(error)


def _complain(message: str, status: Status) -> int:
    say(message)
    return status


def _discard_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
