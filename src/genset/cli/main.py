"""The `genset` command: settings in, exit status out, and never a traceback for a known fault.

Status 0 is an end that was asked for, 2 a wrong command line or file, 1 anything else.
"""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Sequence

from genset.cli.settings import MigrateSettings, Settings, SettingsError, settings_for


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments`, by default the process's own; return the exit status."""
    try:
        settings = settings_for(sys.argv[1:] if arguments is None else arguments)
    except SettingsError as error:
        return _complain(str(error), 2)
    if isinstance(settings, MigrateSettings):
        return _migrate(settings)
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    return _serve(settings)


def _migrate(settings: MigrateSettings) -> int:
    from genset.cli import migrate
    from genset.storage.engine import StorageError

    try:
        return migrate.run(settings)
    except StorageError as error:
        return _complain(str(error), 1)
    except KeyboardInterrupt:
        return _complain("interrupted; the same command goes on with it", 1)


def _serve(settings: Settings) -> int:
    # What is imported is no garbage: the collector has nothing to look for until all is loaded.
    gc.disable()
    # Imported late: a wrong option is answered without loading a server.
    from genset.cli import serve
    from genset.storage.engine import StorageError
    from genset.wire.credentials import CredentialsError

    try:
        return serve.run(settings)
    except CredentialsError as error:
        return _complain(str(error), 2)
    except StorageError as error:
        return _complain(str(error), 1)
    except OSError as error:
        place = f"{settings.host}:{settings.port}"
        return _complain(f"cannot listen at {place}: {error.strerror or error}", 1)
    except KeyboardInterrupt:
        return 0
    finally:
        gc.enable()


def _complain(message: str, status: int) -> int:
    print(f"genset: {' '.join(message.split())}", file=sys.stderr, flush=True)
    return status
