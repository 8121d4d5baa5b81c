"""Checking a whole store.

All is read in one view, so writers may go on meanwhile. It is read in the order of keys, in
portions, and each key once; what follows from a table's items is sorted in runs of bounded size
(see `sorting`), and only tables, streams and the marks of what is under way are held as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from genset.integrity.catalog import read_catalog
from genset.integrity.findings import Findings, Report
from genset.integrity.marks import check_history, check_leaving, check_numbers, check_tokens
from genset.integrity.orphans import check_orphans
from genset.integrity.reading import Progress
from genset.integrity.scope import TableScope
from genset.integrity.streams import StreamCheck, check_writers
from genset.integrity.tables import check_table
from genset.storage.engine import Engine, Inspectable, Inspection, StorageError
from genset.storage.unfinished_migration import refuse_unfinished

Tell = Callable[[str, int], None]
"""Told what is being read, and how many keys more of it have been: maybe by another thread."""


def tell_nobody(_what: str, _count: int) -> None:
    """For who needs no progress."""


async def check(engine: Engine, tell: Tell = tell_nobody) -> Report:
    """What is wrong with the store, if anything is.

    Raises StorageError if it cannot be read to its end, or is not complete because data is still
    being moved into it.
    """
    if not isinstance(engine, Inspectable):
        raise StorageError("this kind of store cannot be read as a whole")
    await refuse_unfinished(engine)
    return await engine.inspect(partial(check_view, tell=tell))


async def check_view(view: Inspection, tell: Tell = tell_nobody) -> Report:
    """What is wrong in a view of a store."""
    findings = Findings()
    catalog = await read_catalog(view, findings)
    for number, table in sorted(catalog.tables.items()):
        if table.status != "DELETING" and number not in catalog.swept:
            progress = Progress(tell, f"table {table.name}")
            await check_table(TableScope(view, table, catalog, findings, progress))
    check_writers(catalog, findings)
    for _, stream in sorted(catalog.streams.items()):
        progress = Progress(tell, f"stream of {stream.table}")
        await StreamCheck(view, stream, findings, progress).run()
    await check_tokens(view, findings, Progress(tell, "client tokens"))
    await check_leaving(view, catalog, findings)
    await check_history(view, findings, Progress(tell, "the past"))
    orphans = await check_orphans(view, catalog, findings)
    await check_numbers(
        view,
        findings,
        table_max=max([orphans.table, *catalog.tables, *catalog.swept]),
        stream_max=max([orphans.stream, *catalog.streams]),
    )
    return findings.report()
