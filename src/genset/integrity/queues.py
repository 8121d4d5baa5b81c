"""A table's queue of expiring items: its record, and a place for each item that expires."""

from __future__ import annotations

from genset.integrity.comparison import Expected, side_by_side
from genset.integrity.derived import Derived
from genset.integrity.scope import TableScope
from genset.operations.expiry_queue import EMPTYING, FILLING, READY
from genset.storage import keyspace


async def check_queue(scope: TableScope, expected: Expected) -> None:
    """Check it all. While a queue is being emptied, it may hold anything."""
    place, queue, is_live = _place(scope), scope.queue, scope.table.ttl is not None
    if queue is None:
        if is_live:
            scope.findings.add(place, "no queue", mend=scope.refill())
    elif is_live == (queue.state == EMPTYING) or not scope.is_named(queue):
        what = "a state that is not its table's"
        scope.findings.add(place, what, queue.state, scope.refill())
    is_exact = queue is None or queue.state in (READY, FILLING)
    prefix = keyspace.expiry_prefix(scope.table.number)
    stop = keyspace.after_prefix(prefix)
    async for _, wanted, found in side_by_side(scope.view, prefix, stop, expected, scope.progress):
        what = _wrong(wanted, found) if is_exact else ""
        if what:
            scope.findings.add(place, what, mend=scope.refill())


def _place(scope: TableScope) -> str:
    return f"queue of expiring items of {scope.place}"


def _wrong(wanted: bytes | None, found: bytes | None) -> str:
    """What is wrong with a place in a queue; "" if nothing is."""
    if wanted is None:
        return "places that no item has"
    is_missing = found is None and Derived.decode(wanted).is_needed
    return "missing places" if is_missing else ""
