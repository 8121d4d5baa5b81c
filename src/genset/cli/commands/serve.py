"""`genset serve`."""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path
from typing import Any

import click

from genset.cli.serving.activation import ActivationError, passed_socket
from genset.cli.serving.loading import collector_at_rest
from genset.cli.serving.settings import CONFIG_FILE, Setting, Settings, all_settings, read_settings
from genset.cli.statuses import CommandError, Status


def _option(setting: Setting) -> click.Option:
    # Left out if it is not given, so that the environment and the file have their say.
    return click.Option(
        [setting.name, *setting.flags],
        is_flag=setting.is_switch,
        multiple=setting.is_list,
        default=None,
        help=setting.help,
        metavar=setting.metavar,
    )


def _where_it_listens(flags: dict[str, Any]) -> tuple[Settings, socket.socket | None]:
    """The settings; with a socket that was passed, which is at another address than theirs."""
    try:
        passed = passed_socket(os.environ)
    except ActivationError as error:
        raise CommandError(str(error)) from None
    if passed is not None:
        flags["host"], flags["port"] = passed.getsockname()[0], str(passed.getsockname()[1])
    return read_settings(flags, os.environ, Path(CONFIG_FILE)), passed


@click.command(
    params=[_option(setting) for setting in all_settings()],
    epilog="Each option may also be an environment variable (GENSET_PORT) or a line of "
    "genset.toml (port = 8000) in the working directory.",
)
def command(**given: Any) -> int:
    """Run the server.

    It serves http://127.0.0.1:8000 with its data in ./genset-data, until Ctrl-C or SIGTERM.

    \b
    genset serve --memory --port 0     a passing server, at a free port
    genset serve --workers 4           four processes on one data directory
    genset serve --schema tables.yaml  with the tables that a template defines
    """
    flags = {name: value for name, value in given.items() if value not in (None, ())}
    settings, passed = _where_it_listens(flags)
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    with collector_at_rest():
        return _serve(settings, passed)


def _serve(settings: Settings, passed: socket.socket | None) -> int:
    # Imported late: a wrong option is answered without loading a server.
    from genset.cli.serving import serve
    from genset.storage.engine import StorageError
    from genset.wire.credentials import CredentialsError

    try:
        schema = None
        if settings.schema:
            from genset.cli.serving import schema_at_start

            schema = schema_at_start.read(settings)
            if schema is None:
                return Status.USAGE
        return serve.run(settings, schema, passed)
    except CredentialsError as error:
        raise CommandError(str(error), Status.USAGE) from None
    except StorageError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        place = f"{settings.host}:{settings.port}"
        message = f"cannot listen at {place}: {error.strerror or error}"
        raise CommandError(message) from None
    except KeyboardInterrupt:
        return Status.OK
