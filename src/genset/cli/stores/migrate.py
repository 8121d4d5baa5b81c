"""`genset migrate`: moves all data of a stopped server to another place, and says how far it is."""

from __future__ import annotations

import asyncio
import contextlib
import math
import sys
import time
from typing import Final, Literal

from genset.cli.stores.leading import keep_lead, opened, take_lead, unless
from genset.cli.stores.store import InDirectory, Store, claimed, store_at
from genset.storage.data_directory import database_in
from genset.storage.engine import StorageError
from genset.storage.migration import Amount, Contents, migrate

_PROGRESS_S: Final = 1.0


def run(source_place: str, target_place: str) -> None:
    """Move the data between two places: data directories, or addresses of databases.

    Raises StorageError, with what stands in the way.
    """
    source, target = store_at(source_place), store_at(target_place)
    _check_places(source, target)
    _say(f"moving all data from {source} to {target}")
    with claimed(source), claimed(target):
        contents = asyncio.run(_migrate(source, target))
    print(_summary(contents, source, target), flush=True)


def _check_places(source: Store, target: Store) -> None:
    if _place(source) == _place(target):
        raise StorageError(f"--from and --to are the same place, {source}")
    # A directory that is claimed is created, which is right only for the target.
    if isinstance(source, InDirectory) and not database_in(source.path).exists():
        raise StorageError(f"there is no data of genset in {source}")


def _place(store: Store) -> str:
    return str(store.path.resolve() if isinstance(store, InDirectory) else store)


async def _migrate(source: Store, target: Store) -> Contents:
    async with opened(source) as here, opened(target) as there:
        await take_lead(here, source)
        await take_lead(there, target)
        moving = migrate(here, there, _Progress().report)
        return await unless(moving, keep_lead(here, source), keep_lead(there, target))


class _Progress:
    """Says how much has been done: at once, and then at most once a second."""

    def __init__(self) -> None:
        self._said_at = -math.inf

    def report(self, what: Literal["copied", "compared"], amount: Amount) -> None:
        """See `migration.Report`."""
        if time.monotonic() - self._said_at >= _PROGRESS_S:
            self._said_at = time.monotonic()
            sides = ", of both sides together" if what == "compared" else ""
            _say(f"{what} {_shown(amount)}{sides}")


def _summary(contents: Contents, source: Store, target: Store) -> str:
    return (
        f"{source} and {target} hold the same: {_shown(contents.amount)}; checksum of the values "
        f"{contents.values_checksum}, of the counters {contents.counters_checksum}"
    )


def _shown(amount: Amount) -> str:
    return f"{amount.values} values ({amount.value_bytes} bytes) and {amount.counters} counters"


def _say(message: str) -> None:
    # Nobody needs to read it.
    with contextlib.suppress(OSError):
        print(f"genset: {message}", file=sys.stderr, flush=True)
