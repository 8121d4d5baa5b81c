"""`genset migrate`."""

from __future__ import annotations

import click

from genset.cli.serving.settings import SettingsError
from genset.cli.statuses import CommandError
from genset.cli.stores.database_url import check_database_url, is_database_url


def _check_place(_: click.Context, option: click.Parameter, place: str) -> str:
    flag = option.opts[0]
    if not place:
        raise SettingsError(f"{flag} must be a text that is not empty")
    if is_database_url(place):
        try:
            check_database_url(place)
        except ValueError as error:
            raise SettingsError(f"{flag} {error}") from None
    return place


@click.command()
@click.option(
    "--from",
    "source",
    metavar="WHERE",
    required=True,
    callback=_check_place,
    help="Where the data is; it stays there.",
)
@click.option(
    "--to",
    "target",
    metavar="WHERE",
    required=True,
    callback=_check_place,
    help="Where it is to be; nothing else may be there.",
)
def command(source: str, target: str) -> None:
    """Move all data of a stopped server to another place.

    WHERE is a data directory or postgresql://user@host:port/database. A migration that was
    interrupted goes on when it is given again.
    """
    from genset.cli.stores import migrate
    from genset.storage.engine import StorageError

    try:
        migrate.run(source, target)
    except StorageError as error:
        raise CommandError(str(error)) from None
    except KeyboardInterrupt:
        raise CommandError("interrupted; the same command goes on with it") from None
