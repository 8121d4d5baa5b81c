"""`genset doctor`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Literal

import click

from genset.cli.serving.settings import CONFIG_FILE, read_place
from genset.cli.statuses import CommandError, Status


@click.command()
@click.option(
    "--data-dir",
    metavar="DIR",
    help="The data directory of a stopped server (default ./genset-data).",
)
@click.option(
    "--storage",
    metavar="URL",
    help="A PostgreSQL database instead: postgresql://user@host:port/database.",
)
@click.option("--repair", is_flag=True, help="Mend what can be made anew from the items.")
@click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    help="text for people, json for programs (default text).",
)
def command(
    data_dir: str | None, storage: str | None, repair: bool, output: Literal["text", "json"]
) -> int:
    """Check stored data, and mend it.

    Reads everything: the file's pages, each item, each index entry beside the item that it comes
    from, counts and sizes, streams, and queues of expiring items; and says what is wrong, where,
    how often, and what would mend it. The place is that of genset serve with the same options,
    environment and genset.toml.

    A data directory is checked while no server runs on it. A database is read in one view, and its
    servers go on; only --repair wants them stopped.

    --repair makes indexes, counters and queues anew from the items and removes what belongs to
    nothing. It says what it will do before it does it, and never changes an item.

    \b
    genset doctor                              the data in ./genset-data
    genset doctor --data-dir /srv/genset       another directory
    genset doctor --repair --output json       mend, and report in JSON

    \b
    Status 0: nothing is wrong, or no more. 4: problems are left. 1: it could not be checked.
    """
    options = {"data_dir": data_dir, "storage": storage}
    flags: dict[str, str | bool] = {n: v for n, v in options.items() if v is not None}
    settings = read_place(flags, os.environ, Path(CONFIG_FILE))
    # Imported late: a wrong option is answered without loading all of this.
    from genset.cli.stores.doctor import diagnose, printed
    from genset.cli.stores.store import InMemory, settings_store
    from genset.storage.engine import StorageError

    store = settings_store(settings)
    if isinstance(store, InMemory):
        raise CommandError("a server with --memory keeps nothing that could be checked")
    try:
        diagnosis = diagnose(store, repairs=repair)
    except (StorageError, OSError) as error:
        raise CommandError(f"cannot check the data: {error}") from None
    record = diagnosis.record()
    print(json.dumps(record, indent=2) if output == "json" else printed(diagnosis))
    return Status.OK if diagnosis.is_healthy else Status.INCOMPLETE
