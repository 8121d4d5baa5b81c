"""`genset import`: what its options mean, and what is told on the way and at the end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from genset.cli.asking.remote import Remote
from genset.cli.printing.amounts import amount
from genset.cli.printing.progress import Progress, progress
from genset.cli.statuses import CommandError, Status
from genset.cli.transfers.faults import told
from genset.transfer.copying import Copied, Copier, CopyOptions, Existing, Watch
from genset.transfer.loading.rate_limit import Rate
from genset.transfer.origins.detection import origin_at
from genset.transfer.origins.live import LiveTables
from genset.transfer.origins.origin import Origin, OriginTable
from genset.transfer.records import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """The options of `genset import`, except where the tables are to be."""

    source: Path | None
    from_endpoint_url: str | None
    from_profile: str | None
    from_region: str | None
    tables: Sequence[str]
    existing: str
    segments: int
    threads: int
    rate: Rate | None
    verify: bool


def run(remote: Remote, options: ImportOptions) -> Status:
    """Copy the tables; return OK, or INCOMPLETE if an item is not there as it was."""
    copying = CopyOptions(
        existing=Existing(options.existing),
        segments=options.segments,
        threads=options.threads,
        rate=options.rate,
        verify=options.verify,
    )
    under_way: list[str] = []
    with told(lambda: _advice(under_way)), closing(_origin(remote, options)) as origin:
        names = options.tables or origin.names()
        tables = [origin.table(name) for name in names]
        with progress("", None) as bar:
            watch = _Telling(bar, copying.verify, under_way)
            copier = Copier(origin, remote.client(), copying, watch)
            copier.check(tables)
            results = [watch.told(copier.copy(table)) for table in tables]
        print(_summary(results, origin), file=sys.stderr, flush=True)
    return Status.OK if all(each.is_whole for each in results) else Status.INCOMPLETE


def _advice(under_way: Sequence[str]) -> str:
    """What to do about a table that is not whole."""
    if not under_way:
        return ""
    return f"; {under_way[0]} is not whole, and --existing merge or replace copies it again"


def _origin(remote: Remote, options: ImportOptions) -> Origin:
    asked = Remote(options.from_endpoint_url, options.from_profile, options.from_region)
    is_live = options.from_endpoint_url is not None or options.from_profile is not None
    if is_live == (options.source is not None):
        raise CommandError("give a SOURCE, or --from-endpoint-url or --from-profile", Status.USAGE)
    if options.source is not None:
        return origin_at(options.source)
    if asked.place == remote.place and asked.region == remote.region:
        raise CommandError(f"the tables of {asked.place} cannot be copied to itself", Status.USAGE)
    return LiveTables(asked.client(), asked.place)


class _Telling(Watch):
    """Tells the user of a copy."""

    def __init__(self, bar: Progress, verifies: bool, under_way: list[str]) -> None:
        self._bar = bar
        self._under_way = under_way
        self._verifies = verifies
        self._total = 0

    def table(self, table: OriginTable) -> None:
        self._name = table.description["TableName"]
        self._under_way.append(self._name)
        self._total = table.description.get("ItemCount", 0)
        self._bar.expect(self._total * (1 + self._verifies) or None)

    def copied(self, items: int) -> None:
        self._bar.show(items, f"{self._name}: {amount(items, 'item')} copied")

    def compared(self, items: int) -> None:
        self._bar.show(self._total + items, f"{self._name}: {amount(items, 'item')} compared")

    def refused(self, fault: Fault) -> None:
        self._bar.say(str(fault))

    def told(self, result: Copied) -> Copied:
        """Tell what came of a table, and give it back."""
        self._under_way.remove(result.name)
        self._bar.say(f"{result.name}: {_outcome(result)}")
        for each in () if result.skipped else result.left_out:
            self._bar.say(f"{result.name}: not copied: {each}")
        for each in result.differences.named if result.differences else ():
            self._bar.say(f"{result.name}: {each}")
        return result


def _outcome(result: Copied) -> str:
    if result.skipped:
        return "there already, and left as it is"
    parts = [f"{amount(result.copied, 'item')} copied"]
    if result.refused:
        parts.append(f"{result.refused:,} refused")
    found = result.differences
    if found is None:
        parts.append("not compared")
    elif found.count:
        parts.append(
            f"{found.missing:,} missing, {found.changed:,} changed, {found.unexpected:,} unexpected"
        )
    elif result.checksum is not None:
        parts.append(f"compared, checksum {result.checksum}")
    else:
        parts.append("compared")
    return ", ".join(parts)


def _summary(results: Sequence[Copied], origin: Origin) -> str:
    copied = [each for each in results if not each.skipped]
    items = sum(each.copied for each in copied)
    return f"copied {amount(len(copied), 'table')} with {amount(items, 'item')} from {origin.place}"
