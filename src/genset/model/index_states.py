"""The states of global secondary indexes, as times that pass.

An index created on a live table is first allocated, while its table is UPDATING, and then
backfilled; it is CREATING until both its time is over and every older item has its entry. A change
of throughput makes it UPDATING for a while. A deleted one is DELETING, as its table is UPDATING,
and then gone. Observed on the service in October 2026, where allocation takes half a minute,
backfilling ten minutes or more, and the others seconds.
"""

from __future__ import annotations

import dataclasses

from genset.model.tables import Index, Table


def new_on_live_table(index: Index, now: float, transition_s: float) -> Index:
    """The index as its creation on a live table leaves it."""
    return dataclasses.replace(
        index,
        partial=True,
        allocated_at=now + transition_s,
        built_at=now + 2 * transition_s,
    )


def is_being_created(index: Index, now: float) -> bool:
    """Whether it is CREATING, or was when it began to be updated: nobody can read it."""
    return index.partial or now < index.built_at


def is_being_allocated(index: Index, now: float) -> bool:
    """Whether it is CREATING and not yet backfilling."""
    return now < index.allocated_at


def is_being_updated(index: Index, now: float) -> bool:
    """Whether it is UPDATING."""
    return now < index.updated_at


def status(index: Index, now: float) -> str:
    """The IndexStatus of an index that is not being deleted."""
    if is_being_updated(index, now):
        return "UPDATING"
    return "CREATING" if is_being_created(index, now) else "ACTIVE"


def being_deleted(table: Table, now: float) -> tuple[Index, ...]:
    """The indexes of the table that are DELETING."""
    return tuple(index for index in table.deleting if now < index.gone_at)
